"""A browser tab without a browser: the bell of a session puts ticks into a queue, the test runs them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Event

from explorer.runtime.base import Base
from explorer.runtime.concurrency.worker import Newest, Task
from explorer.services import Services
from explorer.session import Session
from explorer.session.tasks import CODE, COMPARISON, FRAME, MAP

PATIENCE = 60.0  # seconds until a test that hangs fails; no test waits this long when it passes


class Tab:
    """One session, as the page holds it."""

    def __init__(self, services: Services, base: Base | None = None, user: str = "") -> None:
        self.services = services
        self.session = Session(services, base, user)
        self.pulls = 0
        self._ticks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        # As on the page, what comes with every move of a hand has bells that pull nothing.
        bell = services.wakeups.join(self._ticks.put, self._pull)
        channels = {
            name: services.wakeups.join(self._ticks.put, lambda: None)
            for name in (FRAME, MAP, CODE, COMPARISON)
        }
        self._wakeups = [bell, *channels.values()]
        self.session.join(bell.ring, {name: wakeup.ring for name, wakeup in channels.items()})

    def _pull(self) -> None:
        self.pulls += 1
        self.session.pull()

    def until(self, condition: Callable[[], object], what: str) -> Tab:
        """Run ticks, each when it has been rung for, until the condition holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            try:
                self._ticks.get(timeout=max(0.0, end - time.monotonic()))()
            except Empty:
                raise AssertionError(
                    f"waited in vain for {what}; error: {self.session.state.error!r}"
                ) from None
        return self

    def rest(self) -> Tab:
        """Run ticks until there is a map and no worker has anything more to do for this session."""
        session, services = self.session, self.services
        self.until(lambda: session.state.scene is not None and session.view.image.version, "a map")
        workers = (
            services.scenes,
            services.placings,
            services.neighbours,
            services.extras,
            services.epochs,
            services.maps,
            services.frames,
            services.watching,
        )
        quiet = 0
        while quiet < 2:  # what one worker gives may be asked of another
            quiet += 1
            for worker in workers:
                served(worker)
            while not self._ticks.empty():
                self._ticks.get()()
                quiet = 0
        return self

    def close(self) -> None:
        for wakeup in self._wakeups:
            wakeup.leave()
        self.session.close()


def served(worker: Newest[Task]) -> None:
    """Wait until a worker is through with all that it has been asked so far."""
    reached = Event()
    worker.ask("the last in the row", Task(lambda: None, lambda _: reached.set(), lambda _: None))
    assert reached.wait(PATIENCE)


@contextmanager
def held(worker: Newest[Task]) -> Iterator[None]:
    """Keep a worker busy meanwhile."""
    begun, go_on = Event(), Event()
    worker.ask("busy", Task(lambda: begun.set() or go_on.wait(PATIENCE), lambda _: None, lambda _: None))
    assert begun.wait(PATIENCE)
    try:
        yield
    finally:
        go_on.set()
