"""The description of a column, without its values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Kind(IntEnum):
    """The kind of a column's values: one of a few classes, a number, or any text."""

    CLASS = 0
    NUMBER = 1
    TEXT = 2


class Cost(IntEnum):
    """The time that a column takes on large data: none, some seconds, or up to half a minute."""

    AT_ONCE = 0
    SECONDS = 1
    LONG = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a scene.

    Attributes
    ----------
    name
        Its name in expressions, in a CSV and for sorting.
    title
        Its name in a menu.
    help
        A sentence that says what its values mean.
    unit
        The unit of its values; "" without one.
    heading
        The title of its legend, with the unit.
    of_map
        True where the values belong to the places on the map and not to the codes alone.
    """

    name: str
    title: str
    kind: Kind
    help: str
    cost: Cost = Cost.AT_ONCE
    unit: str = ""
    heading: str = ""
    of_map: bool = False

    @property
    def menu(self) -> str:
        """The title, with the name beside it where they differ."""
        return self.title if self.title == self.name else f"{self.title} · {self.name}"

    @property
    def legend(self) -> str:
        """The heading, or the title with the unit."""
        return self.heading or (f"{self.title}, {self.unit}" if self.unit else self.title)
