"""Each change of a selection is a new value, and every one can be taken back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.core.errors import BadSelection
from explorer.core.selection.selection import DEPTH, HOW, Selection

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


@given(st.lists(st.one_of(st.tuples(st.sampled_from(HOW), MASKS), st.sampled_from(["invert", "clear"]))))
def test_every_change_can_be_taken_back(changes: list) -> None:
    history = [Selection()]
    for change in changes:
        now = history[-1]
        if change == "clear":
            if now.mask is not None:  # clearing nothing is no change
                history.append(now.cleared())
        elif change == "invert":
            history.append(now.inverted(N))
        else:
            history.append(now.joined(change[1], change[0]))
    now = history[-1]
    for before in reversed(history[-DEPTH - 1 : -1]):
        now = now.undone()
        assert rows(now) == rows(before)
    assert len(history) > DEPTH or now.undone() is now


@given(MASKS)
def test_inverting_twice_selects_the_same(mask: np.ndarray) -> None:
    selection = Selection().joined(mask)
    assert rows(selection.inverted(N)) == set(range(N)) - rows(selection)
    assert rows(selection.inverted(N).inverted(N)) == rows(selection)


def test_clearing_nothing_is_no_change() -> None:
    empty = Selection()
    assert empty.cleared() is empty
    assert empty.count == 0


def test_the_last_changes_can_be_taken_back_and_no_more_is_kept() -> None:
    selection = Selection()
    for row in range(DEPTH + 5):
        selection = selection.joined(np.arange(DEPTH + 5) == row)
    for row in range(DEPTH + 3, 3, -1):
        selection = selection.undone()
        assert rows(selection) == {row}
    assert selection.undone() is selection


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
