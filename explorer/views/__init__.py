"""Show a session on the screen: the only importers of panel, holoviews and bokeh."""
