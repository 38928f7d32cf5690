"""Map three latent coordinates as they are seen from one side."""
