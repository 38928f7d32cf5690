"""Map three latent coordinates as seen from one side."""
