"""Compare two states of a model on linked maps."""
