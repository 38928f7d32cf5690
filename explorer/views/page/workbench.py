"""The frame of the page: the places of its parts, and the drawer of tabs."""

from __future__ import annotations

import param
from panel.custom import Child

from explorer.views.components.assets import script, styles
from explorer.views.components.container import Container


class Workbench(Container):
    """Lays out map, sample and a drawer of tabs; one column on a narrow screen."""

    map = Child()
    channel = Child()
    legend = Child()
    side = Child()
    time = Child()
    samples = Child()
    train = Child()
    compare = Child()
    axes = Child()
    traversals = Child()
    pinned = Child()
    history = Child()
    tabs = param.List(
        [
            ("samples", "Samples"),
            ("train", "Train"),
            ("compare", "Compare"),
            ("axes", "Axes"),
            ("traversals", "Traversals"),
            ("pinned", "Pinned"),
            ("history", "History"),
        ],
        doc="The tabs of the drawer: the name of the child that is shown, and what the tab is called.",
    )
    tab = param.String("train", doc="Name of the tab that is chosen.")
    counts = param.Dict({}, doc="For some tabs, how many there are of what is on it.")
    open = param.Boolean(False, doc="True while the drawer is open.")
    narrow = param.Boolean(False, doc="Whether the page has one column, with the drawer as a sheet over it.")
    visit = param.String("", doc="Report of the tab: ``tab:`` and the token that it was given last.")
    token = param.String("", doc="The token that the tab keeps for its next page.")
    cookie = param.String("", doc="What the browser keeps in a cookie, so that its next page is known again.")
    untrained = param.Dict(
        {}, doc="Said on the map of a model that nothing has trained: `plan`, and whether there are `runs`."
    )
    notice = param.Dict(
        {}, doc="What is said for a moment: `text`; `times` counts up, so that it is said again."
    )
    error = param.String("", doc="The sentence in the banner; empty hides it.")

    _esm = script("page/workbench")
    _stylesheets = styles("page/workbench")
