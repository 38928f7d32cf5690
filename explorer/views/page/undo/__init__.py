"""Undo and redo on the page: keys, buttons, and what was done."""
