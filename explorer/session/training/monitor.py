"""Monitor a training: its events, what its axes say, and what it forgets."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import param

from explorer.core.diagnostics.forgetting import Baseline, Forgetting, baseline, since
from explorer.core.errors import Cancelled
from explorer.core.latent.activity import activity
from explorer.core.progress import pause_after
from explorer.runtime.concurrency.worker import Newest, Task
from explorer.runtime.run import Run, Snapshot
from explorer.services import Services
from explorer.session.state import State
from explorer.session.tasks import Tasks
from explorer.session.training.report import RunReport
from models import Autoencoder

SHARE = 0.01
"""Of the time, that each of the two figures may take while a training goes on."""


class Monitor(param.Parameterized):
    """Reads a run's reports and measures its snapshots, while it is shown.

    Reports are read as they come. What costs more is measured on a worker of its own, of the newest
    snapshot, and not before `SHARE` allows it; of the last one always.

    Parameters
    ----------
    clock
        Seconds; for tests.
    """

    shown = param.Boolean(False, doc="Whether it is shown; nothing is measured otherwise.")

    def __init__(
        self,
        state: State,
        tasks: Tasks,
        services: Services,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__()
        self._state, self._tasks = state, tasks
        self._runs: WeakKeyDictionary[Run, RunReport] = WeakKeyDictionary()
        self._axes = Figure(tasks, services.watching, "axes of the run", clock)
        self._errors = Figure(tasks, services.watching, "forgetting", clock)
        state.param.watch(self._on_run, "run")
        self.param.watch(self._look, "shown")

    def of(self, run: Run) -> RunReport:
        """Return the report of a run."""
        if run not in self._runs:
            self._runs[run] = RunReport(run)
        return self._runs[run]

    def follow(self, run: Run | None) -> None:
        """Read what is new of a run, and measure what is due. On the session's own thread."""
        if not self.shown or run is None:
            return
        report = self.of(run)
        report.read(run)
        snapshot = run.snapshot.read()[1]
        if snapshot is None:
            return
        self._axes.measure(run, snapshot, partial(activity, snapshot.cloud, snapshot.model), report.learn)
        if forgets(run) and not report.trouble:
            work = partial(_errors, run, report.before, report.baseline, snapshot)
            told, refused = partial(_add_errors, report), partial(_add_trouble, report)
            passes = 2 if report.baseline is None else 1
            self._errors.measure(run, snapshot, work, told, refused, passes=passes)

    def _look(self, _: Any) -> None:
        self._tasks.ring()

    def _on_run(self, event: Any) -> None:
        run, scene = event.new, self._state.scene
        if run is not None and run not in self._runs:
            before = scene.model if scene is not None and scene.dataset is run.job.dataset else None
            self._runs[run] = RunReport(run, before)


def forgets(run: Run) -> bool:
    """Tell whether a run is on a selection, so that there are samples to forget."""
    return run.job.indices is not None


def trained_on(run: Run) -> np.ndarray:
    """Return the samples of both splits that a run is trained on, as a mask."""
    dataset, rows = run.job.dataset, run.job.indices
    mask = np.zeros(len(dataset), dtype=bool)
    mask[: len(dataset.train)] = rows is None
    if rows is not None:
        mask[rows] = True
    return mask


class Figure:
    """One figure of the newest snapshot: one at a time, as often as it stays a small share of the time."""

    def __init__(self, tasks: Tasks, worker: Newest[Task], name: str, clock: Callable[[], float]) -> None:
        self._tasks, self._worker, self._name, self._clock = tasks, worker, name, clock
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
        """Measure a snapshot, unless it has been, another one is being, or it is too early.

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
        self._tasks.send(
            self._worker,
            self._name,
            partial(_timed, work, self._clock),
            partial(self._on_measured, partial(done, snapshot), passes),
            partial(self._on_failed, failed),
        )

    def _on_measured(self, done: Callable[[Any], object], passes: int, result: tuple[Any, float]) -> None:
        value, cost = result
        self._cost = cost / passes
        self._over()
        done(value)

    def _on_failed(self, failed: Callable[[str], object], sentence: str) -> None:
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
        return None  # the run was abandoned


def _add_errors(report: RunReport, snapshot: Snapshot, found: tuple[Baseline, Forgetting] | None) -> None:
    if found is not None:
        report.compare(snapshot, *found)


def _add_trouble(report: RunReport, sentence: str) -> None:
    report.trouble = sentence
