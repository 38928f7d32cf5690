"""Measure how well codes or a map keep the order of the data."""
