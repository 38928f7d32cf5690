"""Compose the page: its frame, its tick, and the tab that it is shown in."""
