"""Read data sets: one module for each named set and each kind of file."""
