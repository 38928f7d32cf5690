"""The tasks of one session: work for the shared workers, and results for the session's own thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from itertools import count
from typing import Any

from explorer.runtime.concurrency.worker import Newest, Task

_tokens = count(1)

FRAME, MAP, CODE, COMPARISON = "frame", "map", "code", "comparison"
"""The channels of results that come with every move of a hand, and go to the screen past all else."""


class Tasks:
    """Sends tasks to the shared workers, and hands their results over on the session's own thread.

    Attributes
    ----------
    token
        Tells the sessions of a process apart.
    """

    def __init__(self, fail: Callable[[str], object]) -> None:
        self.token = next(_tokens)
        self._fail = fail
        self._bell: Callable[[], object] = _silence
        self._channels: Mapping[str, Callable[[], object]] = {}
        self._done: deque[Callable[[], object]] = deque()
        self._sent: dict[tuple[Hashable, str], Newest[Task]] = {}

    def join(
        self, bell: Callable[[], object], channels: Mapping[str, Callable[[], object]] | None = None
    ) -> None:
        """Ring `bell`, on any thread, when there is something to `take_over`.

        Parameters
        ----------
        channels
            A bell of its own for each channel; one without rings `bell`.
        """
        self._bell, self._channels = bell, channels or {}

    def ring(self) -> None:
        """Ask for a turn on the session's own thread. Any thread."""
        self._bell()

    def ring_channel(self, channel: str) -> None:
        """Ring where something new was published on a channel. Any thread."""
        self._channels.get(channel, self._bell)()

    def send(
        self,
        worker: Newest[Task],
        name: str,
        work: Callable[[], Any],
        done: Callable[[Any], object],
        failed: Callable[[str], object] | None = None,
    ) -> None:
        """Send work to a worker; `done` gets the result in `take_over`, or `failed` the sentence.

        A later task of the same name on the same worker replaces one that has not begun.
        """
        self._send(worker, name, work, lambda result: self._put(partial(done, result)), failed or self._fail)

    def send_straight(
        self, worker: Newest[Task], name: str, work: Callable[[], Any], done: Callable[[Any], object]
    ) -> None:
        """Send work whose result is published on the worker's own thread, by `done`."""
        self._send(worker, name, work, done, self._fail)

    def take_over(self) -> None:
        """Hand every result that has come to the sender. On the session's own thread."""
        while self._done:
            self._done.popleft()()

    def close(self) -> None:
        """Leave the bells, and drop what has not begun. Idempotent, any thread."""
        self._bell, self._channels = _silence, {}
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
    """Ring for no one."""
