"""Map latent codes so that neighbours stay neighbours: t-SNE and UMAP."""
