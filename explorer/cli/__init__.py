"""The command line: training in a terminal, and looking after the runs."""
