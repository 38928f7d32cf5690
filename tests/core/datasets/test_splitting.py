from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from explorer.core.datasets.splitting import HELD_OUT, split_rows

LABELS = st.lists(st.integers(0, 6), min_size=2, max_size=300).map(
    lambda each: np.unique(each, return_inverse=True)[1].astype(np.int64)
)


@given(LABELS)
def test_a_split_is_disjoint_complete_and_never_empty(labels: np.ndarray) -> None:
    train, test = split_rows(len(labels), labels)
    assert sorted([*train, *test]) == list(range(len(labels)))
    assert len(train)
    assert len(test)
    again = split_rows(len(labels), labels)
    np.testing.assert_array_equal(train, again[0])
    np.testing.assert_array_equal(test, again[1])


@given(LABELS)
def test_a_split_is_stratified(labels: np.ndarray) -> None:
    train, test = split_rows(len(labels), labels)
    every, held_out = np.bincount(labels), np.bincount(labels[test], minlength=labels.max() + 1)
    share_is_whole = np.abs(held_out - every * HELD_OUT) <= 1
    kept_to_train_on = every - held_out == 1
    assert (share_is_whole | kept_to_train_on).all()
    if (every > 1).any():
        assert (np.bincount(labels[train], minlength=len(every)) >= 1).all()


@given(st.integers(2, 500))
def test_without_labels_one_row_in_five_is_held_out(n: int) -> None:
    train, test = split_rows(n)
    assert len(test) == max(1, round(n * HELD_OUT + 1e-9))
    assert len(train) + len(test) == n


def test_it_is_shuffled() -> None:
    _, test = split_rows(1000)
    assert 300 < np.median(test) < 700
    assert len(set(np.diff(test))) > 3


def test_one_row_or_none_stays_in_training() -> None:
    assert [len(part) for part in split_rows(1)] == [1, 0]
    assert [len(part) for part in split_rows(0)] == [0, 0]
