"""The stored run whose curves are drawn beside those of the run on the charts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import param

from explorer.runtime.run import Run
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.recorded import recorded_steps
from explorer.runtime.store.store import RunStore
from explorer.services import Services
from explorer.session.history.history import History
from explorer.session.state import State
from explorer.session.tasks import Tasks
from models import Step


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """A run with its steps, an epoch each."""

    id: str
    name: str
    convention: str
    steps: tuple[Step, ...]


class RunBeside(param.Parameterized):
    """Offers the other runs of the data on the map, and reads the one that is chosen.

    Attributes
    ----------
    requested
        Id of the run that was chosen last; empty for none. `chosen` follows when it has been read.
    """

    chosen = param.ClassSelector(class_=Beside, doc="What is drawn beside; None draws the run alone.")

    def __init__(self, state: State, tasks: Tasks, services: Services, history: History) -> None:
        super().__init__()
        self._state, self._tasks, self._services = state, tasks, services
        self._history = history
        self.requested = ""

    def offered(self, run: Run) -> list[tuple[str, str]]:
        """Return the id and the name of each stored run of the same data, except this one."""
        listing = self._history.listing.read()[1]
        records = () if listing is None else listing.same_data
        return [(record.id, record.name) for record in records if record.id != run.kept]

    def choose(self, run: str) -> None:
        """Draw the curves of a run beside, by its id; an empty id draws none."""
        self.requested = run
        if not run:
            self.chosen = None
            self._tasks.ring()
            return
        work = partial(_read, self._services.store, run)
        self._tasks.send(self._services.histories, "run beside", work, partial(self._on_read, run))

    def _on_read(self, run: str, found: Beside) -> None:
        if run == self.requested:
            self.chosen = found
            self._tasks.ring()


def _read(store: RunStore, run: str) -> Beside:
    kept = KeptRun(store, store.find(run))
    return Beside(kept.record.id, kept.record.name, kept.record.convention, recorded_steps(kept))
