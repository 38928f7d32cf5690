"""Encode a data set, and describe its latent codes: neighbours, support, axes."""
