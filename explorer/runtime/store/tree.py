"""A list with parents, as the rows of a tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Branch:
    """One row of a tree.

    Attributes
    ----------
    name
        What stands there.
    depth
        How many rows it hangs under; 0 for one that hangs under none.
    children
        How many hang under it directly.
    """

    name: str
    depth: int
    children: int


def rows(parents: Mapping[str, str | None]) -> tuple[Branch, ...]:
    """Put every name below its parent, those of one parent in the order in which their families begin.

    Parameters
    ----------
    parents
        The parent of each name, None where there is none. One that is not itself a name counts as none,
        and so does one that is a descendant of its own child: every name stands in the tree once. A family
        begins where the first of its members does, so that names that come newest first give the family
        that has changed last first.
    """
    families: dict[str | None, list[str]] = {}
    held = {name: _held(name, parents) for name in parents}
    placed: set[str] = set()
    for name in parents:
        way = list(_way(name, held))
        for member in way:
            if member in placed:
                break
            placed.add(member)
            families.setdefault(held[member], []).append(member)
    made: list[Branch] = []
    waiting = [(name, 0) for name in reversed(families.get(None, []))]
    while waiting:
        name, depth = waiting.pop()
        children = families.get(name, [])
        made.append(Branch(name, depth, len(children)))
        waiting += [(child, depth + 1) for child in reversed(children)]
    return tuple(made)


def _held(name: str, parents: Mapping[str, str | None]) -> str | None:
    parent = parents[name]
    if parent is None or parent not in parents or name in _way(parent, parents):
        return None
    return parent


def _way(name: str, parents: Mapping[str, str | None]) -> Iterator[str]:
    """The name and those above it, nearest first, each once."""
    seen: set[str] = set()
    at: str | None = name
    while at is not None and at in parents and at not in seen:
        seen.add(at)
        yield at
        at = parents[at]
