"""What the command does in a terminal alone: training, and looking after the runs."""
