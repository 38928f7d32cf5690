"""Watching a training: what happens in it, what its axes say, and what it forgets."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import param

from explorer.core.diagnostics.forgetting import Baseline, Forgetting, baseline, since
from explorer.core.errors import Cancelled
from explorer.core.latent.activity import activity
from explorer.core.progress import pause_after
from explorer.runtime.run import Run, Snapshot
from explorer.session.training.report import Watched
from models import Autoencoder

if TYPE_CHECKING:
    from explorer.session.session import Session

SHARE = 0.01
"""Of the time, that each of the two figures may take while a training goes on."""


class Watching(param.Parameterized):
    """Follows the run that the session tells of, while somebody looks.

    Reports are read as they come. What costs more is measured on a worker of its own, of the newest
    snapshot, and not before `SHARE` allows it; of the last one always.

    Parameters
    ----------
    clock
        Seconds; for tests.
    """

    shown = param.Boolean(False, doc="Whether somebody looks; nothing is measured for nobody.")

    def __init__(self, session: Session, clock: Callable[[], float] = time.perf_counter) -> None:
        super().__init__()
        self._session = session
        self._runs: WeakKeyDictionary[Run, Watched] = WeakKeyDictionary()
        self._axes = _Measuring(session, "axes of the run", clock)
        self._errors = _Measuring(session, "forgetting", clock)
        session.training.param.watch(self._begun, "run")
        self.param.watch(self._look, "shown")

    def of(self, run: Run) -> Watched:
        """What is known of a run."""
        if run not in self._runs:
            self._runs[run] = Watched(run)
        return self._runs[run]

    def follow(self) -> None:
        """Take in what is new of the run, and have measured what may be. On the session's own thread."""
        run = self._session.training.current
        if not self.shown or run is None:
            return
        watched = self.of(run)
        watched.read(run)
        snapshot = run.snapshot.read()[1]
        if snapshot is None:
            return
        self._axes.measure(run, snapshot, partial(activity, snapshot.cloud, snapshot.model), watched.learn)
        if forgets(run) and not watched.trouble:
            work = partial(_errors, run, watched.before, watched.baseline, snapshot)
            told, refused = partial(_told, watched), partial(_refused, watched)
            passes = 2 if watched.baseline is None else 1
            self._errors.measure(run, snapshot, work, told, refused, passes=passes)

    def _look(self, _: Any) -> None:
        self._session.errands.ring()

    def _begun(self, event: Any) -> None:
        run, scene = event.new, self._session.scene
        if run is not None and run not in self._runs:
            same = scene is not None and scene.dataset is run.job.dataset
            self._runs[run] = Watched(run, scene.model if same else None)


def forgets(run: Run) -> bool:
    """Whether a run is on a selection, so that there are samples to forget."""
    return run.job.indices is not None


def trained_on(run: Run) -> np.ndarray:
    """Which samples of both splits a run is trained on."""
    dataset, rows = run.job.dataset, run.job.indices
    mask = np.zeros(len(dataset), dtype=bool)
    mask[: len(dataset.train)] = rows is None
    if rows is not None:
        mask[rows] = True
    return mask


class _Measuring:
    """One figure of the newest snapshot: one at a time, as often as it stays a small share of the time."""

    def __init__(self, session: Session, name: str, clock: Callable[[], float]) -> None:
        self._session, self._name, self._clock = session, name, clock
        self._under_way = False
        self._last: tuple[int, int] | None = None
        self._ended, self._cost = -math.inf, 0.0

    def measure(
        self,
        run: Run,
        snapshot: Snapshot,
        work: Callable[[], Any],
        done: Callable[[Snapshot, Any], object],
        failed: Callable[[str], object] = lambda sentence: None,
        *,
        passes: int = 1,
    ) -> None:
        """Have a snapshot measured, unless it has been, another one is being, or it is too early.

        Parameters
        ----------
        passes
            How many times as much work it is as it will be the next time.
        """
        early = self._clock() - self._ended < pause_after(self._cost, SHARE)
        which = (run.token, snapshot.version)
        if self._under_way or which == self._last or (early and not run.state.over):
            return
        self._under_way, self._last = True, which
        errands, worker = self._session.errands, self._session.services.watching
        errands.send(
            worker,
            self._name,
            partial(_timed, work, self._clock),
            partial(self._took, partial(done, snapshot), passes),
            partial(self._failed, failed),
        )

    def _took(self, done: Callable[[Any], object], passes: int, result: tuple[Any, float]) -> None:
        value, cost = result
        self._cost = cost / passes
        self._over()
        done(value)

    def _failed(self, failed: Callable[[str], object], sentence: str) -> None:
        self._over()
        failed(sentence)

    def _over(self) -> None:
        # A newer snapshot may be waiting: the session's pull, in which this is, comes to `follow` next.
        self._under_way, self._ended = False, self._clock()


def _timed(work: Callable[[], Any], clock: Callable[[], float]) -> tuple[Any, float]:
    began = clock()
    return work(), clock() - began


def _errors(
    run: Run, before: Autoencoder, known: Baseline | None, snapshot: Snapshot
) -> tuple[Baseline, Forgetting] | None:
    dataset, stop = run.job.dataset, partial(getattr, run, "abandoned")
    try:
        then = known or baseline(before, dataset, trained_on(run), stop=stop)
        return then, since(then, snapshot.model, dataset, stop=stop)
    except Cancelled:
        return None  # nobody is left to see it


def _told(watched: Watched, snapshot: Snapshot, found: tuple[Baseline, Forgetting] | None) -> None:
    if found is not None:
        watched.compare(snapshot, *found)


def _refused(watched: Watched, sentence: str) -> None:
    watched.trouble = sentence
