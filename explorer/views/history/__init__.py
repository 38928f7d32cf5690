"""Show the runs that are kept, and the epochs of the run on the map."""
