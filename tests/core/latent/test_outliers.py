"""A first view holds all points but those that would squash it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.core.latent import outliers
from explorer.core.latent.outliers import HELD, corners, inner_corners, inner_radius, union

ANY = arrays(np.float32, st.tuples(st.integers(1, 400), st.just(2)), elements=st.floats(-1e6, 1e6, width=32))


def held(xy: np.ndarray, box: np.ndarray) -> int:
    return int(((xy >= box[0]) & (xy <= box[1])).all(axis=1).sum())


@given(ANY)
def test_at_least_as_many_are_held_as_was_said(xy: np.ndarray) -> None:
    box = inner_corners(xy)
    assert held(xy, box) >= HELD * len(xy)
    whole = corners(xy)
    assert (box[0] >= whole[0]).all()
    assert (box[1] <= whole[1]).all()


def test_two_points_far_away_do_not_squash_the_rest() -> None:
    xy = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
    far = np.concatenate([xy, np.float32([[300, 0], [-2, 900]])])
    np.testing.assert_array_equal(inner_corners(far), corners(xy))
    np.testing.assert_array_equal(inner_corners(xy), corners(xy))  # those at the rim are no outliers


def test_of_few_points_none_is_an_outlier() -> None:
    xy = np.float32([[0, 0]] * 150 + [[50, 50]])
    np.testing.assert_array_equal(inner_corners(xy), corners(xy))


def test_points_on_a_line_are_held_and_those_off_it_are_not() -> None:
    line = np.column_stack([np.linspace(-3, 3, 1000), np.zeros(1000)]).astype(np.float32)
    np.testing.assert_array_equal(inner_corners(line), corners(line))
    off = np.concatenate([line, np.float32([[0, 70]])])
    np.testing.assert_array_equal(inner_corners(off), corners(line))


def test_what_is_not_finite_is_passed_over() -> None:
    xy = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
    broken = np.concatenate([xy, np.float32([[np.nan, 0], [0, np.inf]])])
    np.testing.assert_array_equal(inner_corners(broken), corners(xy))
    np.testing.assert_array_equal(inner_corners(np.full((3, 2), np.nan)), np.zeros((2, 2)))
    np.testing.assert_array_equal(inner_corners(np.zeros((0, 2))), np.zeros((2, 2)))


@pytest.mark.parametrize("sample", [20, 1000])
def test_what_a_sample_says_is_checked_against_all_points(
    monkeypatch: pytest.MonkeyPatch, sample: int
) -> None:
    xy = np.random.default_rng(1).normal(size=(5000, 2)).astype(np.float32)
    xy[::50] *= 50  # too many to be outliers, and too few to be in every small sample
    monkeypatch.setattr(outliers, "_SAMPLE", sample)
    assert held(xy, inner_corners(xy)) >= HELD * len(xy)


def test_outliers_are_found_by_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    xy = np.random.default_rng(1).normal(size=(5000, 2)).astype(np.float32)
    far = np.concatenate([np.full((5, 2), 1e5, np.float32), xy])
    monkeypatch.setattr(outliers, "_SAMPLE", 1000)
    np.testing.assert_array_equal(inner_corners(far), corners(xy))


def test_a_radius_leaves_out_what_is_far_away() -> None:
    radii = np.linspace(0, 1, 1000)
    assert inner_radius(radii) == 1.0
    assert inner_radius(np.append(radii, 40.0)) == 1.0
    assert inner_radius(np.array([0.0, 9.0])) == 9.0


def test_a_union_holds_both() -> None:
    one, other = np.array([[0.0, 1.0], [2.0, 2.0]]), np.array([[-1.0, 1.5], [1.0, 5.0]])
    np.testing.assert_array_equal(union(one, other), [[-1, 1], [2, 5]])
