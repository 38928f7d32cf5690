"""Data-free, coalesced ticks: how a thread tells the sessions that something changed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock

_log = logging.getLogger(__name__)


class Wakeup:
    """One member's bell. `ring` asks for a tick; many rings before the tick runs ask for one.

    The pending flag is cleared *before* the body of the tick. A ring while the body runs therefore
    schedules one more tick: it may find nothing new, but what was posted after the body had
    looked is never left lying.
    """

    __slots__ = ("__weakref__", "_home", "_lock", "_pending", "_schedule", "_tick")

    def __init__(
        self, schedule: Callable[[Callable[[], None]], object], tick: Callable[[], object], home: Wakeups
    ) -> None:
        self._schedule: Callable[[Callable[[], None]], object] | None = schedule
        self._tick: Callable[[], object] | None = tick
        self._home: Wakeups | None = home
        self._pending = False
        self._lock = Lock()

    def ring(self) -> None:
        """Run the tick soon, on the member's own thread. Callable from any thread; never raises."""
        with self._lock:
            if self._pending or self._schedule is None:
                return
            self._pending = True
            schedule = self._schedule
        # Outside the lock: a schedule is free to run the tick at once, and the tick to ring again.
        try:
            schedule(self._run)
        except Exception:
            # A document that is being torn down refuses callbacks; the ringing thread must live on.
            with self._lock:
                self._pending = False
            _log.warning("a wake-up could not be scheduled", exc_info=True)

    def leave(self) -> None:
        """Never be called again, and let go of the tick and all that it holds. Idempotent, any thread.

        No tick begins after this returns; one that had begun on another thread ends there.
        """
        with self._lock:
            self._schedule = self._tick = None
            home, self._home = self._home, None
        if home is not None:
            home._forget(self)

    def _run(self) -> None:
        with self._lock:
            self._pending = False
            tick = self._tick
        if tick is not None:
            tick()


class Wakeups:
    """The members to wake. What happened is not said: a tick pulls what it has not shown yet."""

    def __init__(self) -> None:
        # A dictionary rather than a set: members are rung in the order in which they joined.
        self._members: dict[Wakeup, None] = {}
        self._lock = Lock()

    def join(self, schedule: Callable[[Callable[[], None]], object], tick: Callable[[], object]) -> Wakeup:
        """Add a member and return its bell.

        Parameters
        ----------
        schedule
            Takes a callback from any thread and has it called once, later, on the thread that
            owns what `tick` touches: ``document.add_next_tick_callback`` on a server, the
            loop's ``call_soon_threadsafe`` (or the like) in a notebook.
        tick
            Called with nothing, on that thread. Both are held until `Wakeup.leave`.
        """
        member = Wakeup(schedule, tick, self)
        with self._lock:
            self._members[member] = None
        return member

    def ring(self) -> None:
        """Ring every member. Callable from any thread; one that cannot be scheduled stops no other."""
        with self._lock:
            members = tuple(self._members)
        for member in members:
            member.ring()

    def __len__(self) -> int:
        return len(self._members)

    def _forget(self, member: Wakeup) -> None:
        with self._lock:
            self._members.pop(member, None)
