"""Counts along a scale are the samples that ranges of it select."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from explorer.core.rendering.distribution import CELLS, Distribution, between
from explorer.core.rendering.points import scale_of

VALUES = arrays.arrays(
    np.float32,
    st.integers(1, 60),
    elements=st.floats(-1e6, 1e6, width=32) | st.sampled_from([np.nan, np.inf]),
)


@given(VALUES, st.integers(0, CELLS), st.integers(0, CELLS))
def test_what_a_range_counts_is_what_it_selects(values: np.ndarray, one: int, other: int) -> None:
    start, stop = sorted((one, other))
    found = Distribution.of(values)
    mask = found.mask(values, start, stop)
    if start < stop:
        assert found.counts[start:stop].sum() == mask.sum()
    assert found.counts.sum() == np.isfinite(values).sum()
    assert not mask[~np.isfinite(values)].any()


def test_the_ends_of_the_scale_hold_what_lies_beyond_it() -> None:
    values = np.concatenate([np.linspace(0, 1, 1_000), [-50, 70, 90]]).astype(np.float32)
    found = Distribution.of(values)
    assert (found.edges[0], found.edges[-1]) == pytest.approx(scale_of(values))
    assert found.mask(values, CELLS - 1, CELLS)[-2:].all()
    assert found.mask(values, 0, 1)[-3]
    assert found.mask(values, 0, CELLS).all()
    inner = found.mask(values, 64, 128)
    np.testing.assert_array_equal(inner, (values >= found.edges[64]) & (values < found.edges[128]))


def test_a_value_on_an_edge_belongs_to_the_cell_above_it() -> None:
    values = np.concatenate([np.zeros(100), np.arange(257), np.full(100, 256)]).astype(np.float32)
    found = Distribution.of(values)
    np.testing.assert_array_equal(found.edges, np.arange(257))
    assert found.counts[1:-1].tolist() == [1] * 254
    for start, stop in ((0, 128), (100, 101), (128, 256)):
        assert found.mask(values, start, stop).sum() == found.counts[start:stop].sum()


def test_numbers_that_are_given_belong_to_the_range() -> None:
    values = np.array([0.1, 0.2, 0.3, np.nan], np.float32)
    assert between(values, 0.1, 0.2).tolist() == [True, True, False, False]
    assert between(values, -np.inf, np.inf).tolist() == [True, True, True, False]
    assert between(values, 0.3, 1e300).tolist() == [False, False, True, False]


def test_one_value_alone_has_a_scale() -> None:
    found = Distribution.of(np.full(7, 3.0, np.float32))
    assert found.counts[0] == found.counts.sum() == 7
