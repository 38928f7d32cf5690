"""The measures of a comparison: quality before and after, and reconstructions of some samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import param

from explorer.core.comparison.examples import Examples, evenly, examples, worst_changed
from explorer.core.comparison.pair import Pair, PlacedSide
from explorer.core.datasets import Dataset
from explorer.core.errors import Cancelled
from explorer.core.lru import LRU
from explorer.core.progress import Stop
from explorer.core.projections import Turning
from explorer.core.quality import change as core
from explorer.core.quality.measure import held_out
from explorer.core.quality.values import Quality
from explorer.runtime.concurrency.published import Published
from explorer.services import Services
from explorer.session.state import State
from explorer.session.tasks import Tasks

CHEAP = 500
"""Held-out samples up to which both sides are measured unasked: that takes a second or two."""

CODES, PLACES = "latent codes", "places on the plane"
SELECTED, WORST = "selected", "worst changed"


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The pair that is compared at the moment.

    Attributes
    ----------
    chosen
        The samples on the middle map, a mask; None is nothing.
    swapped
        Whether before and after have been exchanged.
    at_rest
        Whether neither side changes by itself.
    """

    pair: Pair
    chosen: np.ndarray | None
    swapped: bool
    at_rest: bool


class Measures(param.Parameterized):
    """Measures both sides of a comparison on held-out data, and reconstructs some samples by both.

    Asked for by `measure`; unasked where that is cheap, once neither side changes by itself. What was
    measured stays on the screen until there is something newer, and `current` says whether it is of what
    the maps show.

    Attributes
    ----------
    progress
        The share that is done, while it is being measured.
    """

    of: param.Selector[str] = param.Selector(
        default=CODES,
        objects=[CODES, PLACES],
        doc="What the data are compared with: the codes of the model, or where the maps draw them.",
    )
    which: param.Selector[str] = param.Selector(
        default=SELECTED,
        objects=[SELECTED, WORST],
        doc="Whose reconstructions are shown: of the selected samples, or of the held-out ones whose error "
        "has grown most.",
    )
    comparison = param.ClassSelector(class_=core.Comparison, doc="The table; None before it was measured.")
    examples = param.ClassSelector(class_=Examples, doc="Some samples with both reconstructions.")
    busy = param.Boolean(False, doc="Whether it is being measured.")

    def __init__(self, state: State, tasks: Tasks, services: Services) -> None:
        super().__init__()
        self._state, self._tasks, self._services = state, tasks, services
        self._compared: Compared | None = None
        self.progress: Published[float] = Published()
        self._known: LRU[Quality] = LRU(6)
        self._task: object = None
        self._refused: tuple[object, ...] = ()  # what cannot be measured, or was cancelled
        self._measured: tuple[object, ...] = ()  # what the table is of
        self._figures: list[Quality] = []
        self._swapped = False  # as it was when the table was made
        self._exemplified: tuple[object, ...] = ()
        self._chosen: np.ndarray | None = None  # whose identity `_exemplified` has
        self._dataset: Dataset | None = None  # of the samples that are shown
        self._worst: np.ndarray | None = None
        self.param.watch(self._on_choice, ["of", "which"])

    @property
    def offered(self) -> tuple[str, ...]:
        """The places that can be measured: the codes, and those of a map that holds still."""
        pair = self._pair
        if pair is None or pair.before.side.model.latent <= 2:
            return (CODES,)
        turns = any(isinstance(placed.projection, Turning) for placed in (pair.before, pair.after))
        return (CODES,) if turns else (CODES, PLACES)

    @property
    def current(self) -> bool:
        """True where the table is of what the maps show."""
        pair = self._pair
        return pair is not None and self.comparison is not None and self._measured == self._keys(pair)

    def measure(self) -> None:
        """Measure both sides; returns at once."""
        pair = self._pair
        if pair is None or self.busy:
            return
        task = self._task = object()
        self.busy, self._refused = True, ()
        self.progress.post(0.0)
        keys, of = self._keys(pair), self._of
        work = partial(self._both, pair, of, task)
        self._tasks.send(
            self._services.measures,
            "quality",
            work,
            partial(self._on_measured, task, keys),
            partial(self._on_failed, task, keys),
        )

    def cancel(self) -> None:
        """Give it up; the table stays as it is."""
        pair = self._pair
        self._task, self.busy = None, False
        self._refused = () if pair is None else self._keys(pair)

    def abandon(self) -> None:
        """Give all of it up when the session ends. Any thread."""
        self._task, self._exemplified = None, ()

    def follow(self, compared: Compared | None) -> None:
        """Follow what is compared. On the session's own thread."""
        self._compared = compared
        if compared is None:
            return
        pair = compared.pair
        if pair.dataset is not self._dataset:
            self._dataset, self.examples, self._worst = pair.dataset, None, None
        if self._of != self.of:
            self.of = self._of
        keys = self._keys(pair)
        if self._measured != keys:
            found = [known for key in keys if (known := self._known.get(key)) is not None]
            if len(found) == len(keys):
                self._table(keys, found)
            else:
                self._keep_former(keys)
        self._exemplify(compared)
        cheap = len(pair.dataset.test) <= CHEAP
        if cheap and compared.at_rest and not self.busy and keys not in (self._measured, self._refused):
            self.measure()

    # -- the table ---------------------------------------------------------------------------------------

    @property
    def _of(self) -> str:
        return self.of if self.of in self.offered else CODES

    def _keys(self, pair: Pair) -> tuple[object, ...]:
        """Return the keys of the two sides' figures."""
        sides = pair.before, pair.after
        return sides if self._of == PLACES else tuple(placed.side.cloud for placed in sides)

    def _keep_former(self, keys: tuple[object, ...]) -> None:
        """Of figures that are not of these two sides, go on showing those of an earlier epoch."""
        if not self._measured:
            return
        if self._swapped != self._is_swapped:
            self._table(self._measured[::-1], self._figures[::-1])
        if keys[0] is not self._measured[0] and keys[1] is not self._measured[1]:
            self.comparison, self._measured = None, ()  # of neither: another comparison's

    def _both(self, pair: Pair, of: str, task: object) -> list[Quality] | None:
        sides = pair.before, pair.after
        try:
            return [
                self._known.get(placed if of == PLACES else placed.side.cloud)
                or self._one(pair, placed, of, task, share)
                for share, placed in zip((0.0, 0.5), sides, strict=True)
            ]
        except Cancelled:
            return None

    def _one(self, pair: Pair, placed: PlacedSide, of: str, task: object, share: float) -> Quality:
        def told(part: float) -> None:
            self.progress.post(share + part / 2)
            self._tasks.ring()

        return held_out(
            pair.dataset,
            placed.side.cloud,
            placed.xy if of == PLACES else None,
            stop=lambda: self._task is not task or self._services.ending.is_set(),
            progress=told,
        )

    def _on_measured(self, task: object, keys: tuple[object, ...], found: list[Quality] | None) -> None:
        if found is None or task is not self._task:
            return
        self.busy, self._task = False, None
        for key, quality in zip(keys, found, strict=True):
            self._known.put(key, quality)
        self._table(keys, found)
        self._follow_again()  # the pair may have moved on, or been swapped, meanwhile

    def _table(self, keys: tuple[object, ...], found: list[Quality]) -> None:
        self._measured, self._figures, self._swapped = keys, found, self._is_swapped
        self.comparison = core.compare(*found)

    def _on_failed(self, task: object, keys: tuple[object, ...], sentence: str) -> None:
        if task is self._task:
            self.busy, self._task, self._refused = False, None, keys
            self._state.say(sentence)

    # -- samples and their reconstructions ---------------------------------------------------------------

    @property
    def shown(self) -> str:
        """The samples whose reconstructions are shown: where nothing is selected, the worst changed."""
        chosen = None if self._compared is None else self._compared.chosen
        return WORST if chosen is None or not chosen.any() else self.which

    def _exemplify(self, compared: Compared) -> None:
        pair, shown, services = compared.pair, self.shown, self._services
        sides = (pair.before.side.model, pair.after.side.model)
        wanted: tuple[object, ...]
        if shown == SELECTED:
            self._chosen = compared.chosen
            wanted = (sides, id(self._chosen))
        elif not compared.at_rest and self._worst is not None:
            wanted = (sides, "as before")  # they are looked for once the run has ended
        else:
            wanted = (sides, WORST)
        if wanted == self._exemplified:
            return
        self._exemplified = wanted
        work: Callable[[], Examples | None]
        if wanted[1] == WORST:
            worker, work = (
                services.measures,
                partial(_of_worst, pair, lambda: self._exemplified is not wanted),
            )
        else:
            chosen = np.zeros(0, bool) if self._chosen is None else self._chosen
            worst = self._worst if shown == WORST else None
            rows = evenly(np.flatnonzero(chosen)) if worst is None else worst
            worker, work = services.extras, partial(examples, pair.dataset, *sides, rows)
        done = partial(self._on_examples, wanted, pair.dataset)
        name = "worst examples" if worker is services.measures else "examples"
        self._tasks.send(worker, name, work, done)

    def _on_examples(self, wanted: tuple[object, ...], dataset: Dataset, found: Examples | None) -> None:
        if found is None or wanted is not self._exemplified or dataset is not self._dataset:
            return
        if wanted[1] == WORST:
            self._worst = found.rows
        self.examples = found

    @property
    def _pair(self) -> Pair | None:
        return None if self._compared is None else self._compared.pair

    @property
    def _is_swapped(self) -> bool:
        return self._compared is not None and self._compared.swapped

    def _follow_again(self) -> None:
        self.follow(self._compared)

    def _on_choice(self, *_: object) -> None:
        self._follow_again()
        self._tasks.ring()


def _of_worst(pair: Pair, stop: Stop) -> Examples | None:
    models = pair.before.side.model, pair.after.side.model
    try:
        rows = worst_changed(pair.dataset, *models, stop=stop)
    except Cancelled:
        return None
    return examples(pair.dataset, *models, rows)
