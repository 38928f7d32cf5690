"""The samples to look at: those that are selected, else those in view, in an order, a sheet at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import param
from jaxtyping import Bool, Float, Int64

from explorer.core.datasets import Dataset
from explorer.core.scene.pick import Picked, pick
from explorer.core.scene.scene import Scene
from explorer.core.scene.viewport import Viewport
from explorer.core.selection.brush import intersection
from explorer.runtime.concurrency.published import Published
from explorer.services import Services
from explorer.session.map.columns import Columns
from explorer.session.map.decoder import Decoder
from explorer.session.map.selection import SelectionTools
from explorer.session.map.view import MapView
from explorer.session.state import State
from explorer.session.tasks import Tasks

SHEET = 120
"""Samples that are sent in one message."""

ROW, DISTANCE = "row", "distance to the cursor"
"""Orders beside the columns: as in the data, and by the distance of codes to the code under the cursor."""

_ASKER = "samples"


@dataclass(frozen=True, slots=True, eq=False)
class SampleList:
    """Samples in an order.

    Attributes
    ----------
    rows
        Indices into the data set, training split first.
    values
        What they are sorted by, as texts are made of it; None in the order of the data.
    selected
        True where these are the selected samples; else they are those in view.
    counts
        For each class how many of how many are in the list; () without labels.
    """

    scene: Scene
    rows: Int64[np.ndarray, " listed"]
    values: pd.Series | None
    order: str
    selected: bool
    counts: tuple[tuple[str, int, int], ...]


class Samples(param.Parameterized):
    """Lists the samples that are looked at, anew whenever they are others, while the list is shown."""

    shown = param.Boolean(False, doc="Whether the list is on the screen; nothing is listed otherwise.")
    order = param.String(ROW, doc="The column that the samples are sorted by.")
    descending = param.Boolean(False, doc="The largest value first.")

    def __init__(
        self,
        state: State,
        tasks: Tasks,
        services: Services,
        columns: Columns,
        view: MapView,
        decoder: Decoder,
        selection: SelectionTools,
    ) -> None:
        super().__init__()
        self._state, self._tasks, self._services = state, tasks, services
        self._columns, self._view, self._decoder, self._selection = columns, view, decoder, selection
        self.listed: Published[SampleList] = Published()
        self.reconstructed: Published[Picked] = Published()
        self._asked: tuple[object, ...] = ()
        self._selected: np.ndarray | None = None  # the selection that was listed
        self._code: np.ndarray | None = None  # that distances are measured from
        self.param.watch(self._on_choice, ["shown", "order", "descending"])

    @property
    def orders(self) -> tuple[str, ...]:
        """The orders to choose from: two of its own, and each column."""
        return (ROW, DISTANCE, *self._columns.names())

    @property
    def progress(self) -> str:
        """The progress of a column that is computed for the order, or ""."""
        return self._columns.progress(_ASKER)

    def sort(self, order: str, *, descending: bool) -> None:
        """Sort by a column, or again by the distance to where the cursor is by now."""
        if order not in self.orders:
            return
        self._code = self._code_under_cursor() if order == DISTANCE else None
        if order == DISTANCE and self._code is None:
            self._state.say("Move over the map first: distances are measured from the place of the cursor.")
            return
        self._asked = ()
        self.param.update(order=order, descending=descending)
        self._tasks.ring()

    def follow(self) -> None:
        """List the samples, where they have changed. On the session's own thread."""
        state, scene = self._state, self._state.scene
        if not self.shown or scene is None:
            return
        if self.order not in self.orders or self._is_of_other_codes(scene):
            self.param.update(order=ROW, descending=False)
        selected = state.selected
        self._view.tell_moves(selected is None)
        within = self._view.viewport if selected is None and not self._view.at_home else None
        asked = (scene.key, within, state.hidden, self.order, self.descending)
        if asked == self._asked and selected is self._selected:
            return
        self._asked, self._selected = asked, selected
        # Of a selection every sample; of what is in view those that are shown.
        visible = None if selected is not None else state.visible
        build = partial(_listed, scene, selected, within, visible, self.order, self.descending)
        if self.order == ROW:
            self._build(partial(build, None))
        elif self.order == DISTANCE and self._code is not None:
            self._build(partial(_by_distance, build, scene, self._code))
        else:
            self._columns.values(self.order, lambda found: self._build(partial(build, found)), asker=_ASKER)

    def reconstruct(self, index: int) -> None:
        """Reconstruct a sample of the list, for `reconstructed`."""
        scene = self._state.scene
        if scene is not None and 0 <= index < len(scene.cloud):
            done = self._on_reconstructed
            self._tasks.send(self._services.frames, "reconstructed", partial(pick, scene, index), done)

    def pick(self, index: int) -> None:
        """Mark a sample of the list on the map, and show it beside."""
        scene = self._state.scene
        if scene is not None and 0 <= index < len(scene.cloud):
            self._decoder.pick_index(index)

    def remove(self, index: int) -> None:
        """Take a sample out of the selection; `Undo` brings it back."""
        self._selection.remove(index)

    def _build(self, work: Callable[[], SampleList]) -> None:
        self._tasks.send(self._services.extras, "samples", work, self._on_listed)

    def _on_listed(self, found: SampleList) -> None:
        scene = self._state.scene
        if scene is not None and found.scene.dataset is scene.dataset:
            self.listed.post(found)

    def _on_reconstructed(self, found: Picked) -> None:
        self.reconstructed.post(found)

    def _on_choice(self, *_: object) -> None:
        self._view.tell_moves(self.shown and self._state.selected is None)
        self._tasks.ring()

    def _is_of_other_codes(self, scene: Scene) -> bool:
        """Tell whether distances are asked for from a code that this scene's model does not have."""
        code = self._code
        return self.order == DISTANCE and (code is None or len(code) != scene.cloud.latent)

    def _code_under_cursor(self) -> np.ndarray | None:
        cursor = self._state.cursor
        return None if cursor is None else self._decoder.code_at((float(cursor[0]), float(cursor[1])))


