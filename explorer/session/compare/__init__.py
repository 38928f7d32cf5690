"""Compare two states of a model."""
