"""Open a run of the store on the map, and train from there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from explorer.core.errors import SHOWN
from explorer.core.settings.training import TrainingMode
from explorer.runtime.base import Base
from explorer.runtime.run import Job
from explorer.runtime.store.records import RunRecord
from explorer.services import Services
from explorer.session.history import store_tasks as work
from explorer.session.state import State
from explorer.session.tasks import Tasks
from explorer.session.training.training import Training


@dataclass(frozen=True, slots=True, eq=False)
class _Requested:
    """A run on its way to the map, and what is to be done once it is there."""

    base: Base
    run: RunRecord
    then: Callable[[RunRecord], None]


class OpenRun:
    """Opens runs, branches from them and goes on with them. What is on the map stays until they are there."""

    def __init__(self, state: State, tasks: Tasks, services: Services, training: Training) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self._training = training
        self._coming: _Requested | None = None
        self._taking: RunRecord | None = None  # to be gone on with, while its state is read

    def open(self, run: str, epoch: int | None = None) -> None:
        """Put a run on the map, as it was at the end of an epoch; None is the last."""
        self._fetch(partial(self._services.store.find, run), epoch, _nothing)

    def branch(self, run: str, epoch: int | None = None) -> None:
        """Put a run on the map, and fine-tune it from there: that run is the parent."""
        self._fetch(partial(self._services.store.find, run), epoch, self._start)

    def go_on(self, run: str, more: int = 0) -> None:
        """Go on with a run where it was left, with its optimizer, up to the epochs that were planned.

        Parameters
        ----------
        more
            So many epochs from where it is, whatever was planned; 0 keeps the plan.
        """
        find = partial(work.resumable, self._services.store, run, more)
        self._fetch(find, None, partial(self._take_up, more))

    @property
    def wanted(self) -> RunRecord | None:
        """The run that is on its way to the map."""
        return self._taking if self._coming is None else self._coming.run

    @property
    def gone_on(self) -> frozenset[str]:
        """The runs that this session is about to go on with, or does, by their ids."""
        run, wanted = self._state.run, self.wanted
        ids = ("" if run is None else run.job.kept, "" if wanted is None else wanted.id)
        return frozenset(ids) - {""}

    @property
    def on_map(self) -> tuple[str, int | None] | None:
        """The run on the map, by its id, and its epoch where that is a whole one; None where none is."""
        run = self._state.run
        snapshot = None if run is None else run.snapshot.read()[1]
        if run is None or snapshot is None:
            return self._state.shown.kept
        step = snapshot.step
        epoch = step.epoch if step is not None and step.epoch_done else None
        return None if run.kept is None else (run.kept, epoch)

    def follow(self) -> None:
        """See to what is on its way. On the session's own thread."""
        state, coming = self._state, self._coming
        if coming is None:
            return
        if state.shown is coming.base:
            self._coming = None
            coming.then(coming.run)
        elif state.base is not coming.base:
            self._coming = None  # it failed, or something else was chosen

    def _fetch(
        self, find: Callable[[], RunRecord], epoch: int | None, then: Callable[[RunRecord], None]
    ) -> None:
        self._state.say("")
        self._tasks.send(self._services.histories, "fetch", find, partial(self._on_found, epoch, then))

    def _on_found(self, epoch: int | None, then: Callable[[RunRecord], None], record: RunRecord) -> None:
        state, run = self._state, self._state.run
        if record.trashed is not None:
            state.say(f"{record.name!r} was deleted; restore it first.")
            return
        if run is not None and not run.state.over and run.kept == record.id:
            state.say(f"{record.name!r} is being trained here, and is on the map; stop it first.")
            return
        base = state.shown
        wanted = record.id, record.epoch if epoch is None else epoch
        if run is not None or base.kept != wanted:
            try:
                base = self._services.bases.opened(self._services.store, record, epoch, base)
            except SHOWN as error:
                state.say(str(error))
                return
        self._coming = _Requested(base, record, then)
        state.request(base)
        self._tasks.ring()

    def _start(self, record: RunRecord) -> None:
        self._training.settings.mode = TrainingMode.FINE_TUNE  # fresh weights would come from no run
        self._training.start()

    def _take_up(self, more: int, record: RunRecord) -> None:
        dataset = self._state.shown.dataset
        assert dataset is not None
        self._taking = record
        task = partial(work.job, self._services.store, record.id, dataset, more)
        self._tasks.send(self._services.histories, "take up", task, self._train, self._on_not_taken)

    def _train(self, job: Job) -> None:
        try:
            self._training.take_up(job)
        except SHOWN as error:
            self._state.say(str(error))
        self._taking = None

    def _on_not_taken(self, sentence: str) -> None:
        self._taking = None
        self._state.say(sentence)


def _nothing(record: RunRecord) -> None:
    """Do nothing more: the run is only looked at."""
