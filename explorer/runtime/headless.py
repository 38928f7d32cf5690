"""A recorded training with no screen: a generator of Steps, each epoch committed before its Step is seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

import models
from explorer.core.batches import check_fits
from explorer.core.cloud import encode
from explorer.core.datasets import Dataset
from explorer.core.epochs import Epochs
from explorer.core.errors import SHOWN, StoreError
from explorer.runtime.course import SHARE, chosen, held_out
from explorer.runtime.kept import KeptRun
from explorer.runtime.recording import Recording
from explorer.runtime.records import KeptState, RunRecord
from explorer.runtime.run import Job
from explorer.runtime.store import RunStore
from models import Step

NEVER = lambda: False  # noqa: E731


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
        stop: Callable[[], bool] = NEVER,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.run, self.name = recording.run, recording.name
        self.job = job
        self._recording = recording
        self._model = job.model.clone().to(device)
        self._stop = stop
        self._clock = clock
        self._steps = self._train()

    def __iter__(self) -> Iterator[Step]:
        return self

    def __next__(self) -> Step:
        return next(self._steps)

    def close(self) -> None:
        """Leave it where it is, with its last finished epoch. Idempotent."""
        self._steps.close()
        self._recording.end(KeptState.STOPPED)  # does nothing to one that has begun

    def _train(self) -> Iterator[Step]:
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
            try:
                recording.end(ended, error)
            except StoreError:
                if error is None:
                    raise

    def _fit(self) -> Iterator[Step]:
        job, states = self.job, []
        steps = models.fit(
            self._model,
            chosen(job),
            held_out=held_out(job),
            epochs=job.epochs,
            batch_size=job.batch_size,
            learning_rate=job.learning_rate,
            seed=job.seed,
            start=job.start,
            keep=states.append,
            stop=self._stop,
            clock=self._clock,
        )
        cost, encoded = 0.0, self._clock()
        epochs = Epochs()
        for step in steps:
            whole = epochs.add(step)
            if step.epoch_done:
                codes = None
                if step.epoch == step.epochs or self._clock() - encoded >= cost * (1 - SHARE) / SHARE:
                    began = self._clock()
                    codes = encode(self._model, job.dataset).mean
                    encoded = self._clock()
                    cost = encoded - began
                self._recording.commit(whole, self._model, states.pop(), codes)
            yield step


def best_device() -> torch.device:
    """A CUDA device where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def begin(store: RunStore, job: Job, stop: Callable[[], bool] = NEVER) -> Headless:
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
    return Headless(Recording.begin(store, job, str(device)), job, device, stop)


def go_on(
    store: RunStore,
    run: RunRecord,
    *,
    dataset: Dataset | None = None,
    epochs: int | None = None,
    data_folder: Path | None = None,
    stop: Callable[[], bool] = NEVER,
) -> Headless:
    """Go on with a run from its last committed epoch, as if it had never been interrupted.

    Parameters
    ----------
    dataset
        The data, where they are at hand; else they are loaded as they were then.
    epochs
        How many in all, where not as many as were planned: the learning rate then falls over those.

    Raises
    ------
    DataError, ModelError, StoreError
    """
    kept = KeptRun(store, run)
    data = dataset or kept.dataset(data_folder)
    _check_plan(kept.job(data, epochs))
    recording = Recording.take_up(store, run.id, epochs)
    try:
        # Read anew: between the first look and owning it another process may have gone on with it.
        job = KeptRun(store, store.find(run.id)).job(data, epochs)
        return Headless(recording, job, best_device(), stop)
    except BaseException:
        recording.end(KeptState.STOPPED)
        raise


def _check_plan(job: Job) -> None:
    # `fit` says what cannot be trained before its first step, and nothing of it is in the store then.
    models.fit(
        job.model,
        chosen(job),
        epochs=job.epochs,
        batch_size=job.batch_size,
        learning_rate=job.learning_rate,
        start=job.start,
    )
