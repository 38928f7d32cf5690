"""Columns: a class, a number or a text for each sample of a scene."""
