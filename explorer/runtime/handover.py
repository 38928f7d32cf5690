"""What a tab trains, kept where the next session of the same tab finds it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import RLock, Timer

from explorer.runtime.base_models import Base
from explorer.runtime.run import Run

GRACE = 30.0  # seconds that a training goes on without its page, for one that is only loaded anew
FOUND = 3600.0  # seconds after its end for which a training that went on alone is found again
MOST = 8  # of those: each holds a model and a cloud


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What a session trains, and what it can go back to.

    Attributes
    ----------
    base
        Whose model, or what trainings have made of it, is on the map.
    run, waiting
        The one that the map follows, and those of the same session that wait.
    before
        What there is to go back to, the latest last.
    keep
        Whether it goes on when its page has gone for good.
    """

    base: Base
    run: Run | None
    waiting: tuple[Run, ...] = ()
    before: tuple[tuple[Base, Run | None], ...] = ()
    keep: bool = False

    @property
    def runs(self) -> tuple[Run, ...]:
        """All that may still have something to train."""
        return (*(() if self.run is None else (self.run,)), *self.waiting)

    @property
    def over(self) -> bool:
        """Whether nothing of it trains any more."""
        return all(run.state.over for run in self.runs)


class Desk:
    """Where one session has its work. Its token is known to its own page alone.

    Attributes
    ----------
    work
        Replaced whole by the session; None while it trains nothing.
    taken
        Whether the next session of the tab has the work now.
    """

    def __init__(self, connected: Callable[[], bool]) -> None:
        self.token = secrets.token_urlsafe(16)
        self.work: Work | None = None
        self.taken = False
        self._connected: Callable[[], bool] | None = connected
        self._timer: Timer | None = None

    @property
    def occupied(self) -> bool:
        """Whether a page is at it."""
        connected = self._connected
        return connected is not None and connected()


class Desks:
    """The desks of all tabs. Any thread.

    A desk that was left without a word has its trainings stopped after `grace` seconds; those that are to be
    kept go on, and are found for `found` seconds after their end.
    """

    def __init__(self, grace: float = GRACE, found: float = FOUND, most: int = MOST) -> None:
        self._grace, self._found, self._most = grace, found, most
        self._desks: dict[str, Desk] = {}
        self._lock = RLock()
        self._closed = False

    def __len__(self) -> int:
        return len(self._desks)

    def open(self, connected: Callable[[], bool]) -> Desk:
        """A new desk; `connected` says whether the page of its session is there, and holds no session."""
        desk = Desk(connected)
        with self._lock:
            self._desks[desk.token] = desk
        return desk

    def occupied(self, token: str) -> bool:
        """Whether a page is at the desk of that token."""
        with self._lock:
            desk = self._desks.get(token)
        return desk is not None and desk.occupied

    def claim(self, token: str) -> Work | None:
        """The work at the desk of that token, for whoever knows it; None where there is none, or a page is.

        It is theirs from now on: the session that had it neither stops it nor hears of it.
        """
        with self._lock:
            desk = self._desks.get(token)
            if desk is None or desk.occupied:
                return None
            self._forget(desk)
            desk.taken = True
            work, desk.work = desk.work, None
        return work

    def leave(self, desk: Desk) -> None:
        """Its session has ended. Idempotent; does nothing where the work is another session's by now."""
        with self._lock:
            if desk.taken or desk._connected is None:
                return
            desk._connected = None
            work = desk.work
            if work is None or self._closed:
                self._forget(desk)
                return
            keep = work.keep and not work.over
            if not keep:
                self._expire_in(desk, self._grace)
            for run in work.runs:
                # Rung with every step, which is cheap; nothing but the desk is held for it.
                run.hand_over(partial(self._look, desk) if keep else None, desk.token)

    def close(self) -> None:
        """Wait for nobody any more. The trainings themselves are the slot's to end. Idempotent."""
        with self._lock:
            self._closed = True
            for desk in tuple(self._desks.values()):
                self._forget(desk)

    def _look(self, desk: Desk) -> None:
        with self._lock:
            work = desk.work
            if desk.token not in self._desks or work is None or not work.over or desk._timer is not None:
                return
            self._expire_in(desk, self._found)
            ended = [other for other in self._desks.values() if other._timer is not None]
            for other in ended[: max(0, len(ended) - self._most)]:
                if other.work is None or other.work.over:
                    self._forget(other)

    def _expire_in(self, desk: Desk, seconds: float) -> None:
        desk._timer = Timer(seconds, self._expire, (desk,))
        desk._timer.daemon = True
        desk._timer.start()

    def _expire(self, desk: Desk) -> None:
        with self._lock:
            if desk.taken or desk.token not in self._desks:
                return
            self._forget(desk)
            work, desk.work = desk.work, None
        for run in work.runs if work is not None else ():
            run.abandon()

    def _forget(self, desk: Desk) -> None:
        self._desks.pop(desk.token, None)
        if desk._timer is not None:
            desk._timer.cancel()
