"""A recorded training with no screen: a generator of Steps, each epoch committed before its Step is seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path

import torch

from explorer.core.datasets import Dataset
from explorer.core.diagnostics.epoch_means import EpochMeans
from explorer.core.errors import SHOWN, StoreError
from explorer.core.latent.batches import check_fits
from explorer.core.latent.cloud import encode
from explorer.core.progress import Stop, never, pause_after
from explorer.runtime.run import Job
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.records import KeptState, RunRecord
from explorer.runtime.store.store import RunStore
from explorer.runtime.store.tensorboard import Events, check_folder
from explorer.runtime.store.writer import Recording
from explorer.runtime.training.loop import SHARE, steps_of
from models import OptimizerState, Step


class Headless:
    """A training that is kept: iterate it to the end, or as far as you like.

    It is owned from the moment that it is made. Left before its end it is `stopped`, with its last finished
    epoch, and can be gone on with; one whose process is killed is `interrupted`, and can be too.

    Attributes
    ----------
    run, name
        Its id in the store, and its name there.
    """

    def __init__(
        self,
        recording: Recording,
        job: Job,
        device: torch.device,
        stop: Stop = never,
        clock: Callable[[], float] = time.perf_counter,
        events: Events | None = None,
    ) -> None:
        self.run, self.name = recording.run, recording.name
        self.job = job
        self._recording = recording
        self._model = job.model.clone().to(device)
        self._stop = stop
        self._clock = clock
        self._events = events
        self._steps = self._train()

    def __iter__(self) -> Iterator[Step]:
        return self

    def __next__(self) -> Step:
        return next(self._steps)

    def close(self) -> None:
        """Leave it where it is, with its last finished epoch. Idempotent."""
        self._steps.close()
        self._close_events()
        self._recording.end(KeptState.STOPPED)  # does nothing to one that has begun

    def _close_events(self) -> None:
        if self._events is not None:
            self._events.close()

    def _train(self) -> Generator[Step]:
        job, recording = self.job, self._recording
        ended, error = KeptState.STOPPED, None
        try:
            done = 0 if job.start is None else job.start.epoch
            for step in self._fit():
                if step.epoch_done:
                    done = step.epoch
                yield step
            if done == job.plan.epochs:
                ended = KeptState.DONE
        except SHOWN as failure:
            ended, error = KeptState.FAILED, str(failure)
            raise
        finally:
            self._close_events()
            try:
                recording.end(ended, error)
            except StoreError:
                if error is None:
                    raise

    def _fit(self) -> Generator[Step]:
        job = self.job
        states: list[OptimizerState] = []
        steps = steps_of(job, self._model, keep=states.append, stop=self._stop, clock=self._clock)
        cost, encoded = 0.0, self._clock()
        epochs = EpochMeans()
        for step in steps:
            whole = epochs.add(step)
            if step.epoch_done:
                codes = None
                if step.epoch == step.epochs or self._clock() - encoded >= pause_after(cost, SHARE):
                    began = self._clock()
                    codes = encode(self._model, job.dataset).mean
                    encoded = self._clock()
                    cost = encoded - began
                self._recording.commit(whole, self._model, states.pop(), codes)
                if self._events is not None:
                    self._events.add(whole.epoch, whole.terms, whole.held_out)
            yield step


def best_device() -> torch.device:
    """A CUDA device where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def begin(store: RunStore, job: Job, stop: Stop = never) -> Headless:
    """Put a new run into the store and train it as it is iterated.

    Raises
    ------
    DataError
        When the model does not fit the data.
    ModelError, StoreError
    """
    check_fits(job.model, job.dataset)
    _check_plan(job)
    device = best_device()
    recording = Recording.begin(store, job, str(device))
    return _made(recording, job, stop)


def go_on(
    store: RunStore,
    run: RunRecord,
    *,
    dataset: Dataset | None = None,
    epochs: int | None = None,
    data_folder: Path | None = None,
    tensorboard: Path | None = None,
    stop: Stop = never,
) -> Headless:
    """Go on with a run from its last committed epoch, as if it had never been interrupted.

    Parameters
    ----------
    dataset
        The data, where they are at hand; else they are loaded as they were then.
    epochs
        How many in all, where not as many as were planned: the learning rate then falls over those.
    tensorboard
        The folder to write TensorBoard event files of the epochs to come into; None writes none.

    Raises
    ------
    DataError, ModelError, StoreError
    """
    kept = KeptRun(store, run)
    data = dataset or kept.dataset(data_folder)
    _check_plan(replace(kept.job(data, epochs), tensorboard=tensorboard))
    recording = Recording.take_up(store, run.id, epochs)
    try:
        # Read anew: between the first look and owning it another process may have gone on with it.
        job = replace(KeptRun(store, store.find(run.id)).job(data, epochs), tensorboard=tensorboard)
    except BaseException:
        recording.end(KeptState.STOPPED)
        raise
    return _made(recording, job, stop)


def _made(recording: Recording, job: Job, stop: Stop) -> Headless:
    try:
        folder = job.tensorboard
        events = None if folder is None else Events(folder, recording.run, recording.name)
        return Headless(recording, job, best_device(), stop, events=events)
    except BaseException:
        recording.end(KeptState.STOPPED)
        raise


def _check_plan(job: Job) -> None:
    # `fit` says what cannot be trained before its first step, and nothing of it is in the store then.
    steps_of(job, job.model)
    if job.tensorboard is not None:
        check_folder(job.tensorboard)
