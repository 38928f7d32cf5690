"""What a session has workers do, and how their results come back to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from functools import partial
from itertools import count
from typing import Any

from explorer.runtime.concurrency.worker import Newest
from explorer.services import Task

_tokens = count(1)


class Errands:
    """Sends work to the shared workers; what it gives is taken over on the session's own thread.

    Attributes
    ----------
    token
        Tells the sessions of a process apart.
    """

    def __init__(self, fail: Callable[[str], object]) -> None:
        self.token = next(_tokens)
        self._fail = fail
        self._bell: Callable[[], object] = _silence
        self._frame_bell: Callable[[], object] = _silence
        self._done: deque[Callable[[], object]] = deque()
        self._sent: dict[tuple[Hashable, str], Newest[Task]] = {}

    def join(self, bell: Callable[[], object], frame_bell: Callable[[], object] | None = None) -> None:
        """Have `bell` rung, on any thread, when there is something to `take_over`.

        For a new frame under the cursor `frame_bell` is rung instead, where there is one: frames come
        with every move of the hand, and nothing else has changed then. For a new map it is rung as well.
        """
        self._bell, self._frame_bell = bell, frame_bell or bell

    def ring(self) -> None:
        """Ask for a turn on the session's own thread. Any thread."""
        self._bell()

    def ring_frame(self) -> None:
        """Say that there is a new frame, or map. Any thread."""
        self._frame_bell()

    def send(
        self,
        worker: Newest[Task],
        name: str,
        work: Callable[[], Any],
        done: Callable[[Any], object],
        failed: Callable[[str], object] | None = None,
    ) -> None:
        """Have a worker do something; `done` gets the result in `take_over`, or `failed` the sentence.

        A later errand of the same name on the same worker replaces one that has not begun.
        """
        self._send(worker, name, work, lambda result: self._put(partial(done, result)), failed or self._fail)

    def send_straight(
        self, worker: Newest[Task], name: str, work: Callable[[], Any], done: Callable[[Any], object]
    ) -> None:
        """Have a worker do something whose result is published right there, on its thread."""
        self._send(worker, name, work, done, self._fail)

    def take_over(self) -> None:
        """Hand every result that has come to the one who asked for it. On the session's own thread."""
        while self._done:
            self._done.popleft()()

    def close(self) -> None:
        """Let go of the bell and of what has not begun. Idempotent, any thread."""
        self._bell = self._frame_bell = _silence
        for owner, worker in tuple(self._sent.items()):
            worker.forget(owner)
        self._done.clear()

    def _send(
        self,
        worker: Newest[Task],
        name: str,
        work: Callable[[], Any],
        done: Callable[[Any], object],
        failed: Callable[[str], object],
    ) -> None:
        owner = (self.token, name)
        self._sent[owner] = worker
        worker.ask(owner, Task(work, done, lambda sentence: self._put(partial(failed, sentence))))

    def _put(self, result: Callable[[], object]) -> None:
        self._done.append(result)
        self._bell()


def _silence() -> None:
    """The bell of a session that nobody looks at."""
