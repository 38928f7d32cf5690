"""A component that holds others, and whose own properties change many times a second."""

from __future__ import annotations

from panel.custom import JSComponent

from explorer.views.panel_internals import MarksOwnData


class Container(MarksOwnData, JSComponent):
    """Changes as fast as a component that holds nothing."""

    __abstract = True
