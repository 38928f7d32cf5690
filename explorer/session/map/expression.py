"""Select samples by an expression: what is typed, how many it matches, and what is said of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from explorer.core.columns.columns import empty, names
from explorer.core.errors import SHOWN
from explorer.core.progress import Progress, Stop
from explorer.core.scene.scene import Scene
from explorer.core.selection import expression
from explorer.core.selection.suggestions import Suggestion, suggest
from explorer.services import Services
from explorer.session.map.columns import Columns
from explorer.session.state import State
from explorer.session.tasks import Tasks

RECENT = 5

NEIGHBOURS_OF_ANOTHER_CLASS = "nearest_label != label"
HELD_OUT = 'split == "test"'

WORST = 0.01
"""The share of the samples that `select_worst` selects."""

_TYPING, _SELECTING = "expression, as it is typed", "expression"

_AT_ONCE = 200_000  # samples: an expression over so many takes some hundredths of a second


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to what was typed.

    Attributes
    ----------
    message
        How many samples match, or what cannot be understood; "" after a selection.
    refused
        True where the message says why nothing was selected.
    typed
        The number of the text that the suggestions are for.
    """

    message: str = ""
    refused: bool = False
    typed: int = 0
    suggestions: tuple[Suggestion, ...] = ()


class Expression:
    """Selections by expressions over the columns of the map's scene.

    An expression computes only the columns that it names: on a worker where one of them takes time.

    Attributes
    ----------
    answer
        The answer to what was typed or asked for last.
    """

    def __init__(
        self,
        state: State,
        tasks: Tasks,
        services: Services,
        columns: Columns,
        add: Callable[[np.ndarray], object],
    ) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self._columns, self._add = columns, add
        self._recent: dict[str, tuple[str, ...]] = {}
        self._text = ""
        self.answer = Answer()

    @property
    def recent(self) -> tuple[str, ...]:
        """The last expressions that selected something of these data, the newest first."""
        scene = self._state.scene
        return () if scene is None else self._recent.get(scene.dataset.stamp, ())

    @property
    def busy(self) -> bool:
        """True while a selection is computed on a worker."""
        return self._columns.busy(_SELECTING)

    @property
    def message(self) -> str:
        """The line under the field: the progress of a selection, or the answer."""
        if self.busy:
            return self._columns.progress(_SELECTING) or "computing …"
        return self.answer.message

    def type(self, text: str, caret: int, typed: int = 0) -> None:
        """Answer a text that is being typed, with suggestions and with how many samples it would select.

        Parameters
        ----------
        caret
            The place of the caret, in characters.
        typed
            The number of the text, for the one who asks.
        """
        scene = self._state.scene
        if scene is None:
            return
        self._text = text
        self._columns.forget(_TYPING)
        known = {column.name: column.help for column in self._columns.described().values()}
        short = len(text) <= expression.LONGEST
        found = suggest(text, caret, known, self._columns.classes) if short else ()
        self.answer = Answer(typed=typed, suggestions=found)
        if not text.strip():
            return
        try:
            used = _checked(text, scene)
        except SHOWN as error:
            self._say(str(error))
            return
        missing = self._columns.missing(used)
        if missing:
            self._say(f"Enter computes {' and '.join(missing)}, and selects")
        elif len(scene.cloud) <= _AT_ONCE:
            self._on_counted(text, int(np.count_nonzero(self._mask(text, used, scene))))
        else:
            self._say("counting …")
            work = partial(self._count, text, used)
            self._columns.compute(used, work, partial(self._on_counted, text), asker=_TYPING)

    def select(self, text: str, *, remember: bool = True) -> None:
        """Select the samples for which an expression holds; at once where no column has to be computed."""
        scene = self._state.scene
        if scene is None:
            return
        self._columns.forget(_TYPING)
        try:
            used = _checked(text, scene)
        except SHOWN as error:
            self._refuse(str(error))
            return
        done = partial(self._on_selected, text if remember else "")
        if len(scene.cloud) <= _AT_ONCE and not self._columns.missing(used):
            self._columns.forget(_SELECTING)
            done(self._mask(text, used, scene))
        else:
            self._start(used, partial(self._evaluate, text, used), done)

    def select_worst(self) -> None:
        """Select the hundredth of the samples whose reconstruction error is greatest, one at least."""
        if self._state.scene is not None:
            self._start(("error",), self._worst, partial(self._on_selected, ""))

    # -- on a worker -------------------------------------------------------------------------------------

    def _start(
        self,
        used: tuple[str, ...],
        work: Callable[[Scene, Stop, Progress], np.ndarray],
        done: Callable[[np.ndarray], object],
    ) -> None:
        self.answer = replace(self.answer, message="", refused=False, suggestions=())
        self._columns.compute(used, work, done, asker=_SELECTING, failed=self._refuse)

    def _evaluate(
        self, text: str, used: tuple[str, ...], scene: Scene, stop: Stop, progress: Progress
    ) -> np.ndarray:
        frame = self._services.columns.frame(scene, used, stop=stop, progress=progress)
        return expression.mask(text, frame)

    def _count(self, text: str, used: tuple[str, ...], scene: Scene, stop: Stop, progress: Progress) -> int:
        return int(np.count_nonzero(self._evaluate(text, used, scene, stop, progress)))

    def _worst(self, scene: Scene, stop: Stop, progress: Progress) -> np.ndarray:
        errors = self._services.columns.values(scene, "error", stop=stop, progress=progress).to_numpy()
        count = math.ceil(WORST * len(errors))
        mask = np.zeros(len(errors), dtype=bool)
        mask[np.argpartition(errors, len(errors) - count)[len(errors) - count :]] = True
        return mask

    # -- on the session's own thread ---------------------------------------------------------------------

    def _mask(self, text: str, used: tuple[str, ...], scene: Scene) -> np.ndarray:
        return expression.mask(text, self._services.columns.frame(scene, used))

    def _on_counted(self, text: str, count: int) -> None:
        if text == self._text:
            self._say(f"{count:,} would match")

    def _on_selected(self, text: str, mask: np.ndarray) -> None:
        self.answer = replace(self.answer, message="", refused=False, suggestions=())
        scene = self._state.scene
        if text.strip() and scene is not None:
            others = tuple(other for other in self.recent if other != text.strip())
            self._recent[scene.dataset.stamp] = (text.strip(), *others)[:RECENT]
        self._add(mask)

    def _refuse(self, sentence: str) -> None:
        self.answer = replace(self.answer, message=sentence, refused=True, suggestions=())
        self._tasks.ring()

    def _say(self, sentence: str) -> None:
        self.answer = replace(self.answer, message=sentence, refused=False)


def _checked(text: str, scene: Scene) -> tuple[str, ...]:
    """Return the columns that an expression names, once it is known that it can be evaluated.

    It is tried on a table without rows: nothing is computed for what cannot be understood.

    Raises
    ------
    BadSelection
        As `expression.mask`.
    """
    known = names(scene)
    used = expression.used(text, known)
    expression.mask(text, pd.DataFrame({name: empty(scene, name) for name in used}), known)
    return used
