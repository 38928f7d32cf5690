"""Settings of a model family and of a training, as parameters."""
