"""Each change of a selection is a new value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from explorer.core.errors import BadSelection
from explorer.core.selection.selection import HOW, Selection

N = 12
MASKS = arrays(bool, N)


def rows(selection: Selection) -> set[int]:
    return set() if selection.mask is None else set(np.flatnonzero(selection.mask).tolist())


@given(MASKS, MASKS)
def test_ways_to_join_are_those_of_sets(first: np.ndarray, second: np.ndarray) -> None:
    start = Selection().joined(first)
    a, b = set(np.flatnonzero(first).tolist()), set(np.flatnonzero(second).tolist())
    wanted = {"replace": b, "add": a | b, "remove": a - b, "intersect": a & b}
    assert set(HOW) == wanted.keys()
    for how in HOW:
        joined = start.joined(second, how)
        assert rows(joined) == wanted[how]
        assert joined.count == len(wanted[how])
        assert (joined.mask is None) == (not wanted[how])
    assert rows(start) == a


@given(MASKS)
def test_inverting_twice_selects_the_same(mask: np.ndarray) -> None:
    selection = Selection().joined(mask)
    assert rows(selection.inverted(N)) == set(range(N)) - rows(selection)
    assert rows(selection.inverted(N).inverted(N)) == rows(selection)


def test_clearing_nothing_is_no_change() -> None:
    empty = Selection()
    assert empty.cleared() is empty
    assert empty.count == 0


def test_a_mask_is_a_copy_that_nobody_writes_to() -> None:
    mask = np.zeros(N, dtype=bool)
    mask[3] = True
    selection = Selection().joined(mask)
    mask[:] = True
    assert rows(selection) == {3}
    with pytest.raises(ValueError, match="read-only"):
        selection.mask[0] = True


def test_a_mask_over_other_data_is_refused() -> None:
    selection = Selection().joined(np.ones(N, dtype=bool))
    with pytest.raises(BadSelection, match="select again"):
        selection.joined(np.ones(N + 1, dtype=bool), "add")
    with pytest.raises(BadSelection, match="replace, add, remove, intersect"):
        selection.joined(np.ones(N, dtype=bool), "xor")
