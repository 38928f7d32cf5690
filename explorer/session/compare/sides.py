"""The two sides of a comparison: what the latest run started from and has become, or any two."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

from explorer.core.comparison.side import Side
from explorer.core.datasets import Dataset
from explorer.core.errors import Cancelled
from explorer.core.latent.cloud import Cloud, encode, weights_token
from explorer.core.progress import Stop
from explorer.runtime.run import Run, Snapshot
from explorer.services import Services
from explorer.session.state import State
from explorer.session.tasks import Tasks
from models import Autoencoder

NOTHING = (
    "There is nothing to compare yet. Train the model: what is on the map now and what the training makes of "
    "it then stand here side by side."
)
FIRST = "The first epoch is under way; what it makes of the map comes here."
ENCODING = "Encoding what the training started from …"

_BEFORE = "Before the training"


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Two sides to be compared.

    Attributes
    ----------
    related
        Whether a code means the same to both; None where that is to be seen from `origin`.
    origin
        What `after` was trained on from.
    run
        The run that is followed; None where two sides were asked for.
    """

    dataset: Dataset
    before: Side
    after: Side
    related: bool | None
    origin: Autoencoder | None = None
    run: Run | None = None

    def kin(self) -> bool:
        """Tell whether a code means the same to both: one was trained on from the other. Hashes weights."""
        if self.related is not None:
            return self.related
        before, origin = self.before.model, self.origin
        return origin is None or origin is before or weights_token(origin) == weights_token(before)


class RunSides:
    """Knows what each run of a session started from, and makes two sides of the latest.

    That is what it was trained on from, if that has been on the map, or else, of fresh weights, what was on
    the map when it began. Of a run that was found again its first model is encoded.

    Attributes
    ----------
    waiting
        Why there are no sides yet.
    """

    def __init__(self, state: State, tasks: Tasks, services: Services) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self.waiting = NOTHING
        # A model that waits in a queue may have left the map when its turn comes.
        self._seen: WeakKeyDictionary[Autoencoder, Cloud] = WeakKeyDictionary()
        self._began: WeakKeyDictionary[Run, Side] = WeakKeyDictionary()
        self._kin: WeakKeyDictionary[Run, bool] = WeakKeyDictionary()
        self._encoding: Run | None = None
        state.param.watch(self._note_start, "run")
        state.param.watch(self._note_model, "scene")

    def sides(self) -> Sides | None:
        """Return the two sides of the latest run as they are now; None, and `waiting`, before there are.

        A run that was reverted is the latest until another one begins.
        """
        run, scene = self._state.latest_run, self._state.scene
        if run is None or scene is None or run.job.dataset is not scene.dataset:
            self.waiting = NOTHING
            return None
        snapshot = run.snapshot.read()[1]
        if snapshot is None:
            self.waiting = FIRST
            return None
        before = self._began.get(run)
        if before is None:
            self.waiting = ENCODING
            self._encode(run)
            return None
        reverted = ", reverted" if run is self._state.reverted else ""
        after = Side(_name(snapshot) + reverted, snapshot.model, snapshot.cloud)
        return Sides(run.job.dataset, before, after, self._kin.get(run), run.job.model, run)

    def note(self, sides: Sides, kin: bool) -> None:
        """Remember whether the two sides of a run mean the same by a code."""
        if sides.run is not None:
            self._kin[sides.run] = kin

    def abandon(self) -> None:
        """Give up what is being encoded. Any thread."""
        self._encoding = None

    def _note_start(self, *_: object) -> None:
        run, scene = self._state.run, self._state.scene
        if run is None or run in self._began or scene is None or scene.dataset is not run.job.dataset:
            return
        model = run.job.model
        if model in self._seen:
            self._began[run] = Side(_BEFORE, model, self._seen[model])
        elif run.snapshot.version == 0:  # else it did not start from what is on the map now
            self._began[run] = Side(_BEFORE, scene.model, scene.cloud)

    def _note_model(self, *_: object) -> None:
        scene = self._state.scene
        if scene is not None:
            self._seen[scene.model] = scene.cloud

    def _encode(self, run: Run) -> None:
        if run is self._encoding:
            return
        self._encoding = run
        work = partial(_started_from, run, lambda: self._encoding is not run)
        self._tasks.send(self._services.placings, "compared start", work, partial(self._on_encoded, run))

    def _on_encoded(self, run: Run, side: Side | None) -> None:
        self._encoding = None
        if side is not None:
            self._began[run] = side


def _name(snapshot: Snapshot) -> str:
    step = snapshot.step
    if step is None:
        return "After the training"
    return f"After epoch {step.epoch}" if step.epoch_done else f"Within epoch {step.epoch}"


def _started_from(run: Run, stop: Stop) -> Side | None:
    model = run.job.model.clone().eval()
    try:
        return Side(_BEFORE, model, encode(model, run.job.dataset, stop=stop))
    except Cancelled:
        return None
