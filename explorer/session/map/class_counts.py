"""The number of selected samples in each class of the legend."""

from __future__ import annotations

from functools import partial

import numpy as np
from jaxtyping import Bool, Int64

from explorer.core.rendering.colouring import Colouring
from explorer.services import Services
from explorer.session.state import State
from explorer.session.tasks import Tasks


class ClassCounts:
    """Counts the selected samples of each class of the legend, on a worker, when either changes.

    Attributes
    ----------
    selected
        For each class of the colouring on the map; () while nothing is selected, or it is not known yet.
    """

    def __init__(self, state: State, tasks: Tasks, services: Services) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self.selected: tuple[int, ...] = ()
        state.param.watch(self._on_change, ["selection", "colouring"])

    def _on_change(self, *_: object) -> None:
        colouring, mask = self._state.colouring, self._state.selected
        labels = None if colouring is None else colouring.labels
        if colouring is None or labels is None or mask is None or len(mask) != len(labels):
            self.selected = ()
            return
        if len(self.selected) != len(colouring.classes):
            self.selected = ()  # of other classes; else the former counts stay until the new ones come
        work = partial(_counted, labels, mask, len(colouring.classes))
        self._tasks.send(
            self._services.extras, "class counts", work, partial(self._on_counted, colouring, mask)
        )

    def _on_counted(self, colouring: Colouring, mask: np.ndarray, counts: tuple[int, ...]) -> None:
        if colouring is self._state.colouring and mask is self._state.selected:
            self.selected = counts


def _counted(labels: Int64[np.ndarray, " n"], mask: Bool[np.ndarray, " n"], classes: int) -> tuple[int, ...]:
    return tuple(int(n) for n in np.bincount(labels[mask], minlength=classes))
