"""Points are prepared once, in another order, and nothing is lost by it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.core.errors import DataError, UnknownName
from explorer.core.rendering import palette
from explorer.core.rendering.grid_order import GridOrder
from explorer.core.rendering.points import COLUMNS, Points

RNG = np.random.default_rng(0)
XY = RNG.normal(size=(500, 2)).astype(np.float32)
LABELS = RNG.integers(0, 3, 500)
CLASSES = ("a", "b", "c")
COORDINATES = st.floats(-1e6, 1e6, width=32)


def codes(points):
    """Category of each sample, in the samples' own order."""
    found = np.empty(len(points), int)
    found[points.grid.order] = points.frame["category"].cat.codes
    return found


@given(arrays(np.float32, 60, elements=COORDINATES), COORDINATES, COORDINATES)
def test_a_span_holds_every_point_of_its_heights_once(y, low, high):
    low, high = sorted((low, high))
    grid = GridOrder.of(y[::-1].copy(), y)
    assert sorted(grid.order) == list(range(60))
    first, end = grid.span(low, high)
    outside = np.delete(grid.order, np.s_[first:end])
    assert not ((y[outside] >= low) & (y[outside] <= high)).any()


def test_a_narrow_span_reads_little_although_one_point_is_far_off():
    y = np.append(RNG.normal(size=20_000), 1e9).astype(np.float32)
    first, end = GridOrder.of(y, y).span(0.0, 0.1)
    assert end - first < 0.1 * len(y)


def test_rows_of_the_frame_are_the_samples_in_grid_order():
    points = Points.of(XY, LABELS, CLASSES)
    np.testing.assert_array_equal(points.frame[["x", "y"]].to_numpy(), XY[points.grid.order])
    np.testing.assert_array_equal(codes(points), LABELS)
    assert points.frame.dtypes[["x", "y"]].eq(np.float32).all()


def test_what_is_not_selected_is_context_and_hidden_classes_go_first():
    selected = XY[:, 0] > 0
    points = Points.of(XY, LABELS, CLASSES, selected=selected, hidden={"b"})
    expected = np.where(selected, LABELS, points.columns - 2)
    expected[LABELS == 1] = points.columns - 1
    np.testing.assert_array_equal(codes(points), expected)


def test_showing_equals_preparing_anew():
    selected = XY[:, 1] > 0.3
    for values in (None, XY[:, 0].astype(float)):
        base = Points.of(XY, LABELS, CLASSES, values=values, selected=XY[:, 0] > 0, hidden={0})
        again = base.showing(selected, {2})
        fresh = Points.of(XY, LABELS, CLASSES, values=values, selected=selected, hidden={"c"})
        np.testing.assert_array_equal(codes(again), codes(fresh))
        assert again.frame.equals(fresh.frame)
        assert (again.hidden, again.value_range) == (fresh.hidden, fresh.value_range)


def test_a_number_that_is_missing_is_context():
    values = XY[:, 0].astype(float)
    values[:7] = np.nan
    values[7] = np.inf
    points = Points.of(XY, values=values)
    assert (codes(points)[:8] == points.columns - 2).all()
    assert (codes(points)[8:] == 0).all()
    assert np.isfinite(points.frame["value"]).all()
    low, high = points.value_range
    assert (low, high) == pytest.approx(np.percentile(values[8:], (1, 99)))


def test_a_number_that_is_missing_is_context_although_selected():
    values = np.where(LABELS == 0, np.nan, 1.0)
    points = Points.of(XY, values=values, selected=LABELS != 1)
    np.testing.assert_array_equal(codes(points) == 0, LABELS == 2)


@pytest.mark.parametrize("values", [np.full(500, np.nan), np.full(500, 4.0)])
def test_numbers_without_a_range_still_have_a_scale(values):
    low, high = Points.of(XY, values=values).value_range
    assert high > low


@pytest.mark.parametrize("count", [1, 10, 11, 24, 25, palette.MOST, palette.MOST + 1, 300])
def test_any_number_of_classes_fits_one_of_the_compiled_sizes(count):
    labels = RNG.integers(0, count, 500)
    points = Points.of(XY, labels, tuple(map(str, range(count))))
    assert points.columns in COLUMNS
    assert points.colours == min(count, palette.MOST)
    np.testing.assert_array_equal(codes(points), labels % palette.MOST)


def test_grades_share_colours_by_neighbours():
    labels = RNG.integers(0, 256, 500)
    points = Points.of(XY, labels, tuple(map(str, range(256))), ordered=True)
    assert points.colours == palette.MOST
    np.testing.assert_array_equal(codes(points), labels * palette.MOST // 256)
    assert points.showing(hidden={0}).ordered
    assert [points.colour_of(which) for which in (0, 3, 4, 255)] == [0, 0, 1, 63]


def test_no_labels_and_no_points_are_points_too():
    assert Points.of(XY).colours == 1
    assert not codes(Points.of(XY)).any()
    assert len(Points.of(np.zeros((0, 2), np.float32))) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_positions_that_are_not_finite_are_refused_with_their_number(bad):
    xy = XY.copy()
    xy[3, 1] = xy[5, 0] = bad
    with pytest.raises(DataError, match="2 of 500 positions are not finite"):
        Points.of(xy, LABELS, CLASSES)


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match="0 to 2 do not fit 2 classes"):
        Points.of(XY, LABELS, ("a", "b"))
    with pytest.raises(UnknownName, match="the classes are a, b, c"):
        Points.of(XY, LABELS, CLASSES, hidden={"d"})
    with pytest.raises(UnknownName, match="no class 3"):
        Points.of(XY, LABELS, CLASSES, hidden={3})
    with pytest.raises(DataError, match="does not fit 500 points"):
        Points.of(XY, LABELS, CLASSES).showing(np.ones(3, bool))


def test_moving_points_copies_no_coordinate() -> None:
    random = np.random.default_rng(0)
    codes = random.normal(size=(200, 3)).astype(np.float32)
    points = Points.of(codes[:, :2], random.integers(0, 3, 200), ("a", "b", "c"))
    xy = np.ascontiguousarray(codes[:, 1:].T).T
    moved = points.moved(xy)
    assert np.shares_memory(moved.frame["x"].to_numpy(), xy)
    assert np.shares_memory(moved.frame["y"].to_numpy(), xy)
    np.testing.assert_array_equal(np.column_stack([moved.frame["x"], moved.frame["y"]]), xy)
    assert moved.frame["category"].equals(points.frame["category"])
    assert list(moved.frame) == list(points.frame)
