"""Compare two states of a model on one plane."""
