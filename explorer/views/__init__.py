"""What is on the screen: the only importers of panel, holoviews and bokeh."""

from explorer.views.panel_internals import deliver_all, deliver_at_once

deliver_all()
deliver_at_once()
