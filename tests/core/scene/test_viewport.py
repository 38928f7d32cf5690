"""A viewport is a rectangle of the plane and its pixels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.core.errors import ExplorerError
from explorer.core.scene.viewport import LARGEST_SIDE, Viewport

FINITE = st.floats(-1e6, 1e6, width=32)
SIDES = st.integers(1, 2000)
HOME = Viewport(-2.0, 5.0, -1.0, 5.0, 700, 600)


@given(arrays(np.float32, st.tuples(st.integers(1, 20), st.just(2)), elements=FINITE), SIDES, SIDES)
def test_around_holds_every_point_at_one_scale(xy, width, height):
    viewport = Viewport.around(xy, width, height)
    assert viewport.contains(xy).all()
    dx, dy = viewport.pixel
    assert dx == pytest.approx(dy, rel=1e-6)


def test_around_leaves_the_margin_and_no_more():
    square = np.array([[0, 0], [10, 10]], np.float32)
    viewport = Viewport.around(square, 500, 500, margin=0.1)
    assert (*viewport.x_range, *viewport.y_range) == pytest.approx((-1, 11, -1, 11))


@pytest.mark.parametrize(
    "xy", [np.zeros((0, 2)), np.full((3, 2), np.nan), np.full((4, 2), 7.0), np.full((2, 2), 1e7)]
)
def test_around_one_place_or_none_is_still_a_view(xy):
    viewport = Viewport.around(xy, 640, 480)
    assert viewport.contains(xy[np.isfinite(xy).all(axis=1)]).all()
    assert viewport.y1 - viewport.y0 >= 1.9


def test_around_passes_over_what_is_not_finite():
    xy = np.array([[0, 0], [np.inf, 3], [1, np.nan], [2, 2]])
    assert Viewport.around(xy, 10, 10) == Viewport.around(xy[[0, 3]], 10, 10)


@given(st.floats(0.1, 10), st.floats(-2, 5), st.floats(-1, 5))
def test_zooming_keeps_the_place_under_the_hand(factor, x, y):
    closer = HOME.zoomed(factor, (x, y))
    assert (x - closer.x0) / (closer.x1 - closer.x0) == pytest.approx((x + 2) / 7, abs=1e-9)
    assert (y - closer.y0) / (closer.y1 - closer.y0) == pytest.approx((y + 1) / 6, abs=1e-9)
    back = closer.zoomed(1 / factor, (x, y))
    assert (*back.x_range, *back.y_range) == pytest.approx((-2, 5, -1, 5), abs=1e-9)


def test_zooming_in_shows_less():
    assert HOME.zoomed(2).x_range == (-0.25, 3.25)


def test_panning_there_and_back_is_home():
    assert HOME.panned(1.5, -2).panned(-1.5, 2) == HOME
    assert HOME.panned(1, 0).x_range == (-1, 6)


def test_resizing_keeps_middle_and_scale():
    small = HOME.resized(350, 300)
    assert small.pixel == pytest.approx(HOME.pixel)
    assert small.x_range == (-0.25, 3.25)


def test_views_are_alike_whatever_their_sizes():
    assert HOME.alike(HOME.resized(350, 300))
    assert HOME.resized(351, 300).alike(HOME)
    assert not HOME.alike(HOME.zoomed(1.1))
    assert not HOME.alike(HOME.panned(0.1, 0))


def test_ranges_are_taken_as_they_are():
    assert Viewport.of_ranges((-2, 5), (-1, 5), 700, 600) == HOME


def test_the_edges_belong_to_it():
    corners = np.array([[-2, -1], [5, 5], [-2.001, 0], [0, 5.001]])
    assert HOME.contains(corners).tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("ranges", "size", "words"),
    [
        ((0, math.nan, 0, 1), (5, 5), "x range .* not finite"),
        ((0, 1, 0, math.inf), (5, 5), "y range .* not finite"),
        ((1, 0, 0, 1), (5, 5), "empty or inverted"),
        ((0, 1, 2, 2), (5, 5), "empty or inverted"),
        ((1e9, 1e9 + 1e-3, 0, 1), (5, 5), "empty or inverted"),
        ((0, 1, 0, 1), (0, 5), "width of 0"),
        ((0, 1, 0, 1), (5, LARGEST_SIDE + 1), "height"),
    ],
)
def test_what_is_no_view_is_refused_in_a_sentence(ranges, size, words):
    with pytest.raises(ExplorerError, match=words):
        Viewport(*ranges, *size)


@pytest.mark.parametrize("factor", [0, -1, math.nan, math.inf])
def test_no_zoom_by_nothing(factor):
    with pytest.raises(ExplorerError, match="factor above 0"):
        HOME.zoomed(factor)
