"""The frame of the tab Train: the charts to choose from, a sentence on them, and the events."""

from __future__ import annotations

import param
from panel.custom import Child

from explorer.views.components.assets import script, styles
from explorer.views.components.container import Container


class Studio(Container):
    """Lays out a choice of charts beside the list of events; one column on a narrow screen."""

    curves = Child()
    plane = Child()
    axes = Child()
    forgetting = Child()
    choices = param.List([], doc="Name and title of each group of charts.")
    chosen = param.String("curves", doc="Name of the group that is shown.")
    note = param.String("", doc="A sentence on the charts, or why there is nothing to see.")
    table = param.Dict({}, doc="Caption, head and rows of the figures beside the forgetting.")
    key = param.List([], doc="Of each curve the name, the colour, the marker and the dash.")
    colours = param.Dict({}, doc="The colours by name.")
    others = param.List([], doc="Id and name of each stored run whose curves can be drawn beside.")
    beside = param.String("", doc="Id of the run that is drawn beside; empty for none.")
    empty = param.Boolean(False, doc="True where there is nothing to draw.")
    happened = param.List([], doc="Events of the run, in order: a sentence, and the label of its remedy.")
    token = param.Integer(0, doc="Tells the run that is watched from others.")
    pace = param.String("", doc="Speed of the run and time left.")

    _esm = script("training/metrics/studio")
    _stylesheets = styles("training/metrics/studio")
