"""Carry results between threads: published values, workers, wake-ups, and recent values."""
