"""Select samples: by box, lasso, class, chance and expression."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from itertools import count

import numpy as np
import pandas as pd
import param

from explorer.core.errors import SHOWN
from explorer.core.projections import SphereMap
from explorer.core.scene.scene import Scene
from explorer.core.selection import brush
from explorer.core.selection.selection import HOW, Selection
from explorer.services import Services
from explorer.session.map.columns import Columns
from explorer.session.map.expression import Expression
from explorer.session.state import State
from explorer.session.tasks import Tasks


class SelectionTools(param.Parameterized):
    """The ways to select; each joins the present selection as `how` says.

    Attributes
    ----------
    expression
        The field for an expression: what is typed in it, and what is said of it.
    """

    how: param.Selector[str] = param.Selector(
        default="replace", objects=list(HOW), doc="How a new selection joins the present one."
    )

    def __init__(self, state: State, tasks: Tasks, services: Services, columns: Columns) -> None:
        super().__init__()
        self._state, self._tasks, self._services = state, tasks, services
        self._columns = columns
        self.expression = Expression(state, tasks, services, columns, self.add)
        self._strokes = count()
        self._stroke: _Stroke | None = None  # that is being drawn
        self._brushed = 0  # shapes whose samples are still looked for

    @property
    def drawing(self) -> bool:
        """True from the beginning of a shape until what lies inside it is selected."""
        return (self._stroke is not None and not self._stroke.cancelled) or self._brushed > 0

    def draw(self, shape: brush.Box | brush.Lasso, number: int) -> None:
        """Select what lies inside a shape while it is drawn; `brush` ends it, `cancel_stroke` takes it back.

        Parameters
        ----------
        number
            Tells the strokes of a page apart.
        """
        scene, stroke = self._state.scene, self._stroke
        if scene is None:
            return
        if stroke is None or stroke.number != number:
            stroke = self._stroke = _Stroke(number, self._state.selection)
        if not stroke.cancelled:
            work, done = partial(_inside, shape, scene), partial(self._on_drawn, scene, stroke)
            self._tasks.send(self._services.extras, "stroke", work, done)

    def cancel_stroke(self) -> None:
        """Give up the shape that is being drawn; what was selected before is selected again."""
        stroke = self._stroke
        if stroke is not None and not stroke.cancelled:
            stroke.cancelled = True
            self._state.select(stroke.before)

    def brush(self, shape: brush.Box | brush.Lasso) -> None:
        """Select the visible samples that lie inside a drawn shape, whatever the zoom."""
        scene, stroke = self._state.scene, self._stroke
        self._stroke = None
        if scene is None or (stroke is not None and stroke.cancelled):
            return
        # A name of its own for each stroke: the next one must not replace it.
        name, work = f"brush {next(self._strokes)}", partial(_inside, shape, scene)
        before = None if stroke is None else stroke.before
        self._brushed += 1
        done = partial(self._on_brush_over, scene, before)
        self._tasks.send(self._services.extras, name, work, done, self._on_brush_failed)

    def add(self, mask: np.ndarray) -> None:
        """Join a mask over the Dataset to the selection, in the way that `how` says."""
        self._state.select(self._state.selection.joined(mask, self.how))

    def remove(self, index: int) -> None:
        """Take one sample out of the selection."""
        mask = self._state.selected
        if mask is not None and 0 <= index < len(mask) and mask[index]:
            one = np.zeros(len(mask), dtype=bool)
            one[index] = True
            self._state.select(self._state.selection.joined(one, "remove"))

    def where(self, text: str) -> None:
        """Select the samples for which an expression over the columns holds; see `Expression.select`."""
        self.expression.select(text)

    def random(self, n: int, seed: int = 0) -> None:
        """Select `n` samples at random, without replacement."""
        if self._state.scene is not None:
            try:
                self.add(brush.random(len(self._state.scene.cloud), n, seed))
            except SHOWN as error:
                self._state.say(str(error))

    def invert(self) -> None:
        """Select the samples that are not selected."""
        if self._state.scene is not None:
            self._state.select(self._state.selection.inverted(len(self._state.scene.cloud)))

    def clear(self) -> None:
        """Select nothing."""
        self._state.select(self._state.selection.cleared())

    def table(self, mask: np.ndarray | None = None, also: Collection[str] = ()) -> pd.DataFrame:
        """Return the rows of a mask (None: all) as a table; see `Columns.table`."""
        return self._columns.table(mask, also)

    def _on_drawn(self, scene: Scene, stroke: _Stroke, mask: np.ndarray) -> None:
        if stroke is self._stroke and not stroke.cancelled:
            self._on_brushed(scene, stroke.before, mask)

    def _on_brush_over(self, scene: Scene, before: Selection | None, mask: np.ndarray) -> None:
        self._brushed -= 1
        self._on_brushed(scene, before, mask)

    def _on_brush_failed(self, sentence: str) -> None:
        self._brushed -= 1
        self._state.say(sentence)

    def _on_brushed(self, scene: Scene, before: Selection | None, mask: np.ndarray) -> None:
        now = self._state.scene
        if now is not None and scene.dataset is now.dataset:
            visible = self._state.visible
            inside = mask if visible is None else mask & visible
            self._state.select((before or self._state.selection).joined(inside, self.how))


@dataclass(slots=True, eq=False)
class _Stroke:
    """A shape that is being drawn, and what was selected before: of all its changes one is to be undone."""

    number: int
    before: Selection
    cancelled: bool = False


def _inside(shape: brush.Box | brush.Lasso, scene: Scene) -> np.ndarray:
    inside = shape.mask(scene.places)
    if isinstance(scene.projection, SphereMap):
        # What lies behind the globe is not what the hand went around.
        inside &= scene.projection.visible(scene.cloud.mean)
    return inside
