"""Replay a kept run: its epochs on one map, and films of it."""
