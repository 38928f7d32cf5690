"""The columns of the scene on the map: those that take time are computed on a worker."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TypeVar

import numpy as np
import pandas as pd

from explorer.core.columns import columns
from explorer.core.columns.column import Column, Cost
from explorer.core.errors import BadSelection
from explorer.core.progress import Progress, Stop
from explorer.core.scene.scene import Scene
from explorer.services import Services
from explorer.session.state import State
from explorer.session.tasks import Tasks

R = TypeVar("R")

_TOLD = 0.1  # seconds, at least, between two reports of progress


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    """The columns of one request; requests differ although they name the same ones."""

    names: tuple[str, ...]


class Columns:
    """The columns of the scene on the map, by name.

    Every request names its asker: a later one of the same asker replaces the one before, and its progress is
    kept under that name.
    """

    def __init__(self, state: State, tasks: Tasks, services: Services) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self._wanted: dict[str, _Wanted] = {}
        self._progress: dict[str, str] = {}
        self._told = 0.0

    # -- what there is -----------------------------------------------------------------------------------

    def names(self) -> tuple[str, ...]:
        """Return the names of all columns; none before there is a map."""
        scene = self._state.scene
        return () if scene is None else columns.names(scene)

    def described(self) -> dict[str, Column]:
        """Return all columns by name: title, kind, unit, help and cost of each."""
        scene = self._state.scene
        return {} if scene is None else columns.columns(scene)

    def missing(self, names: Collection[str]) -> tuple[str, ...]:
        """Return the columns among these that take time and have not been computed for this scene."""
        scene = self._state.scene
        if scene is None:
            return ()
        return tuple(column.name for column in self._services.columns.missing(scene, names))

    def classes(self, name: str) -> tuple[str, ...]:
        """Return the values that a column of text or classes has; none of numbers, and without a map."""
        scene = self._state.scene
        return () if scene is None else columns.classes(scene, name)

    # -- their values ------------------------------------------------------------------------------------

    def values(
        self,
        name: str,
        then: Callable[[pd.Series], object],
        *,
        asker: str = "",
        failed: Callable[[str], object] | None = None,
    ) -> None:
        """Hand the values of a column to `then`, training split first, on the session's own thread.

        At once where the column is at hand; else when a worker has computed it. What is computed for another
        data set than the one that is on the map by then is dropped.

        Parameters
        ----------
        asker
            A name for the one who asks; the latest request under a name holds.
        failed
            Gets the sentence where the column cannot be computed; None shows it on the page.
        """
        scene = self._state.scene
        if scene is None:
            return
        if columns.find(scene, name) is not None and not self.missing((name,)):
            self.forget(asker)
            then(self._services.columns.values(scene, name))
            return

        def work(scene: Scene, stop: Stop, progress: Progress) -> pd.Series:
            return self._services.columns.values(scene, name, stop=stop, progress=progress)

        self.compute((name,), work, then, asker=asker, failed=failed)

    def compute(
        self,
        names: tuple[str, ...],
        work: Callable[[Scene, Stop, Progress], R],
        then: Callable[[R], object],
        *,
        asker: str,
        failed: Callable[[str], object] | None = None,
    ) -> None:
        """Do work that needs columns on a worker, and hand its result over; otherwise as `values`.

        Parameters
        ----------
        names
            The columns that it needs, for the worker that suits them and for what is said meanwhile.
        """
        scene = self._state.scene
        if scene is None:
            return
        wanted = self._wanted[asker] = _Wanted(names)
        missing = self._services.columns.missing(scene, names)
        self._progress[asker] = ""
        services = self._services
        slow = any(column.cost is Cost.LONG for column in missing)
        progress = partial(self._on_progress, asker, wanted, " and ".join(c.name for c in missing))
        self._tasks.send(
            services.measures if slow else services.extras,
            f"columns for {asker}",
            partial(work, scene, partial(self._is_unwanted, asker, wanted), progress),
            partial(self._on_computed, asker, wanted, scene, then),
            partial(self._on_failed, asker, wanted, failed or self._state.say),
        )

    def forget(self, asker: str) -> None:
        """Stop what an asker has asked for."""
        self._wanted.pop(asker, None)
        self._progress.pop(asker, None)

    def abandon(self) -> None:
        """Stop everything. Idempotent, any thread."""
        self._wanted = {}

    def progress(self, asker: str) -> str:
        """Return what is being computed for an asker and how far it is, or ""."""
        return self._progress.get(asker, "")

    def busy(self, asker: str) -> bool:
        """Return whether something is being computed for an asker."""
        return asker in self._wanted

    # -- the selected rows -------------------------------------------------------------------------------

    def table(self, mask: np.ndarray | None = None, also: Collection[str] = ()) -> pd.DataFrame:
        """Return the rows of a mask (None: all) with labels, columns in the table's units, codes and figures.

        Columns that take time are among them where they have been computed, or where `also` names them.

        Raises
        ------
        BadSelection
            Before anything is on the map.
        UnknownName
            For a name in `also` that no column has.
        """
        scene = self._state.scene
        if scene is None:
            raise BadSelection("nothing is on the map yet; wait until the data have been encoded.")
        everything = np.ones(len(scene.cloud), dtype=bool)
        return self._services.columns.selected(scene, everything if mask is None else mask, also)

    # -- from the workers --------------------------------------------------------------------------------

    def _is_unwanted(self, asker: str, wanted: _Wanted) -> bool:
        # A request for the same columns of a newer scene stops nothing: where maps follow one another faster
        # than a column is computed, it would never come.
        newest = self._wanted.get(asker)
        return self._services.ending.is_set() or newest is None or newest.names != wanted.names

    def _on_progress(self, asker: str, wanted: _Wanted, what: str, share: float) -> None:
        now = perf_counter()
        if what and not self._is_unwanted(asker, wanted) and now > self._told + _TOLD:
            self._told = now
            self._progress[asker] = f"computing {what}: {share:.0%}"
            self._tasks.ring()

    def _on_computed(
        self, asker: str, wanted: _Wanted, scene: Scene, then: Callable[[R], object], result: R
    ) -> None:
        now = self._state.scene
        if self._is_unwanted(asker, wanted):
            return
        if self._wanted.get(asker) is wanted:
            self.forget(asker)
        if now is not None and now.dataset is scene.dataset:
            then(result)

    def _on_failed(self, asker: str, wanted: _Wanted, failed: Callable[[str], object], sentence: str) -> None:
        if self._wanted.get(asker) is wanted:
            self.forget(asker)
            failed(sentence)
