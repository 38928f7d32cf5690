"""Choose a model, train it, and follow the training."""
