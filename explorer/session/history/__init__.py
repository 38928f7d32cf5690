"""Find, open, replay and film the runs that are kept."""
