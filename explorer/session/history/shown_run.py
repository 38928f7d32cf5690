"""The kept run that the map shows, read from the store."""

from __future__ import annotations

from functools import partial

from explorer.runtime.run import Run
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.recorded import recorded
from explorer.runtime.store.store import RunStore
from explorer.services import Services
from explorer.session.state import State
from explorer.session.tasks import Tasks


class ShownRun:
    """Reads the run that the map shows from the store, in the background, again whenever it has gone on.

    Attributes
    ----------
    kept
        As it was read last; None where there is none, or not yet.
    own
        The epoch of it that the map shows by itself; None where that is the newest.
    recorded
        What the charts show of it; None where its training is followed itself, or it has no epoch.
    """

    def __init__(self, state: State, tasks: Tasks, services: Services) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self.kept: KeptRun | None = None
        self.own: int | None = None
        self.recorded: Run | None = None
        self._id: str | None = None
        self._read: tuple[object, ...] = ()  # how far it was when it was read
        self._reading = False

    @property
    def last(self) -> int:
        """The newest committed epoch."""
        return self.kept.epochs[-1].epoch if self.kept is not None else 0

    def follow(self) -> bool:
        """Read it where that is due; return whether it is another run than before."""
        run, kept = self._state.run, self._state.shown.kept
        found, own = (None, None) if run is None else (run.kept, None)
        if run is None and kept is not None:
            found, own = kept
        another = (found, own) != (self._id, self.own)
        if another:
            self._id, self.own, self.kept, self._read = found, own, None, ()
            self.recorded = None
        if found is None or self._reading:
            return another
        far = (found, own, _epochs_done(run), run is None or run.state.over)
        if far != self._read:
            self._read, self._reading = far, True
            work = partial(_opened, self._services.store, found, run)
            done = partial(self._on_read, found)
            self._tasks.send(self._services.epochs, "run", work, done, self._on_refused)
        return another

    def _on_read(self, found: str, kept: KeptRun) -> None:
        # It may have gone on meanwhile: the session's pull, in which this is, comes to `follow` next.
        self._reading = False
        if found == self._id:
            self.kept = kept
            self._record(kept)

    def _record(self, kept: KeptRun) -> None:
        dataset, snapshot = self._state.shown.dataset, self._state.shown.snapshot.read()[1]
        if self._state.run is None and self.own and dataset is not None and snapshot is not None:
            work = partial(recorded, kept, dataset, snapshot, self.own)
            self._tasks.send(self._services.epochs, "record", work, partial(self._on_recorded, kept))

    def _on_recorded(self, kept: KeptRun, run: Run) -> None:
        if kept is self.kept:
            self.recorded = run
            self._tasks.ring()

    def _on_refused(self, sentence: str) -> None:
        self._reading = False  # it was deleted for good: there is nothing to go back to


def _epochs_done(run: Run | None) -> int:
    steps = () if run is None else run.steps.since(len(run.steps) - 1)
    return steps[-1].epoch - (not steps[-1].epoch_done) if steps else 0


def _opened(store: RunStore, found: str, run: Run | None) -> KeptRun:
    if run is not None and run.state.over:
        run.join()  # its last epoch may still be on the way to the disk
    return KeptRun(store, store.find(found))
