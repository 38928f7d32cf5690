"""A component that holds others, and whose own properties change many times a second."""

from __future__ import annotations

from panel.custom import JSComponent

from explorer.views.panel_internals import MarksOwnData


class Container(MarksOwnData, JSComponent):
    """A container whose own properties change as fast as those of a component without children."""

    __abstract = True
