"""Parts of views: widgets, binary channel, containers, scripts, scheduling."""
