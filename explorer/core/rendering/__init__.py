"""Render a scene to pixels."""
