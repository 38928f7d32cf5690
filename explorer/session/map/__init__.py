"""Lay out the map, view it, turn it, select and pin on it."""
