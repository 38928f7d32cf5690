"""Select samples by a range of the colour scale."""

from __future__ import annotations

from collections import deque
from functools import partial

import numpy as np

from explorer.core.rendering.colouring import Colouring
from explorer.core.rendering.distribution import Distribution, between
from explorer.services import Services
from explorer.session.map.selection import SelectionTools
from explorer.session.state import State
from explorer.session.tasks import Tasks

_LATELY = 3  # distributions that a range can still be selected on


class ColourRange:
    """The distribution of what the map is coloured by, and the selections that ranges of it are.

    Attributes
    ----------
    distribution
        Counted once for each colouring, on a worker; None until then, and where classes are shown.
    number
        Tells the distributions of a session apart.
    """

    def __init__(self, state: State, tasks: Tasks, services: Services, selection: SelectionTools) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self._selection = selection
        self._coloured: Colouring | None = None
        self.distribution: Distribution | None = None
        self.number = 0
        # A training brings new colours while a range is dragged over the ones before.
        self._lately: deque[tuple[int, Distribution, np.ndarray]] = deque(maxlen=_LATELY)
        state.param.watch(self._on_coloured, "colouring")

    def select_cells(self, start: int, stop: int, number: int | None = None) -> None:
        """Select the samples in the cells of the scale from `start` up to `stop`, that one left out.

        Parameters
        ----------
        number
            The distribution that the range was drawn on, one of the last few; None is the newest.
        """
        drawn_on = [kept for kept in self._lately if kept[0] == number] or list(self._lately)[-1:]
        if self._values() is not None:
            for _, distribution, values in drawn_on:
                self._selection.add(distribution.mask(values, *sorted((int(start), int(stop)))))

    def select_between(self, low: float, high: float) -> None:
        """Select the samples whose value lies between two numbers, ends included."""
        values = self._values()
        if values is not None:
            self._selection.add(between(values, *sorted((low, high))))

    def _values(self) -> np.ndarray | None:
        """Return the values on the map; None where classes are shown."""
        colouring = self._state.colouring
        scene = self._state.scene
        if colouring is None or scene is None or colouring.values is None:
            return None
        return colouring.values if len(colouring.values) == len(scene.cloud) else None

    def _on_coloured(self, *_: object) -> None:
        colouring = self._state.colouring
        former = self._coloured
        if colouring is former:
            return
        self._coloured = colouring
        if colouring is None or former is None or colouring.title != former.title:
            self._lately.clear()
            self.distribution = None
        if colouring is not None and colouring.values is not None:
            self._tasks.send(
                self._services.extras,
                "distribution",
                partial(Distribution.of, colouring.values),
                partial(self._on_distributed, colouring),
            )

    def _on_distributed(self, colouring: Colouring, distribution: Distribution) -> None:
        if colouring is self._coloured and colouring.values is not None:
            if self._lately and len(self._lately[-1][2]) != len(colouring.values):
                self._lately.clear()  # of another data set
            self.number += 1
            self.distribution = distribution
            self._lately.append((self.number, distribution, colouring.values))
