"""One writer's latest value, for any number of readers."""

from __future__ import annotations

from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Published(Generic[T]):
    """The latest value that was posted, with the number of those before it.

    A reader compares the version with the one it has shown and returns at once when they are
    equal; values not read in between are gone, which is the point. The values themselves
    have to be immutable: nothing is copied.

    Notes
    -----
    Version and value live in one tuple that is replaced as a whole, so `read` takes no lock and
    never sees the version of one value beside another.
    """

    __slots__ = ("_latest", "_lock")

    def __init__(self) -> None:
        self._latest: tuple[int, T | None] = (0, None)
        self._lock = Lock()

    def post(self, value: T) -> int:
        """Make `value` the latest and return its version: 1 for the first, one more for each next."""
        with self._lock:
            version = self._latest[0] + 1
            self._latest = (version, value)
        return version

    def read(self) -> tuple[int, T | None]:
        """Return the latest version and its value; ``(0, None)`` before the first `post`."""
        return self._latest

    @property
    def version(self) -> int:
        """The number of values posted so far."""
        return self._latest[0]


class Log(Generic[T]):
    """An append-only sequence that is read by index: every entry counts, none is dropped.

    A reader keeps the index up to which it has read and asks for what came `since`. The index,
    not a timer, says whether there is anything to do.
    """

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: list[T] = []

    def append(self, entry: T) -> int:
        """Add one entry (one writer only) and return how many there are now."""
        self._entries.append(entry)
        return len(self._entries)

    def since(self, index: int) -> tuple[T, ...]:
        """Return the entries from `index` on: ``since(0)`` is all of them, ``since(len(log))`` none."""
        # A list that only grows may be sliced while another thread appends to it.
        return tuple(self._entries[max(index, 0) :])

    def __len__(self) -> int:
        return len(self._entries)
