"""The course of one training: its steps, and when a picture of it is taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32

import models
from explorer.core.diagnostics.epoch_means import EpochMeans
from explorer.core.errors import Cancelled
from explorer.core.latent.cloud import Stamp, encode, weights_token
from explorer.core.progress import Stop, never, pause_after
from explorer.runtime.run import Job, Run, Snapshot
from explorer.runtime.store.tensorboard import Events
from explorer.runtime.store.writer_thread import Epoch, Recorder
from models import Autoencoder, OptimizerState, Step

LEAST_SECONDS = 0.25  # between the snapshots of short epochs: an eye follows no more
REPORT_SECONDS = 1.5  # between two reports within an epoch: after each the page looks at all that may be new
SHARE = 0.2  # of the training's time that encoding at epoch ends may take
SHARE_WITHIN = 0.04  # all encoding together, for one more within an epoch to be taken
HELD_OUT = 500  # held-out samples at least, where few are trained on


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Samples that `models.fit` takes to evaluate."""

    x: Float32[np.ndarray, "n *shape"]


class TrainingLoop:
    """Trains a clone of a job's model and publishes its steps and snapshots on the run.

    A snapshot is a frozen copy of the weights with a cloud encoded by it. It is taken at the end of
    an epoch, as often as encoding stays a fifth of the time, and of the last epoch always; and within
    epochs that take long, as long as all encoding together stays below 4 %.

    Parameters
    ----------
    recorder
        Given every finished epoch, with its cloud where there is a snapshot of it.
    events
        Written at the end of every epoch.
    """

    def __init__(
        self,
        run: Run,
        device: torch.device,
        clock: Callable[[], float],
        recorder: Recorder | None = None,
        events: Events | None = None,
    ) -> None:
        self._run = run
        self._job = run.job
        self._home = run.job.model.device
        self._clock = clock
        self._model = run.job.model.clone().to(device)
        self._began = self._epoch_snapped = clock()
        self._cost: float | None = None  # seconds that the last encoding took
        self._spent = 0.0  # seconds of encoding in all
        self._recorder = recorder
        self._events = events
        self._epochs = EpochMeans()
        self._state: OptimizerState | None = None  # at the end of the last epoch
        self._last: Step | None = None
        self._finished: tuple[Autoencoder, Step, OptimizerState | None] | None = (
            None  # the last finished epoch
        )
        self._finished_snapshot: Snapshot | None = None  # the same, once encoded

    def follow(self) -> bool:
        """Train to the end, or until the run is asked to stop; returns whether it came to the end."""
        job, run = self._job, self._run
        steps = steps_of(job, self._model, keep=self._note, stop=lambda: run.stopping, clock=self._clock)
        try:
            for step in steps:
                self._see(step)
        except Cancelled:
            return False
        if self._last is None:
            return job.done == job.plan.epochs
        return self._last.seen == self._last.of and self._last.epoch_done

    def keep_last_epoch(self, *, or_as_it_is: bool) -> None:
        """Publish the last finished epoch, unless it is the newest snapshot.

        Parameters
        ----------
        or_as_it_is
            Where no epoch was finished: whether to publish the weights as they are.

        Raises
        ------
        ExplorerError
            Where the model has diverged: then what was published stays.
        """
        newest = self._run.snapshot.read()[1]
        if self._finished is None:
            if or_as_it_is and self._last is not None and (newest is None or newest.step is not self._last):
                self._take(self._model, self._last, None, lambda: self._run.abandoned)
        elif self._finished_snapshot is None:
            self._take(*self._finished, lambda: self._run.abandoned)
        elif newest is not self._finished_snapshot:
            self._run.snapshot.post(self._finished_snapshot)

    def _note(self, state: OptimizerState) -> None:
        self._state = state

    def _see(self, step: Step) -> None:
        self._last = step
        self._run.report(step)
        whole = self._epochs.add(step)
        if step.epoch_done:
            self._finished, self._finished_snapshot = (self._model.clone(), step, self._state), None
            try:
                if step.epoch == step.epochs or self._affordable_at_epoch_end():
                    self._finished_snapshot = self._take(*self._finished, lambda: self._run.stopping)
                    self._epoch_snapped = self._clock()
            finally:  # an epoch is kept though its encoding was broken off
                self._record(whole)
        elif self._affordable_within(step):
            self._take(self._model.clone(), step, None, lambda: self._run.stopping)

    def _record(self, step: Step) -> None:
        if self._recorder is not None and self._finished is not None:
            snapshot = self._finished_snapshot
            codes = None if snapshot is None else snapshot.cloud.mean
            self._recorder.keep(Epoch(step, self._finished[0], self._state, codes))
        if self._events is not None:
            self._events.add(step.epoch, step.terms, step.held_out)

    def _affordable_at_epoch_end(self) -> bool:
        passed = self._clock() - self._epoch_snapped
        return passed >= max(LEAST_SECONDS, pause_after(self._cost or 0.0, SHARE))

    def _affordable_within(self, step: Step) -> bool:
        passed = self._clock() - self._began
        rate = step.seen / max(passed, 1e-9)
        # Encoding has been seen to be about eight times as fast as training.
        cost = len(self._job.dataset) / (8 * rate) if self._cost is None else self._cost
        # Shortly before the end of the epoch that one is worth waiting for.
        left = (step.epoch * step.of / step.epochs - step.seen) / rate
        return left >= 3 * cost and self._spent + cost <= SHARE_WITHIN * passed

    def _take(self, model: Autoencoder, step: Step, state: OptimizerState | None, stop: Stop) -> Snapshot:
        began = self._clock()
        dataset, version = self._job.dataset, self._run.snapshot.version + 1
        stamp = Stamp(dataset.stamp, weights_token(model), version)
        cloud = encode(model.eval(), dataset, stop=stop, stamp=stamp)
        snapshot = Snapshot(model.to(self._home), cloud, step, version, state)
        self._cost = self._clock() - began
        self._spent += self._cost
        self._run.snapshot.post(snapshot)
        self._run.ring()
        return snapshot


def steps_of(
    job: Job,
    model: Autoencoder,
    *,
    keep: Callable[[OptimizerState], object] | None = None,
    stop: Stop = never,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Step]:
    """The training of a job as `models.fit` does it, on a model that has the weights to start from."""
    return models.fit(
        model,
        job.dataset.train,
        held_out=held_out(job),
        focus=job.focus,
        epochs=job.epochs,
        batch_size=job.batch_size,
        learning_rate=job.learning_rate,
        seed=job.seed,
        start=job.start,
        keep=keep,
        stop=stop,
        report_seconds=REPORT_SECONDS,
        clock=clock,
    )


def held_out(job: Job) -> Samples:
    """The test split, or as much of it as does not take longer than the few samples trained on."""
    x = job.dataset.test.x
    most = max(HELD_OUT, job.samples // 2)
    if len(x) <= most:
        return Samples(x)
    # Always the same ones, so that runs can be compared; scattered, since files are often sorted.
    rows = np.sort(np.random.default_rng(0).choice(len(x), most, replace=False))
    return Samples(x[rows])
