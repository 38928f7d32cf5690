"""The values used last: a cache with a bound on their number and on what they weigh."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class LRU(Generic[V]):
    """Values by key; of too many, the one not used for longest goes first. Safe on any thread.

    Parameters
    ----------
    most
        How many values are kept.
    weight, capacity
        What one value weighs, and how much all of them may weigh.
    least
        How many of the values used last are kept whatever they weigh.
    """

    def __init__(
        self,
        most: int,
        *,
        weight: Callable[[V], int] = lambda value: 0,
        capacity: int = 0,
        least: int = 0,
    ) -> None:
        self._most, self._weight, self._capacity, self._least = most, weight, capacity, least
        self._values: OrderedDict[Hashable, V] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> V | None:
        """Return the value of a key; None where it is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: Hashable, value: V) -> None:
        """Keep a value, and drop what is too much."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._least and self._too_much():
                self._values.popitem(last=False)

    def __len__(self) -> int:
        return len(self._values)

    def _too_much(self) -> bool:
        if len(self._values) > self._most:
            return True
        return sum(map(self._weight, self._values.values())) > self._capacity
