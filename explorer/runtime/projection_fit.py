"""One fit of a projection that takes long: how far it is, and cancelling it."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from enum import Enum
from threading import Event

import numpy as np

from explorer.core.errors import Cancelled
from explorer.core.latent.cloud import Cloud
from explorer.core.lru import LRU
from explorer.core.projections import Projection
from explorer.core.projections.layout import Computed, Layout

FITTED = 0.9  # of the progress; the rest is placing the codes that the map is not fitted to
_ROWS = 4_096  # placed between two looks at whether to go on: a quarter of a second
_QUIET = 0.1  # seconds between two reports


class FitState(Enum):
    """The state of a fit; it goes from left to right and never back."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Fit:
    """Fits a layout to a cloud, once. Read from any thread; written by the worker that runs it.

    Parameters
    ----------
    like
        The map that it should lie as: of an earlier state of the same cloud, or None.
    notify
        Called on the worker's thread when there is something new to read, at most ten times a second.

    Attributes
    ----------
    fraction
        How much of it is done, in [0, 1].
    """

    def __init__(
        self,
        layout: Layout,
        cloud: Cloud,
        like: Projection | None,
        notify: Callable[[], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.layout = layout
        self.key = key(cloud, layout)
        self.fraction = 0.0
        self._state = FitState.WAITING
        self._cloud: Cloud | None = cloud
        self._like = like
        self._notify: Callable[[], object] = notify
        self._clock = clock
        self._began = self._told = clock()
        self._cancelled = Event()

    @property
    def state(self) -> FitState:
        """The state. A cancelled fit says so at once, though its worker may have a step to end."""
        if self._cancelled.is_set() and self._state in (FitState.WAITING, FitState.RUNNING):
            return FitState.CANCELLED
        return self._state

    @property
    def active(self) -> bool:
        """True where a result may still come."""
        return self.state in (FitState.WAITING, FitState.RUNNING)

    @property
    def seconds(self) -> float:
        """For how long it has been running."""
        return self._clock() - self._began if self._state is FitState.RUNNING else 0.0

    @property
    def seconds_left(self) -> float | None:
        """The estimated seconds left, from the speed so far; None while that says little."""
        if self._state is not FitState.RUNNING or self.fraction < 0.05:
            return None
        return self.seconds * (1 - self.fraction) / self.fraction

    def cancel(self) -> None:
        """Cancel the fit. Any thread, no waiting."""
        self._cancelled.set()

    def run(self, known: LRU[Computed]) -> Computed | None:
        """Do it, or take what is known already; None when it was cancelled. On a worker, once.

        Raises
        ------
        ExplorerError
            For a cloud that the projection does not take.
        """
        cloud, self._cloud = self._cloud, None
        like, self._like = self._like, None
        assert cloud is not None
        try:
            if self._cancelled.is_set():
                raise Cancelled
            found = known.get(self.key)
            if found is None:
                self._began, self._state = self._clock(), FitState.RUNNING
                self._notify()
                found = self._fitted(cloud, like)
            if self._cancelled.is_set():
                raise Cancelled
            known.put(self.key, found)
        except Cancelled:
            self._state = FitState.CANCELLED
            return None
        except BaseException:
            self._state = FitState.FAILED
            raise
        finally:
            self._notify = _silence  # the session that asked may be gone
        self.fraction, self._state = 1.0, FitState.DONE
        return found

    def _fitted(self, cloud: Cloud, like: Projection | None) -> Computed:
        projection = self.layout.create()
        projection.fit(
            cloud.mean, progress=lambda part: self._tell(FITTED * part), stop=self._cancelled.is_set
        )
        if like is not None:
            projection.align(like)
        xy = np.empty((len(cloud), 2), dtype=np.float32)
        for start in range(0, len(cloud), _ROWS):
            if self._cancelled.is_set():
                raise Cancelled
            xy[start : start + _ROWS] = projection.forward(cloud.mean[start : start + _ROWS])
            self._tell(FITTED + (1 - FITTED) * min(1.0, (start + _ROWS) / len(cloud)))
        xy.setflags(write=False)
        return Computed(projection, cloud.stamp, xy)

    def _tell(self, fraction: float) -> None:
        self.fraction = fraction
        now = self._clock()
        if now - self._told >= _QUIET:
            self._told = now
            self._notify()


def _silence() -> None:
    """Notify no one."""


def key(cloud: Cloud, layout: Layout) -> Hashable:
    """Return what stands for a layout fitted to a cloud: equal keys, equal maps."""
    return cloud.stamp, len(cloud), layout.name, layout.knobs
