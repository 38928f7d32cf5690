"""Lay out a scene, and decode the places of its plane."""
