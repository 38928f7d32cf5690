"""Having a run of the store on a session's map, and training from there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from explorer.core.errors import SHOWN
from explorer.core.settings.training import TrainingMode
from explorer.runtime.base_models import Base
from explorer.runtime.run import Job
from explorer.runtime.store.records import RunRecord
from explorer.session.history import store_tasks as work

if TYPE_CHECKING:
    from explorer.session.session import Session


@dataclass(frozen=True, slots=True, eq=False)
class _Coming:
    """A run on its way to the map, and what is to be done once it is there."""

    base: Base
    run: RunRecord
    then: Callable[[RunRecord], None]


class Opening:
    """Opens runs, branches from them and goes on with them. What is on the map stays until they are there."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._coming: _Coming | None = None
        self._taking: RunRecord | None = None  # to be gone on with, while its state is read

    def open(self, run: str, epoch: int | None = None) -> None:
        """Have a run on the map, as it was at the end of an epoch; None is the last."""
        self._fetch(partial(self._session.services.store.find, run), epoch, _nothing)

    def branch(self, run: str, epoch: int | None = None) -> None:
        """Have a run on the map, and fine-tune it from there: that run is the parent."""
        self._fetch(partial(self._session.services.store.find, run), epoch, self._start)

    def go_on(self, run: str, more: int = 0) -> None:
        """Go on with a run where it was left, with its optimizer, up to the epochs that were planned.

        Parameters
        ----------
        more
            So many epochs from where it is, whatever was planned; 0 keeps the plan.
        """
        find = partial(work.resumable, self._session.services.store, run, more)
        self._fetch(find, None, partial(self._take_up, more))

    @property
    def wanted(self) -> RunRecord | None:
        """The run that is on its way to the map."""
        return self._taking if self._coming is None else self._coming.run

    @property
    def gone_on(self) -> frozenset[str]:
        """The runs that this session is about to go on with, or does, by their ids."""
        run, wanted = self._session.training.run, self.wanted
        ids = ("" if run is None else run.job.kept, "" if wanted is None else wanted.id)
        return frozenset(ids) - {""}

    @property
    def on_map(self) -> tuple[str, int | None] | None:
        """The run on the map, by its id, and its epoch where that is a whole one; None where none is."""
        run = self._session.training.run
        snapshot = None if run is None else run.snapshot.read()[1]
        if run is None or snapshot is None:
            return self._session.shown.kept
        whole = snapshot.step is not None and snapshot.step.epoch_done
        return None if run.kept is None else (run.kept, snapshot.step.epoch if whole else None)

    def follow(self) -> None:
        """See to what is on its way. On the session's own thread."""
        session, coming = self._session, self._coming
        if coming is None:
            return
        if session.shown is coming.base:
            self._coming = None
            coming.then(coming.run)
        elif session.base is not coming.base:
            self._coming = None  # it failed, or something else was chosen

    def _fetch(
        self, find: Callable[[], RunRecord], epoch: int | None, then: Callable[[RunRecord], None]
    ) -> None:
        session = self._session
        session.error = ""
        session.errands.send(session.services.histories, "fetch", find, partial(self._fetched, epoch, then))

    def _fetched(self, epoch: int | None, then: Callable[[RunRecord], None], record: RunRecord) -> None:
        session, training = self._session, self._session.training
        if record.trashed is not None:
            session.error = f"{record.name!r} was deleted; restore it first."
            return
        if training.run is not None and not training.run.state.over and training.run.kept == record.id:
            session.error = f"{record.name!r} is being trained here, and is on the map; stop it first."
            return
        base = session.shown
        wanted = record.id, record.epoch if epoch is None else epoch
        if training.run is not None or base.kept != wanted:
            try:
                base = session.services.bases.opened(session.services.store, record, epoch, base)
            except SHOWN as error:
                session.error = str(error)
                return
        self._coming = _Coming(base, record, then)
        session.base = base
        session.errands.ring()

    def _start(self, record: RunRecord) -> None:
        self._session.training.mode = TrainingMode.FINE_TUNE  # fresh weights would come from no run
        self._session.training.start()

    def _take_up(self, more: int, record: RunRecord) -> None:
        session, self._taking = self._session, record
        task = partial(work.job, session.services.store, record.id, session.shown.dataset, more)
        session.errands.send(session.services.histories, "take up", task, self._train, self._not_taken)

    def _train(self, job: Job) -> None:
        try:
            self._session.training.take_up(job)
        except SHOWN as error:
            self._session.error = str(error)
        self._taking = None

    def _not_taken(self, sentence: str) -> None:
        self._taking = None
        self._session.error = sentence


def _nothing(record: RunRecord) -> None:
    """It was only to be looked at."""
