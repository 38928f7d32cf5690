"""A section that is closed until it is asked for, and is made then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import panel as pn
import param
from panel.custom import Child

from explorer.views.components.assets import script, styles
from explorer.views.components.container import Container


class Disclosure(Container):
    """A section for what is rarely needed, which opens on a click or by key.

    What is in it is made when it is opened first: a page comes up, and answers, the faster the less is
    on it.

    Parameters
    ----------
    make
        Returns what is in it.
    """

    title = param.String("", doc="What is in it.")
    open = param.Boolean(False, doc="True while it is open.")
    content = Child()

    _esm = script("components/disclosure")
    _stylesheets = styles("components/disclosure")

    def __init__(self, title: str, make: Callable[[], Sequence[pn.viewable.Viewable]], **params: Any) -> None:
        self._make = make
        self._column = pn.Column(sizing_mode="stretch_width", margin=0)
        look = {"sizing_mode": "stretch_width", "margin": (0, 6)}
        super().__init__(title=title, content=self._column, **(look | params))

    @param.depends("open", watch=True)
    def _fill(self) -> None:
        if self.open and not self._column.objects:
            self._column.objects = list(self._make())
