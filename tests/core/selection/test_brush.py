"""A brush means exactly the points in its shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.core.errors import BadSelection
from explorer.core.selection import brush
from explorer.core.selection.brush import Box, Lasso, combine, invert

MASKS = arrays(bool, 12)


def ray_caster(vertices: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Even-odd, one point and one edge at a time, as in the textbook."""
    inside = []
    for px, py in xy.astype(float):
        odd = False
        for (ax, ay), (bx, by) in zip(vertices, np.roll(vertices, -1, axis=0), strict=True):
            if ay > by:
                ax, ay, bx, by = bx, by, ax, ay
            if ay <= py < by and px < ax + (py - ay) * ((bx - ax) / (by - ay)):
                odd = not odd
        inside.append(odd)
    return np.array(inside, dtype=bool)


def lasso_or_none(vertices: np.ndarray) -> Lasso | None:
    try:
        return Lasso(vertices)
    except BadSelection:
        return None


@given(st.integers(0, 2**32 - 1), st.integers(3, 40), st.sampled_from([np.float32, np.float64]))
def test_a_lasso_that_crosses_itself_equals_a_brute_force_ray_caster(seed, corners, dtype):
    rng = np.random.default_rng(seed)
    vertices = rng.normal(size=(corners, 2))  # random corners: it crosses itself many times
    xy = rng.normal(size=(300, 2)).astype(dtype)
    np.testing.assert_array_equal(Lasso(vertices).mask(xy), ray_caster(vertices, xy))


@given(arrays(np.int8, (6, 2), elements=st.integers(-3, 3)))
def test_points_on_corners_and_edges_are_decided_as_the_rule_says(corners):
    lasso = lasso_or_none(corners.astype(float))
    if lasso is not None:
        steps = np.arange(-7, 8) / 2  # most of these lie on corners, edges and their prolongations
        xy = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
        np.testing.assert_array_equal(lasso.mask(xy), ray_caster(corners.astype(float), xy))


def test_where_a_lasso_goes_round_twice_is_outside():
    turns = np.linspace(0, 4 * np.pi, 200, endpoint=False)
    twice = np.stack([np.cos(turns), np.sin(turns)], axis=1) * (1 + turns / (2 * np.pi))[:, None]
    xy = np.array([[-0.5, 0.0], [-2.0, 0.0], [-4.0, 0.0]])
    assert Lasso(twice).mask(xy).tolist() == [False, True, False]


def test_two_lassos_that_share_an_edge_part_its_points_between_them():
    left = Lasso(np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float))
    right = Lasso(np.array([[1, 1], [2, 1], [2, 0], [1, 0]], float))
    shared = np.stack([np.ones(9), np.linspace(0, 1, 9, endpoint=False)], axis=1)
    assert (left.mask(shared) ^ right.mask(shared)).all()


@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(0.01, 2), st.floats(0.01, 2))
def test_a_box_equals_comparisons_and_a_lasso_of_its_corners(x0, y0, width, height):
    xy = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32)
    box, x1, y1 = Box(x0 + width, y0, x0, y0 + height), x0 + width, y0 + height
    x, y = xy.astype(float).T
    np.testing.assert_array_equal(box.mask(xy), (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1))
    drawn = Lasso(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]))
    inner = (x != x0) & (x != x1) & (y != y0) & (y != y1)
    np.testing.assert_array_equal(drawn.mask(xy)[inner], box.mask(xy)[inner])


def test_the_edges_of_a_box_belong_to_it_and_are_not_rounded_to_float32():
    box = Box(0.0, 0.0, 0.1, 1.0)
    edges = np.array([[0, 0], [0.1, 1], [0.05, 0.5], [0.1, 1.01]])
    assert box.mask(edges).tolist() == [True, True, True, False]
    # float32(0.1) lies above 0.1.
    assert not box.mask(np.array([[0.1, 0.5]], np.float32))[0]


def test_positions_that_are_not_finite_are_in_no_shape():
    xy = np.array([[np.nan, 0.0], [0.0, np.inf], [0.0, 0.0]])
    around = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)
    assert Box(-1, -1, 1, 1).mask(xy).tolist() == [False, False, True]
    assert Lasso(around).mask(xy).tolist() == [False, False, True]


@pytest.mark.parametrize(
    "vertices",
    [
        np.zeros((0, 2)),
        np.array([[0.0, 0.0], [1.0, 1.0]]),
        np.array([[0.0, 0.0], [1.0, 1.0], [np.nan, 0.0]]),
        np.array([[0.0, 0.0], [1.0, 1.0], [3.0, 3.0], [-2.0, -2.0]]),
        np.ones((5, 2)),
    ],
)
def test_a_lasso_without_area_is_refused(vertices):
    with pytest.raises(BadSelection, match="lasso"):
        Lasso(vertices)


@pytest.mark.parametrize("corners", [(0, 0, 0, 1), (0, 0, 1, 0), (0, 0, np.inf, 1)])
def test_a_box_without_area_is_refused(corners):
    with pytest.raises(BadSelection, match="box"):
        Box(*map(float, corners))


def test_a_lasso_keeps_its_own_corners():
    drawn = np.array([[0, 0], [1, 0], [0, 1]], float)
    lasso = Lasso(drawn)
    drawn[:] = 7
    assert lasso.mask(np.array([[0.2, 0.2]]))[0]


@given(MASKS, MASKS)
def test_combining_obeys_the_algebra_of_sets(a, b):
    np.testing.assert_array_equal(combine(a, a, "add"), a)
    np.testing.assert_array_equal(combine(a, a, "intersect"), a)
    assert not combine(a, a, "remove").any()
    np.testing.assert_array_equal(combine(a, b, "replace"), b)
    np.testing.assert_array_equal(combine(a, b, "remove"), combine(a, invert(b), "intersect"))
    np.testing.assert_array_equal(invert(combine(a, b, "add")), combine(invert(a), invert(b), "intersect"))
    np.testing.assert_array_equal(invert(invert(a)), a)


@given(MASKS)
def test_no_selection_is_the_empty_one(a):
    np.testing.assert_array_equal(combine(None, a, "add"), a)
    assert not combine(None, a, "remove").any()
    assert not combine(None, a, "intersect").any()


def test_combining_gives_a_mask_of_its_own():
    new = np.array([True, False])
    combine(None, new, "replace")[:] = False
    assert new.tolist() == [True, False]


def test_what_cannot_be_combined_is_refused():
    with pytest.raises(BadSelection, match="replace, add"):
        combine(None, np.ones(3, bool), "xor")
    with pytest.raises(BadSelection, match="select again"):
        combine(np.ones(2, bool), np.ones(3, bool), "add")


@given(st.integers(1, 200), st.data())
def test_random_takes_exactly_n_and_the_same_for_the_same_seed(total, data):
    n = data.draw(st.integers(1, total))
    mask = brush.random(total, n, seed=3)
    assert mask.sum() == n
    np.testing.assert_array_equal(mask, brush.random(total, n, seed=3))


def test_random_reaches_every_sample_alike():
    taken = sum(brush.random(10, 3, seed).astype(int) for seed in range(2000))
    assert np.abs(taken / 2000 - 0.3).max() < 0.05  # about 5 standard deviations


@pytest.mark.parametrize("n", [0, -1, 11])
def test_random_refuses_more_than_there_are(n):
    with pytest.raises(BadSelection, match="1 to 10"):
        brush.random(10, n, seed=0)