def _by_distance(
    build: Callable[[pd.Series], SampleList], scene: Scene, code: Float[np.ndarray, " latent"]
) -> SampleList:
    return build(pd.Series(np.linalg.norm(scene.cloud.mean - code, axis=1)))


def _listed(
    scene: Scene,
    selected: Bool[np.ndarray, " n"] | None,
    within: Viewport | None,
    visible: Bool[np.ndarray, " n"] | None,
    order: str,
    descending: bool,
    values: pd.Series | None,
) -> SampleList:
    mask = selected
    if mask is None:
        mask = visible if within is None else intersection(_in_view(scene, within), visible)
    rows = np.arange(len(scene.cloud)) if mask is None else np.flatnonzero(mask)
    if values is not None:
        values = values.reset_index(drop=True)
        # Missing values last, equal ones in the order of the data, whatever the direction.
        values = values.iloc[rows].sort_values(ascending=not descending, kind="stable", na_position="last")
        rows = values.index.to_numpy()
    elif descending:
        rows = rows[::-1]
    return SampleList(scene, rows, values, order, selected is not None, _counts(scene.dataset, rows))


def _in_view(scene: Scene, view: Viewport) -> Bool[np.ndarray, " n"]:
    x, y = scene.places[:, 0], scene.places[:, 1]
    inside: np.ndarray = (x >= view.x0) & (x <= view.x1) & (y >= view.y0) & (y <= view.y1)
    return inside


def _counts(dataset: Dataset, rows: Int64[np.ndarray, " listed"]) -> tuple[tuple[str, int, int], ...]:
    if dataset.y is None:
        return ()
    every = np.bincount(dataset.y, minlength=len(dataset.classes))
    listed = np.bincount(dataset.y[rows], minlength=len(dataset.classes))
    return tuple((name, int(n), int(of)) for name, n, of in zip(dataset.classes, listed, every, strict=True))
