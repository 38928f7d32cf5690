"""A least-recently-used cache with a bound on the number and on the weight of its values."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class LRU(Generic[V]):
    """Values by key; where there are too many, the least recently used is dropped. Safe on any thread.

    Parameters
    ----------
    most
        The most values that are kept.
    weight, capacity
        The weight of one value, and the most that all of them may weigh.
    least
        The number of the values used last that are kept whatever their weight.
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
        """Keep a value, and drop others where they are too many or too heavy."""
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
