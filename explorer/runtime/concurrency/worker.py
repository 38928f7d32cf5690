"""A worker thread that serves only the newest request of each owner, and the tasks that it is given."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Condition, Thread, current_thread
from typing import Any, Generic, TypeVar

from explorer.core.errors import SHOWN

R = TypeVar("R")

_log = logging.getLogger(__name__)


class Newest(Generic[R]):
    """One thread, and for each owner one place to put a request: a newer one replaces what waits.

    Owners are served in turn, in the order in which they came to wait: one that asks all the
    time is served no more often than each of the others, and replacing a request neither loses
    nor gains a turn.

    Parameters
    ----------
    work
        Called with a request, on the worker's thread.
    name
        The thread's name, for logs and debuggers.
    on_error
        Called with owner, request and exception when `work` raises, on the worker's thread.
        The traceback is logged either way, and the worker goes on.

    Notes
    -----
    An owner is a token (anything hashable, compared by equality), never the session itself. The
    worker keeps nothing of a request once it is served, so what a request refers to can be collected.
    """

    def __init__(
        self,
        work: Callable[[R], object],
        name: str,
        on_error: Callable[[Hashable, R, Exception], object] | None = None,
    ) -> None:
        self._work = work
        self._on_error = on_error
        self._waiting: dict[Hashable, R] = {}
        self._closed = False
        self._changed = Condition()
        self._thread = Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def ask(self, owner: Hashable, request: R) -> None:
        """Serve `request`, unless a newer one of the same owner comes first. Any thread, no waiting.

        After `close` it is dropped.
        """
        with self._changed:
            if not self._closed:
                # Assigning to a key that is there keeps its place in the order: that is the fairness.
                self._waiting[owner] = request
                self._changed.notify()

    def forget(self, owner: Hashable) -> None:
        """Drop the owner's waiting request, if there is one. One being served runs to its end."""
        with self._changed:
            self._waiting.pop(owner, None)

    def close(self) -> None:
        """Drop what waits and end the thread after the request in hand, for which it waits at most 5 s.

        Idempotent, any thread.
        """
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify()
        if current_thread() is not self._thread:
            self._thread.join(5.0)  # a request that takes longer must not hold up the exit

    def _serve(self) -> None:
        while self._serve_one():
            pass

    def _serve_one(self) -> bool:
        # A function of its own, so that no local of the waiting thread keeps the last request alive.
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            owner = next(iter(self._waiting))
            request = self._waiting.pop(owner)
        try:
            self._work(request)
        except Exception as error:
            _log.exception("%s: a request failed", self._thread.name)
            self._report(owner, request, error)
        return True

    def _report(self, owner: Hashable, request: R, error: Exception) -> None:
        if self._on_error is None:
            return
        try:
            self._on_error(owner, request, error)
        except Exception:
            _log.exception("%s: reporting a failed request failed too", self._thread.name)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A piece of work: its result goes to `done`, or a sentence to `failed`, on the worker's thread."""

    work: Callable[[], Any]
    done: Callable[[Any], object]
    failed: Callable[[str], object]


def task_worker(name: str) -> Newest[Task]:
    """Start a worker for tasks; `name` is its thread's."""
    return Newest(_run, name, _fail)


def _run(task: Task) -> None:
    try:
        task.done(task.work())
    except SHOWN as error:  # no defect: the log is spared
        task.failed(str(error))


def _fail(_owner: Hashable, task: Task, error: Exception) -> None:
    task.failed(f"Something failed unexpectedly ({type(error).__name__}); the log has the details.")
