"""Show decoded samples: under the cursor, along the latent axes, and pinned."""
