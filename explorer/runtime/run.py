"""One training as others see it: its job, its state, its steps, its snapshots."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum
from itertools import count
from pathlib import Path
from threading import Event

import numpy as np
from jaxtyping import Int

from explorer.core.datasets import Dataset
from explorer.core.latent.cloud import Cloud
from explorer.core.settings.training import TrainingMode
from explorer.runtime.concurrency.published import Log, Published
from models import Autoencoder, Focus, OptimizerState, Plan, Step, default_plan

_log = logging.getLogger(__name__)
_tokens, _turns = count(1), count(1)

SPEED_SECONDS = 5.0  # over which samples per second are averaged
LEFT_SECONDS = 30.0  # the same for the time left, which should not flicker


class RunState(Enum):
    """The state of a run; it goes from left to right and never back."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """True where it trains no more."""
        return self not in (RunState.QUEUED, RunState.RUNNING)


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A job of training: the model, the data, and the plan.

    Attributes
    ----------
    model
        Where to start from. It is cloned when the training begins; nothing writes to it.
    indices, rest
        Rows of the training split to train on, None is all of them; and what each of the others counts
        beside them, from 0 to 1.
    mode
        Whether the weights are those of a training before.
    epochs, batch_size, learning_rate
        As `models.fit` takes them; None is its default.
    source
        What `load_dataset` takes to find the data again; empty where it cannot.
    parent, parent_epoch
        The run of the store that the model comes from, by its id, and the epoch; None where from none.
    start
        Where the optimizer stands, as `models.fit` takes it up.
    kept
        The run of the store that this goes on with, by its id; empty for a new one.
    tensorboard
        The folder to write TensorBoard event files of it into; None writes none.
    """

    model: Autoencoder
    dataset: Dataset
    indices: Int[np.ndarray, " chosen"] | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    seed: int = 0
    name: str = ""
    source: str = ""
    parent: str | None = None
    parent_epoch: int | None = None
    start: OptimizerState | None = None
    kept: str = ""
    rest: float = 0.0
    mode: TrainingMode = TrainingMode.FROM_SCRATCH
    tensorboard: Path | None = None

    @property
    def done(self) -> int:
        """Epochs that are done before it begins."""
        return 0 if self.start is None else self.start.epoch

    @property
    def focus(self) -> Focus | None:
        """The samples in focus; None is all alike."""
        return None if self.indices is None else Focus(self.indices, self.rest)

    @property
    def samples(self) -> int:
        """The number of training samples that an epoch passes over."""
        samples, focus = len(self.dataset.train), self.focus
        return samples if focus is None else focus.size(samples)

    @property
    def plan(self) -> Plan:
        """The settings with the defaults filled in."""
        default = default_plan(self.samples)
        return Plan(
            default.epochs if self.epochs is None else self.epochs,
            min(self.samples, default.batch_size if self.batch_size is None else self.batch_size),
            default.learning_rate if self.learning_rate is None else self.learning_rate,
        )


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Snapshot:
    """The model as it was at one moment, and the cloud that it makes of the data.

    Attributes
    ----------
    model
        A copy of its own, in evaluation mode, on the device of the job's model; it is never written to.
    step
        The step it was taken at; None outside a training.
    version
        1 for a run's first.
    state
        Where the optimizer stood then; None within an epoch, and where that is not known.
    """

    model: Autoencoder
    cloud: Cloud
    step: Step | None
    version: int
    state: OptimizerState | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a run.

    Attributes
    ----------
    fraction
        Share of all samples of all epochs that have been seen, in [0, 1].
    samples_per_second
        Over the recent seconds, pauses for the map included.
    seconds_left
        None once it is over, or while there is nothing to tell it from.
    """

    epoch: int
    epochs: int
    fraction: float
    samples_per_second: float
    seconds_left: float | None


class Run:
    """One training. Read from any thread; written by the training's thread alone.

    Attributes
    ----------
    token
        Tells the runs of a process apart.
    owner
        Equal for the runs that one session may reorder and cancel; None for shared runs.
    state, position, error
        `position` is 0 while running, the place in the queue (1 is next) while queued, None once it
        is over. `error` is the sentence that ended it.
    turn
        Tells which of the runs of a process began before which; None of one that has not begun.
    kept
        Its id in the store; None before it begins, and where it is not kept.
    steps, snapshot
        All reports so far, and the newest snapshot. After a stop or an error the snapshot of the last
        finished epoch may still follow `state`.
    """

    def __init__(
        self,
        job: Job,
        notify: Callable[[], object] | None = None,
        clock: Callable[[], float] = time.perf_counter,
        owner: Hashable = None,
    ) -> None:
        self.token = next(_tokens)
        self.owner = owner
        self.job = job
        self.name = job.name
        self.state = RunState.QUEUED
        self.position: int | None = None
        self.turn: int | None = None
        self.error: str | None = None
        self.steps: Log[Step] = Log()
        self.snapshot: Published[Snapshot] = Published()
        self.kept: str | None = None
        self.abandoned = False
        self._notify = notify
        self._clock = clock
        self._stepped = 0.0
        self._stop = Event()
        self._settled = Event()
        self._on_stop: Callable[[Run], None] | None = None

    @property
    def progress(self) -> Progress | None:
        """The progress; None before the first step."""
        steps = self.steps.since(len(self.steps) - 1_000)
        if not steps:
            return None
        last = steps[-1]
        left, before = None, self.job.done * last.of // last.epochs
        if not self.state.over and (rate := _rate(steps, LEFT_SECONDS, before)) > 0:
            left = max(0.0, (last.of - last.seen) / rate - (self._clock() - self._stepped))
        return Progress(
            last.epoch, last.epochs, last.seen / last.of, _rate(steps, SPEED_SECONDS, before), left
        )

    def stop(self) -> None:
        """End it after the batch in hand, or take it out of the queue. Any thread, at any time, no waiting.

        The last finished epoch is kept as the last snapshot; in the first epoch the weights as they are.
        """
        self._stop.set()
        withdraw = self._on_stop
        if withdraw is not None:
            withdraw(self)

    def abandon(self) -> None:
        """Stop without showing the end: `notify` is dropped at once, nothing more is encoded."""
        self.abandoned = True
        self._notify = None
        self.stop()

    def hand_over(self, notify: Callable[[], object] | None, owner: Hashable) -> None:
        """Go on for another owner, who is notified from now on; None notifies no one. Any thread."""
        self.owner, self._notify = owner, notify
        if self._settled.is_set():
            self._notify = None
        if notify is not None:
            notify()

    def join(self, seconds: float | None = None) -> bool:
        """Wait until nothing of it will change any more; False if that took longer than `seconds`."""
        return self._settled.wait(seconds)

    @property
    def stopping(self) -> bool:
        """True where it was asked to stop."""
        return self._stop.is_set()

    # -- for the training's thread -----------------------------------------------------------------------

    def ring(self) -> None:
        """Notify the owner that something about the run changed."""
        notify = self._notify
        if notify is not None:
            try:
                notify()
            except Exception:
                _log.exception("run %s: the one to notify failed", self.token)

    def enter(self, state: RunState, position: int | None, error: str | None = None) -> None:
        """Go on to a state, and say so."""
        if state is RunState.RUNNING:
            self.turn = next(_turns)
        self.error = error
        self.position = position
        self.state = state
        self.ring()

    def report(self, step: Step) -> None:
        """Add a step, and say so."""
        self._stepped = self._clock()
        self.steps.append(step)
        self.ring()

    def settle(self) -> None:
        """Say that nothing of it changes any more, and let go of all that the run was for."""
        self._settled.set()
        self.ring()
        self._notify = None
        self._on_stop = None


def _rate(steps: tuple[Step, ...], seconds: float, before: int) -> float:
    """Samples per second over the last so many seconds of the steps; 0 where no time has passed."""
    last = steps[-1]
    earlier = (step for step in reversed(steps) if step.seconds <= last.seconds - seconds)
    start = next(earlier, None)
    seen, since = (before, 0.0) if start is None else (start.seen, start.seconds)
    passed = last.seconds - since
    return (last.seen - seen) / passed if passed > 0 else 0.0
