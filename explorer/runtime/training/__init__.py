"""Train in a thread: the slot of a device, the loop of one training, and training without a screen."""
