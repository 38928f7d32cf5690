"""The training thread: one training at a time for each device, and a queue before it."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from threading import Condition, Thread, current_thread

import torch

from explorer.core.errors import SHOWN, BadSelection, DiskFull, ExplorerError, StoreError
from explorer.core.latent.batches import check_fits
from explorer.runtime.run import Job, Progress, Run, RunState, Snapshot
from explorer.runtime.store.records import KeptState
from explorer.runtime.store.store import RunStore
from explorer.runtime.store.tensorboard import Events
from explorer.runtime.store.writer import Recording
from explorer.runtime.store.writer_thread import Recorder
from explorer.runtime.training.loop import TrainingLoop
from models.errors import ModelError

__all__ = ["Job", "Progress", "Run", "RunState", "Snapshot", "TrainingSlot", "training_threads"]

_log = logging.getLogger(__name__)


class TrainingSlot:
    """The training slot of a device: trainings run one after the other, on a thread of their own.

    Parameters
    ----------
    device
        What the trainings run on; None is a CUDA device where there is one, else the CPU. Snapshots
        come back to the device of the job's model.
    clock
        Seconds; for tests.
    store
        Where every training is kept; None keeps none.
    """

    def __init__(
        self,
        device: str | torch.device | None = None,
        clock: Callable[[], float] = time.perf_counter,
        store: RunStore | None = None,
    ) -> None:
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self._clock = clock
        self._store = store
        self._queue: list[Run] = []
        self._running: Run | None = None
        self._closed = False
        self._changed = Condition()
        self._thread = Thread(target=self._serve, name=f"training on {self.device}", daemon=True)
        self._thread.start()

    def submit(self, job: Job, notify: Callable[[], object] | None = None, owner: Hashable = None) -> Run:
        """Put a training at the end of the queue and return it at once.

        Parameters
        ----------
        notify
            Rung, on any thread, whenever something about the run changed. It is held until the run is
            over, and no longer.
        owner
            Whose it is, so that they may `move` it.

        Raises
        ------
        DataError, BadSelection
            When the model does not fit the data, or there is nothing to train on.
        ExplorerError
            After `close`.
        """
        _check(job)
        run = Run(job, notify, self._clock, owner)
        run._on_stop = self._withdraw
        with self._changed:
            if self._closed:
                raise ExplorerError(
                    "the explorer is shutting down and takes no more trainings; start it again."
                )
            before = tuple(self._queue)
            self._queue.append(run)
            self._number()
            self._changed.notify()
        for other in before:
            other.ring()
        return run

    @property
    def queue(self) -> tuple[Run, ...]:
        """The run that trains, and after it those that wait, in order. Any thread."""
        with self._changed:
            return (*(() if self._running is None else (self._running,)), *self._queue)

    def move(self, run: Run, places: int) -> None:
        """Let a run that waits change places with another of its owner's. Any thread.

        No other owner's run waits longer or shorter for it. What is not waiting any more stays as it is.

        Parameters
        ----------
        places
            How many of the owner's own runs it goes back by; negative is forward. Past the end is the end.
        """
        with self._changed:
            mine = [place for place, other in enumerate(self._queue) if other.owner == run.owner]
            own = [self._queue[place] for place in mine]
            if run not in own:
                return
            before = own.index(run)
            own.insert(min(max(before + places, 0), len(own) - 1), own.pop(before))
            for place, other in zip(mine, own, strict=True):
                self._queue[place] = other
            self._number()
        for other in own:
            other.ring()

    def close(self) -> None:
        """Stop what runs, empty the queue and end the thread. Idempotent, any thread."""
        with self._changed:
            self._closed = True
            waiting, self._queue = self._queue, []
            running = self._running
            self._changed.notify()
        for run in waiting:
            run.enter(RunState.STOPPED, None)
            run.settle()
        if running is not None:
            running.abandon()
        if current_thread() is not self._thread:
            # A batch takes a fraction of a second; one that does not must not hold up the exit.
            self._thread.join(5.0)

    def _withdraw(self, run: Run) -> None:
        """Take a run out of the queue; does nothing to one that is running."""
        with self._changed:
            if run not in self._queue:
                return
            self._queue.remove(run)
            self._number()
            behind = tuple(self._queue)
        run.enter(RunState.STOPPED, None)
        run.settle()
        for other in behind:
            other.ring()

    def _number(self) -> None:
        for place, run in enumerate(self._queue, start=1):
            run.position = place

    def _serve(self) -> None:
        torch.set_num_threads(training_threads())
        while self._serve_one():
            pass

    def _serve_one(self) -> bool:
        # A function of its own, so that no local of the waiting thread keeps the last run alive.
        with self._changed:
            while not self._queue and not self._closed:
                self._changed.wait()
            if not self._queue:
                return False
            run = self._running = self._queue.pop(0)
            run.position = 0
            self._number()
            behind = tuple(self._queue)
        for other in behind:
            other.ring()
        try:
            self._train(run)
        finally:
            run.settle()
            with self._changed:
                self._running = None
        return True

    def _train(self, run: Run) -> None:
        run.enter(RunState.RUNNING, 0)
        loop: TrainingLoop | None = None
        recorder: Recorder | None = None
        events: Events | None = None
        sentence: str | None
        try:
            recorder = self._recorder(run)
            events = _events(run)
            loop = TrainingLoop(run, self.device, self._clock, recorder, events)
            finished = loop.follow()
            if recorder is not None and (lost := recorder.finish()) is not None:
                raise lost
        except Exception as error:  # whatever it is, the thread and the queue behind it live on
            if not isinstance(error, SHOWN):
                _log.exception("run %s (%s) failed", run.token, run.name)
            state, sentence = RunState.FAILED, _sentence(error, self.device)
        else:
            state, sentence = RunState.DONE if finished else RunState.STOPPED, None
        if events is not None:
            events.close()
        if recorder is not None:
            recorder.end(KeptState(state.value), sentence)
        run.enter(state, None, sentence)
        if loop is not None and not run.abandoned:
            try:
                loop.keep_last_epoch(or_as_it_is=run.state is RunState.STOPPED)
            except Exception:
                # The run has its end and its sentence; the snapshot before stays.
                _log.warning("run %s: its last epoch could not be kept", run.token, exc_info=True)
        run.ring()

    def _recorder(self, run: Run) -> Recorder | None:
        """Begin to keep a run, or go on with it; None where there is no store, or none that can be used."""
        job = run.job
        if self._store is None:
            return None
        if job.kept:
            recording = Recording.take_up(self._store, job.kept, job.epochs)
            if recording.epoch != job.done:
                recording.end(KeptState.STOPPED)
                raise StoreError(f"{recording.name!r} has gone on since it was opened; open it again.")
        else:
            try:
                recording = Recording.begin(self._store, job, str(self.device))
            except DiskFull:
                raise
            except (StoreError, ModelError):
                # A home that cannot be written or is of a newer version, a user's own model whose
                # config is no JSON: the app trains all the same.
                _log.warning("run %s (%s) is not kept", run.token, run.name, exc_info=True)
                return None
        run.kept = recording.run
        return Recorder(recording)


def _events(run: Run) -> Events | None:
    folder = run.job.tensorboard
    return None if folder is None else Events(folder, run.kept or f"run-{run.token}", run.name)


def training_threads(cores: int | None = None) -> int:
    """Return the number of torch threads that a training takes: about half of the cores, never all.

    Two threads beside a busy server on two cores made training swing between 130 and 5,000 samples
    per second: each waits, spinning, for the other. One held 3,000 to 3,900.
    """
    cores = _cores() if cores is None else cores
    return max(1, cores // 2)


def _cores() -> int:
    """Cores that this process may use, by its affinity and by its container's quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(cores, int(quota) // int(period)))
    except (OSError, ValueError):  # no such file, or "max": no quota
        return cores


def _check(job: Job) -> None:
    dataset = job.dataset
    check_fits(job.model, dataset)
    rows = job.indices
    if rows is None:
        return
    if rows.size == 0:
        raise BadSelection("the selection holds no training sample; select some, or train on all.")
    if not (rows.min() >= 0 and rows.max() < len(dataset.train)):
        raise BadSelection(
            f"the selection goes from row {rows.min():,} to {rows.max():,} and the training split of "
            f"{dataset.name!r} has rows 0 to {len(dataset.train) - 1:,}; select among those."
        )


def _sentence(error: Exception, device: torch.device) -> str:
    if isinstance(error, SHOWN):
        return str(error)
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return f"Training ran out of memory on {device}; choose a smaller batch size, model or data set."
    return f"Training ended by an unexpected {type(error).__name__}; the log has the details."
