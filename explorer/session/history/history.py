"""The runs that are kept, as a session sees them: their tree, and what can be done with one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import param

from explorer.core.comparison.side import Side
from explorer.core.datasets import Dataset
from explorer.runtime.concurrency.published import Published
from explorer.runtime.store.listing import Listing, Query, listed
from explorer.runtime.store.records import RunRecord
from explorer.runtime.store.store import RunStore
from explorer.services import Services
from explorer.session.compare.comparison import Comparison
from explorer.session.history import store_tasks as work
from explorer.session.history.open_run import OpenRun
from explorer.session.history.store_tasks import Chosen
from explorer.session.state import State
from explorer.session.tasks import Tasks
from explorer.session.training.training import Training

PAGE = 50  # runs that are listed at first, and each time that more are asked for
LONGEST = {"name": 120, "note": 2_000}  # characters


@dataclass(frozen=True, slots=True)
class Marked:
    """One end of a comparison: a run and the epoch of it."""

    run: str
    name: str
    epoch: int


@dataclass(frozen=True, slots=True, eq=False)
class RunArchive:
    """A run as one file, for the browser to keep."""

    name: str
    content: bytes


class History(param.Parameterized):
    """The runs that are kept: looked through, opened, gone on with, compared, edited and deleted.

    A worker does whatever reads or writes the store. `look` asks whether anything has changed in it; call
    it again and again while `listing` is on the screen.
    """

    search = param.String("", doc="Words of a run's name, note, id, data or model, all of them.")
    trashed = param.Boolean(False, doc="Show the runs that were deleted, to restore them.")
    most = param.Integer(PAGE, doc="How many runs are listed at most.")
    chosen = param.ClassSelector(class_=Chosen, doc="The run that is looked at; None before one is chosen.")
    marked = param.ClassSelector(class_=Marked, doc="What the next run is compared with; None is the map.")
    undoable = param.ClassSelector(class_=RunRecord, doc="What was deleted last; None where nothing was.")
    archive = param.ClassSelector(class_=RunArchive, doc="What was exported last, until it has been sent.")

    def __init__(
        self, state: State, tasks: Tasks, services: Services, training: Training, comparison: Comparison
    ) -> None:
        super().__init__()
        self._state, self._tasks, self._services = state, tasks, services
        self._comparison = comparison
        self.listing: Published[Listing] = Published()
        self.open_run = OpenRun(state, tasks, services, training)
        self._seen: Listing | None = None
        self._declined: frozenset[str] = frozenset()
        self._asked: tuple[object, ...] = ()
        self._looked_at = ""  # the run that is chosen, or will be once it has been read

    # -- the tree ----------------------------------------------------------------------------------------

    def look(self) -> None:
        """Read the store, if anything in it has changed since; returns at once."""
        self._asked = self._now()
        reading = partial(listed, self._store, self._query(), self.listing.read()[1])
        self._tasks.send_straight(self._services.histories, "look", reading, self._on_listed)

    def _query(self) -> Query:
        dataset = self._state.shown.dataset
        return Query(self.search, self.trashed, self.most, "" if dataset is None else dataset.stamp)

    def _now(self) -> tuple[object, ...]:
        """Return what a look depends on in this session: offers change as a run begins and ends."""
        run = self._state.run
        return (self._query(), *(() if run is None else (run, run.state, run.kept)))

    def _on_listed(self, listing: Listing | None) -> None:
        if listing is not None:  # or nothing has changed, and there is no reason to ring
            self.listing.post(listing)
            self._tasks.ring()

    @param.depends("search", "trashed", "most", watch=True)
    def _ring(self) -> None:
        self._tasks.ring()

    @property
    def title(self) -> str:
        """The opened run and epoch that are on the map, in words; empty where none was."""
        kept = self._state.shown.kept
        if kept is None or self._state.run is not None:
            return ""
        names = dict(() if self._seen is None else self._seen.names)
        return f"“{names[kept[0]]}”, epoch {kept[1]}" if kept[0] in names else ""

    def more(self) -> None:
        """List more runs."""
        self.most += PAGE

    def choose(self, run: str) -> None:
        """Look at a run, by its id."""
        self._looked_at = run
        self._do("choose", partial(work.chosen, self._store, run), self._on_chosen)

    def _on_chosen(self, chosen: Chosen) -> None:
        self.chosen = chosen

    def _on_lost(self, sentence: str) -> None:
        self.chosen = None

    def follow(self) -> None:
        """Take a new listing over, and see to what is on its way to the map. On the session's own thread."""
        if self._asked != self._now():
            self.look()  # what a process has left is offered though the tree is not looked at
        listing = self.listing.read()[1]
        if listing is not None and listing is not self._seen:
            self._seen = listing
            now = {row.record.id: row.record for row in listing.rows}
            chosen = self.chosen
            if chosen is not None and now.get(chosen.record.id) != chosen.record:
                again = partial(work.chosen, self._store, self._looked_at)
                self._do("choose", again, self._on_chosen, self._on_lost)  # it has gone on, or is gone
        self.open_run.follow()

    # -- after a kill ------------------------------------------------------------------------------------

    @property
    def offers(self) -> tuple[RunRecord, ...]:
        """Runs that a process has left in the middle, newest first, unless the user did not want them."""
        found = () if self._seen is None else self._seen.interrupted
        settled = self._declined | self.open_run.gone_on
        return tuple(record for record in found if record.id not in settled)

    def decline(self) -> None:
        """Offer those that are interrupted now no more in this session."""
        self._declined |= {record.id for record in self.offers}
        self._tasks.ring()

    # -- two of them -------------------------------------------------------------------------------------

    def mark(self, run: str, epoch: int) -> None:
        """Compare the next one with this epoch of this run."""
        names = dict(() if self._seen is None else self._seen.names)
        self.marked = Marked(run, names.get(run, run), epoch)
        self._tasks.ring()

    def unmark(self) -> None:
        """Compare the next one with what is on the map."""
        self.marked = None
        self._tasks.ring()

    def compare(self, run: str, epoch: int) -> None:
        """Compare an epoch of a run with the one that is marked, else with what is on the map."""
        state, scene, marked = self._state, self._state.scene, self.marked
        state.say("")
        if scene is None:
            state.say("There is nothing to compare with yet; wait until there is a map.")
            return
        if marked is not None and (marked.run, marked.epoch) == (run, epoch):
            state.say("That is the epoch that is marked; choose another one to compare it with.")
            return
        if marked is None:
            known, before = self.open_run.on_map, lambda: Side("on the map", scene.model, scene.cloud)
        else:
            known = marked.run, marked.epoch
            before = partial(work.side, self._store, *known, scene.dataset)
        of = "" if known is None else known[0]
        self._do("compare", partial(self._sides, before, of, run, epoch, scene.dataset), self._compare)

    def _sides(
        self, before: Callable[[], Side], of: str, run: str, epoch: int, dataset: Dataset
    ) -> tuple[Side, Side, bool]:
        after = work.side(self._store, run, epoch, dataset)
        return before(), after, work.related(self._store, of, run)

    def _compare(self, found: tuple[Side, Side, bool]) -> None:
        before, after, related = found
        self._comparison.compare(before, after, related=related)

    # -- the store itself --------------------------------------------------------------------------------

    def edit(self, run: str, *, name: str | None = None, note: str | None = None) -> None:
        """Give a run another name or note."""
        given = {"name": name, "note": note}
        texts = {what: " ".join(text.split()) for what, text in given.items() if text is not None}
        if texts.get("name") == "":
            self._state.say("A run needs a name; the former one stays.")
            return
        texts = {what: text[: LONGEST[what]] for what, text in texts.items()}
        self._do(f"edit {run} {' '.join(texts)}", partial(self._store.edit, run, **texts), self._again)

    def delete(self, run: str) -> None:
        """Delete a run, until `undo` or `restore`."""
        self._do(f"delete {run}", partial(work.deleted, self._store, run), self._deleted)

    def _deleted(self, record: RunRecord) -> None:
        self.undoable = record
        if self.chosen is not None and self.chosen.record.id == record.id:
            self.chosen = None
        self.look()

    def undo(self) -> None:
        """Bring back what was deleted last."""
        if self.undoable is not None:
            self.restore(self.undoable.id)

    def restore(self, run: str) -> None:
        """Bring a deleted run back."""
        if self.undoable is not None and self.undoable.id == run:
            self.undoable = None
        self._do(f"restore {run}", partial(self._store.restore, run), self._again)

    def sweep(self) -> None:
        """Remove all that was deleted for good."""
        self.undoable = None
        self._do("sweep", self._store.sweep, self._again)

    def export(self, run: str) -> None:
        """Make one file of a run, to be sent to the browser."""
        self._state.say("")
        self._do("export", partial(work.packed, self._store, run), self._exported)

    def _exported(self, found: tuple[str, bytes]) -> None:
        self.archive = RunArchive(*found)

    def sent(self) -> None:
        """The file has reached the browser."""
        self.archive = None
        self._tasks.ring()

    def take(self, path: Path) -> None:
        """Take a run out of a file that came through the browser; the file is removed."""
        self._state.say("")
        self._do(f"take {path}", partial(work.taken, self._store, path), self._taken)

    def _taken(self, record: RunRecord) -> None:
        self.search, self.trashed = "", False
        self.choose(record.id)
        self.look()

    # --------------------------------------------------------------------------------------------------

    @property
    def _store(self) -> RunStore:
        return self._services.store

    def _do(
        self,
        name: str,
        task: Callable[[], object],
        done: Callable[..., object],
        failed: Callable[[str], object] | None = None,
    ) -> None:
        self._tasks.send(self._services.histories, f"history: {name}", task, done, failed)

    def _again(self, *_: object) -> None:
        self.look()
        self._tasks.ring()
