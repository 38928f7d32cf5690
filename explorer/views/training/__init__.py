"""Choose a model, train it, and watch the training."""
