"""Show the map, and control how it is laid out, coloured, turned and selected from."""
