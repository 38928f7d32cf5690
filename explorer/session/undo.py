"""Undo and redo: the changes of a session, taken back and made again."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import param

DEPTH = 50
"""Changes that can be taken back: of 10 M samples each selection keeps 10 MB."""

ONE_MOVE = 1.0
"""Seconds within which the changes of one setting are one change: a slider passes many values."""

NOTHING_TO_UNDO = "There is nothing to undo."
NOTHING_TO_REDO = "There is nothing to redo."


def _never() -> bool:
    return False


def _anywhere() -> Hashable:
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One piece of what a user changes.

    Attributes
    ----------
    name
        Completes "Undone: …".
    read, write
        Return its value, and put a former one in its place.
    context
        What a value belongs to. What changes together with it is not a change of the user's, and a value of
        another context is not put back.
    same
        Whether two values are alike.
    watched
        Owner and name of the parameter that holds it: each of its values is then a change, however many come
        in one turn. None where it is looked at once in a turn.
    under_way
        Whether a change is not complete yet.
    steady
        Whether its values are passed through, as those of a slider are.
    """

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], object]
    context: Callable[[], Hashable] = _anywhere
    same: Callable[[Any, Any], bool] = operator.eq
    watched: tuple[param.Parameterized, str] | None = None
    under_way: Callable[[], bool] = _never
    steady: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Change:
    piece: Piece
    context: Hashable
    before: Any
    after: Any

    @property
    def holds(self) -> bool:
        return self.piece.context() == self.context


class Undo:
    """Knows the changes of all pieces, in their order.

    It compares what there is with what there was, so that a piece needs to know nothing of it.

    Attributes
    ----------
    said
        A sentence on what was undone or redone last.
    times
        How often something was said.
    """

    def __init__(self, pieces: Iterable[Piece], ring: Callable[[], object]) -> None:
        self._pieces = tuple(pieces)
        self._ring = ring
        self._undone: list[tuple[_Change, ...]] = []
        self._done: list[tuple[_Change, ...]] = []
        self._known = self._read()
        self._last, self._going = 0.0, False
        self.said, self.times = "", 0
        for i, piece in enumerate(self._pieces):
            if piece.watched is not None:
                owner, name = piece.watched
                owner.param.watch(partial(self._on_changed, i), name)

    # -- gestures ----------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Take the newest change back."""
        self._go(self._done, self._undone, back=True)

    def redo(self) -> None:
        """Make the change again that was taken back last."""
        self._go(self._undone, self._done, back=False)

    # -- what there is -----------------------------------------------------------------------------------

    @property
    def next_undo(self) -> str:
        """The name of what `undo` takes back; empty where there is nothing."""
        return _next(self._done)

    @property
    def next_redo(self) -> str:
        """The name of what `redo` makes again; empty where there is nothing."""
        return _next(self._undone)

    # -- following ---------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Note what has changed. On the session's own thread, at each turn."""
        changes = [change for i in range(len(self._pieces)) if (change := self._change(i)) is not None]
        if changes:
            self._note(tuple(changes))

    def forget(self) -> None:
        """Let go of every change: another data set has come on the map."""
        self._done.clear()
        self._undone.clear()
        self._known = self._read()

    def _on_changed(self, i: int, *_: object) -> None:
        if not self._going and (change := self._change(i)) is not None:
            self._note((change,))

    def _change(self, i: int) -> _Change | None:
        """Return what has become of a piece since it was known last; None where that is nothing."""
        piece = self._pieces[i]
        if piece.under_way():
            return None
        (known, before), (context, after) = self._known[i], (piece.context(), piece.read())
        self._known[i] = context, after
        changed = known == context and not piece.same(before, after)
        return _Change(piece, context, before, after) if changed else None

    def _note(self, step: tuple[_Change, ...]) -> None:
        self._undone.clear()
        former, began = self._done[-1] if self._done else (), self._last
        self._last = perf_counter()
        if self._last - began < ONE_MOVE and _moves_on(former, step):
            (first,), (last,) = former, step
            change = _Change(last.piece, last.context, first.before, last.after)
            self._done[-1:] = [] if change.piece.same(change.before, change.after) else [(change,)]
            return
        self._done.append(step)
        del self._done[:-DEPTH]

    def _go(
        self, source: list[tuple[_Change, ...]], target: list[tuple[_Change, ...]], *, back: bool
    ) -> None:
        self.follow()
        while source and not _holding(source[-1]):
            source.pop()  # what it belongs to has gone
        self.times += 1
        self._ring()
        if not source:
            self.said = NOTHING_TO_UNDO if back else NOTHING_TO_REDO
            return
        step = source.pop()
        self._going = True
        try:
            for change in step:
                if change.holds:
                    change.piece.write(change.before if back else change.after)
        finally:
            self._going = False
        target.append(step)
        self.said = f"{'Undone' if back else 'Redone'}: {_name(step)}."
        self._last = 0.0  # what is changed next is a change of its own
        self._known = self._read()

    def _read(self) -> list[tuple[Hashable, Any]]:
        return [(piece.context(), piece.read()) for piece in self._pieces]


def _moves_on(former: tuple[_Change, ...], step: tuple[_Change, ...]) -> bool:
    """Tell whether a step goes on where the one before it ended, as a slider does."""
    if len(former) != 1 or len(step) != 1:
        return False
    (before,), (now,) = former, step
    return now.piece.steady and now.piece is before.piece and now.context == before.context


def _holding(step: tuple[_Change, ...]) -> bool:
    return any(change.holds for change in step)


def _next(steps: list[tuple[_Change, ...]]) -> str:
    step = next((step for step in reversed(steps) if _holding(step)), None)
    return "" if step is None else _name(step)


def _name(step: tuple[_Change, ...]) -> str:
    return ", ".join(dict.fromkeys(change.piece.name for change in step))
