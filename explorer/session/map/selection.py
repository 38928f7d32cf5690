"""What a session has selected, and the ways to select."""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import param

from explorer.core.errors import SHOWN, BadSelection
from explorer.core.projections import SphereMap
from explorer.core.scene.scene import Scene
from explorer.core.selection import brush, expression
from explorer.core.selection.export import selected_frame
from explorer.core.selection.selection import HOW, Selection

if TYPE_CHECKING:
    from explorer.session.session import Session


class Selecting(param.Parameterized):
    """Box, lasso, class, chance and expression; each joins what is selected in the way `how` says."""

    how = param.Selector(
        default="replace", objects=list(HOW), doc="How a new selection joins the present one."
    )
    current = param.ClassSelector(default=Selection(), class_=Selection, doc="Which samples are selected.")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._strokes = count()

    @property
    def mask(self) -> np.ndarray | None:
        """The selection over the Dataset, training split first; None selects nothing."""
        return self.current.mask

    def brush(self, shape: brush.Box | brush.Lasso) -> None:
        """Select the visible samples that lie inside a drawn shape, whatever the zoom."""
        session = self._session
        if session.scene is not None:
            # A name of its own for each stroke: the next one must not replace it.
            name, work = f"brush {next(self._strokes)}", partial(_inside, shape, session.scene)
            session.errands.send(session.services.extras, name, work, partial(self._brushed, session.scene))

    def add(self, mask: np.ndarray) -> None:
        """Join a mask over the Dataset to the selection, in the way that `how` says."""
        self.current = self.current.joined(mask, self.how)

    def where(self, text: str) -> None:
        """Select the samples for which an expression over the columns of `table` holds."""
        if self._session.scene is not None:
            try:
                self.add(expression.mask(text, self.table()))
            except SHOWN as error:
                self._session.error = str(error)

    def random(self, n: int, seed: int = 0) -> None:
        """Select `n` samples at random, without replacement."""
        if self._session.scene is not None:
            try:
                self.add(brush.random(len(self._session.scene.cloud), n, seed))
            except SHOWN as error:
                self._session.error = str(error)

    def invert(self) -> None:
        """Select the samples that are not selected."""
        if self._session.scene is not None:
            self.current = self.current.inverted(len(self._session.scene.cloud))

    def clear(self) -> None:
        """Select nothing."""
        self.current = self.current.cleared()

    def undo(self) -> None:
        """Take back the last change."""
        self.current = self.current.undone()

    def table(self, mask: np.ndarray | None = None) -> pd.DataFrame:
        """Return the rows of a mask (None: all) with labels, columns in the table's units, and codes.

        Raises
        ------
        BadSelection
            Before anything is on the map.
        """
        scene = self._session.scene
        if scene is None:
            raise BadSelection("nothing is on the map yet; wait until the data have been encoded.")
        everything = np.ones(len(scene.cloud), dtype=bool)
        return selected_frame(scene.dataset, scene.cloud, everything if mask is None else mask)

    def _brushed(self, scene: Scene, mask: np.ndarray) -> None:
        now = self._session.scene
        if now is not None and scene.dataset is now.dataset:
            visible = self._session.visible
            self.add(mask if visible is None else mask & visible)


def _inside(shape: brush.Box | brush.Lasso, scene: Scene) -> np.ndarray:
    inside = shape.mask(scene.places)
    if isinstance(scene.projection, SphereMap):
        # What lies behind the globe is not what the hand went around.
        inside &= scene.projection.visible(scene.cloud.mean)
    return inside
