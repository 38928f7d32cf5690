"""The brushes on the map, by hand and by key."""
