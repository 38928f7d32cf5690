"""What is on the screen: the only importers of panel, holoviews and bokeh."""
