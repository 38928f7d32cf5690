"""Hand the trainings of a browser tab over to its next session."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import RLock, Timer

from explorer.runtime.base import Base
from explorer.runtime.run import Run

GRACE = 30.0  # seconds that a training goes on without its page, for one that is only loaded anew
FOUND = 3600.0  # seconds after its end for which a training that went on alone is found again
MOST = 8  # of those: each holds a model and a cloud


@dataclass(frozen=True, slots=True, eq=False)
class TabTrainings:
    """The trainings of a tab, and the models that it can go back to.

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
        """The runs that may still train."""
        return (*(() if self.run is None else (self.run,)), *self.waiting)

    @property
    def over(self) -> bool:
        """True where all of its runs are over."""
        return all(run.state.over for run in self.runs)


class Tab:
    """One browser tab. Only its own page knows its token.

    Attributes
    ----------
    work
        Replaced whole by the session; None while it trains nothing.
    taken
        Whether the next session of the tab has the work now.
    """

    def __init__(self, connected: Callable[[], bool]) -> None:
        self.token = secrets.token_urlsafe(16)
        self.work: TabTrainings | None = None
        self.taken = False
        self._connected: Callable[[], bool] | None = connected
        self._timer: Timer | None = None

    @property
    def occupied(self) -> bool:
        """True where its page is connected."""
        connected = self._connected
        return connected is not None and connected()


class Tabs:
    """All open tabs, and those that closed while they trained. Safe on any thread.

    A tab that closed has its trainings stopped after `grace` seconds; those that are to be
    kept go on, and are found for `found` seconds after their end.
    """

    def __init__(self, grace: float = GRACE, found: float = FOUND, most: int = MOST) -> None:
        self._grace, self._found, self._most = grace, found, most
        self._tabs: dict[str, Tab] = {}
        self._lock = RLock()
        self._closed = False

    def __len__(self) -> int:
        return len(self._tabs)

    def open(self, connected: Callable[[], bool]) -> Tab:
        """Open a tab; `connected` says whether its page is there, and must not hold the session."""
        tab = Tab(connected)
        with self._lock:
            self._tabs[tab.token] = tab
        return tab

    def occupied(self, token: str) -> bool:
        """Return whether the page of a tab is connected."""
        with self._lock:
            tab = self._tabs.get(token)
        return tab is not None and tab.occupied

    def claim(self, token: str) -> TabTrainings | None:
        """Take the trainings of a tab over; None where there are none, or its page is still connected.

        The caller owns them from now on: the former session neither stops them nor is notified.
        """
        with self._lock:
            tab = self._tabs.get(token)
            if tab is None or tab.occupied:
                return None
            self._forget(tab)
            tab.taken = True
            work, tab.work = tab.work, None
        return work

    def leave(self, tab: Tab) -> None:
        """End a tab with its session. Idempotent.

        Does nothing where another session took its trainings over.
        """
        with self._lock:
            if tab.taken or tab._connected is None:
                return
            tab._connected = None
            work = tab.work
            if work is None or self._closed:
                self._forget(tab)
                return
            keep = work.keep and not work.over
            if not keep:
                self._expire_in(tab, self._grace)
            for run in work.runs:
                # Rung with every step, which is cheap; nothing but the tab is held for it.
                run.hand_over(partial(self._look, tab) if keep else None, tab.token)

    def close(self) -> None:
        """Forget all tabs. The slot ends the trainings themselves. Idempotent."""
        with self._lock:
            self._closed = True
            for tab in tuple(self._tabs.values()):
                self._forget(tab)

    def _look(self, tab: Tab) -> None:
        with self._lock:
            work = tab.work
            if tab.token not in self._tabs or work is None or not work.over or tab._timer is not None:
                return
            self._expire_in(tab, self._found)
            ended = [other for other in self._tabs.values() if other._timer is not None]
            for other in ended[: max(0, len(ended) - self._most)]:
                if other.work is None or other.work.over:
                    self._forget(other)

    def _expire_in(self, tab: Tab, seconds: float) -> None:
        tab._timer = Timer(seconds, self._expire, (tab,))
        tab._timer.daemon = True
        tab._timer.start()

    def _expire(self, tab: Tab) -> None:
        with self._lock:
            if tab.taken or tab.token not in self._tabs:
                return
            self._forget(tab)
            work, tab.work = tab.work, None
        for run in work.runs if work is not None else ():
            run.abandon()

    def _forget(self, tab: Tab) -> None:
        self._tabs.pop(tab.token, None)
        if tab._timer is not None:
            tab._timer.cancel()
