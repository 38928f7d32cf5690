"""A view that is dragged holds the counts of one that is counted whole, wherever the hand has been."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.core.rendering import shade
from explorer.core.rendering.panning import Panning
from explorer.core.rendering.points import Points
from explorer.core.scene.viewport import Viewport

RNG = np.random.default_rng(0)
XY = RNG.normal(size=(6000, 2)).astype(np.float32)
LABELS = RNG.integers(0, 3, 6000)
COUNTED = Points.of(XY, LABELS, ("a", "b", "c"))
COLOURED = Points.of(XY, LABELS, ("a", "b", "c"), values=XY[:, 0].astype(float))
VIEW = Viewport(-1.3, 1.7, -1.1, 0.9, 40, 30)
STEPS = st.lists(st.tuples(st.integers(-45, 45), st.integers(-35, 35)), min_size=1, max_size=6)


def moved(viewport, right, up):
    across, upwards = VIEW.pixel
    return viewport.panned(right * across, up * upwards)


@pytest.mark.parametrize("points", [COUNTED, COLOURED], ids=["classes", "numbers"])
@given(steps=STEPS)
def test_a_dragged_view_has_the_counts_and_sums_of_one_counted_whole(points, steps):
    panning, view = Panning(least=0), VIEW
    panning.aggregate(points, view)
    for right, up in steps:
        view = moved(view, right, up)
        found, whole = panning.aggregate(points, view), shade.aggregate(points, view)
        np.testing.assert_array_equal(found.counts, whole.counts)
        assert found.visible == view.contains(XY).sum()
        if points is COLOURED:
            np.testing.assert_allclose(found.sums, whole.sums, atol=1e-9)


def test_nobody_is_counted_twice_or_left_out_on_the_edges_of_the_views():
    # On a lattice as wide as the pixels every point lies on edges, and at first on those of the view.
    grid = np.arange(-20, 21, dtype=np.float32)
    points = Points.of(np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2))
    panning, view = Panning(least=0), Viewport(-4.0, 4.0, -3.0, 3.0, 8, 6)
    assert panning.aggregate(points, view).counts.sum() == 9 * 7  # closed on all four sides
    for right, up in ((1, 0), (0, 1), (-3, -2), (2, 5), (9, 0)):
        view = view.panned(right, up)
        np.testing.assert_array_equal(panning.aggregate(points, view).counts[:, :, 0], 1)


@pytest.mark.parametrize(
    "view",
    [moved(VIEW, 2.5, 0), moved(VIEW, 0, 0.01), VIEW.zoomed(1.1), VIEW.resized(41, 30)],
    ids=["half a pixel", "a hundredth", "zoomed", "another size"],
)
def test_a_view_that_was_not_moved_by_whole_pixels_is_counted_whole(view):
    panning = Panning(least=0)
    panning.aggregate(COUNTED, VIEW)
    np.testing.assert_array_equal(
        panning.aggregate(COUNTED, view).counts, shade.aggregate(COUNTED, view).counts
    )


def test_other_points_are_counted_whole():
    panning = Panning(least=0)
    panning.aggregate(COUNTED, VIEW)
    other, view = COUNTED.showing(XY[:, 0] > 0, {"b"}), moved(VIEW, 3, 4)
    np.testing.assert_array_equal(panning.aggregate(other, view).counts, shade.aggregate(other, view).counts)


def test_only_what_came_into_view_is_counted(monkeypatch):
    panning = Panning(least=0)
    panning.aggregate(COUNTED, VIEW)
    monkeypatch.setattr("explorer.core.rendering.panning.aggregate", pytest.fail)
    view = moved(VIEW, 3, -2)
    np.testing.assert_array_equal(
        panning.aggregate(COUNTED, view).counts, shade.aggregate(COUNTED, view).counts
    )


@given(st.floats(-60, 60), st.floats(-60, 60))
def test_a_view_is_shown_by_whole_pixels_from_the_last_and_half_a_pixel_away_at_most(right, up):
    panning, view = Panning(least=0), moved(VIEW, right, up)
    assert panning.aligned(COUNTED, view) == view  # nothing is known yet
    panning.aggregate(COUNTED, VIEW)
    shown, (across, upwards) = panning.aligned(COUNTED, view), VIEW.pixel
    assert abs(shown.x0 - view.x0) <= 0.5001 * across
    assert abs(shown.y0 - view.y0) <= 0.5001 * upwards
    steps = (shown.x0 - VIEW.x0) / across, (shown.y0 - VIEW.y0) / upwards
    assert steps == pytest.approx([round(step) for step in steps], abs=1e-9)
    assert panning.aligned(COLOURED, view) == view
    assert panning.aligned(COUNTED, view.zoomed(1.01)) == view.zoomed(1.01)
