from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.core.errors import ExplorerError
from explorer.core.rendering.depth_buffer import FARTHEST, Front, counted
from explorer.core.rendering.points import Points
from explorer.core.rendering.shade import aggregate
from explorer.core.scene.viewport import Viewport

VIEWPORT = Viewport(-1.0, 1.0, -0.5, 0.5, 12, 8)


def cloud(seed: int, count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Places in and around the viewport, some on its very edge, and depths of which many are equal."""
    random = np.random.default_rng(seed)
    xy = random.uniform(-1.2, 1.2, size=(count, 2)).astype(np.float32)
    xy[::10, 0] = random.choice([-1, 1], size=len(xy[::10]))
    xy[::7, 1] = random.choice([-0.5, 0.5], size=len(xy[::7]))
    return xy, random.integers(-5, 5, size=count).astype(np.float32)


def front(xy: np.ndarray, depth: np.ndarray, viewport: Viewport, shown: np.ndarray | None = None) -> Front:
    """What is in front, of the points that are shown."""
    hidden = np.zeros(len(xy), np.bool_) if shown is None else ~shown
    found = counted(xy, depth, np.where(hidden, 2, 0).astype(np.int8), 3, viewport)[2]
    assert found is not None
    return found


def by_hand(
    xy: np.ndarray, depth: np.ndarray, viewport: Viewport, shown: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    index = np.full((viewport.height, viewport.width), -1)
    nearest = np.full((viewport.height, viewport.width), -np.inf)
    for i in np.flatnonzero(viewport.contains(xy) & shown):
        across, upward = viewport.pixel
        column = min(int((xy[i, 0] - viewport.x0) / across), viewport.width - 1)
        row = min(int((xy[i, 1] - viewport.y0) / upward), viewport.height - 1)
        if depth[i] > nearest[row, column]:
            index[row, column], nearest[row, column] = i, depth[i]
    return index, nearest


@given(seed=st.integers(0, 10_000), some=st.booleans())
def test_the_front_is_what_a_loop_by_hand_finds(seed: int, some: bool) -> None:
    xy, depth = cloud(seed)
    shown = np.random.default_rng(seed).random(len(xy)) < 0.5 if some else np.ones(len(xy), np.bool_)
    found = front(xy, depth, VIEWPORT, shown if some else None)
    index, nearest = by_hand(xy, depth, VIEWPORT, shown)
    np.testing.assert_array_equal(found.index, index)
    np.testing.assert_array_equal(found.depth, nearest)


def test_points_that_are_placed_part_by_part_have_one_front() -> None:
    xy, depth = cloud(3, count=5_000)
    found = front(xy, depth, VIEWPORT)
    index, nearest = by_hand(xy, depth, VIEWPORT, np.ones(len(xy), np.bool_))
    np.testing.assert_array_equal(found.index, index)
    np.testing.assert_array_equal(found.depth, nearest)


@given(seed=st.integers(0, 10_000), numbers=st.booleans())
def test_the_counts_are_those_of_the_map(seed: int, numbers: bool) -> None:
    xy, depth = cloud(seed)
    random, viewport = np.random.default_rng(seed), Viewport(-0.937, 1.0, -0.41, 0.5, 31, 17)
    labels, values = random.integers(0, 3, len(xy)), random.normal(size=len(xy)).astype(np.float32)
    selected, hidden = random.random(len(xy)) < 0.7, set() if numbers else {1}
    given = (None, ()) if numbers else (labels, ("a", "b", "c"))
    points = Points.of(xy, *given, values if numbers else None, selected, hidden)
    expected, order = aggregate(points, viewport), points.grid.order
    category = points.frame["category"].cat.codes.to_numpy()
    drawn = points.frame["value"].to_numpy() if numbers else None
    counts, sums, _ = counted(xy[order], depth[order], category, points.columns, viewport, values=drawn)
    np.testing.assert_array_equal(counts, expected.counts)
    if numbers:
        np.testing.assert_allclose(sums, expected.sums, rtol=1e-6, atol=1e-6)


@given(seed=st.integers(0, 10_000))
def test_there_is_a_front_exactly_where_the_map_counts_a_point(seed: int) -> None:
    xy, depth = cloud(seed)
    viewport = Viewport(-0.937, 1.01, -0.41, 0.733, 31, 17)
    counts = aggregate(Points.of(xy), viewport).counts[:, :, 0]
    np.testing.assert_array_equal(front(xy, depth, viewport).index >= 0, counts > 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_nearer_is_brighter(dtype: type) -> None:
    xy = np.array([[-0.9, 0.4], [0.0, 0.0], [0.9, -0.4], [0.9, -0.4]], dtype)
    found = front(xy, np.array([-1.0, 1.0, 3.0, -9.0], dtype), VIEWPORT)
    alpha = found.alpha()
    assert alpha.dtype == np.float32
    assert np.count_nonzero(alpha) == 3
    # What is hidden counts for nothing: the farthest is the farthest that is seen.
    np.testing.assert_allclose(np.sort(alpha[alpha > 0]), [FARTHEST, (1 + FARTHEST) / 2, 1])
    order = np.argsort(found.depth[found.index >= 0])
    assert (np.diff(alpha[found.index >= 0][order]) > 0).all()
    assert found.alpha(0.0).max() == 1
    with pytest.raises(ExplorerError, match="opacity of 2; give 0 to 1"):
        found.alpha(2)


def test_a_flat_cloud_is_bright_and_an_empty_one_is_not_there() -> None:
    xy, _ = cloud(0)
    found = front(xy, np.full(len(xy), 7.0, np.float32), VIEWPORT)
    np.testing.assert_array_equal(found.alpha(), found.index >= 0)
    nothing = front(xy[:0], np.empty(0, np.float32), VIEWPORT)
    assert (nothing.index == -1).all()
    assert not nothing.alpha().any()


def test_what_is_not_finite_is_nowhere() -> None:
    xy = np.array([[np.nan, 0.0], [0.0, np.inf], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]], np.float32)
    depth = np.array([9, 9, np.nan, np.inf, -np.inf], np.float32)
    assert (front(xy, depth, VIEWPORT).index == -1).all()


def test_the_point_that_is_picked_is_the_nearest_to_the_hand_and_then_to_the_eye() -> None:
    index = np.full((5, 6), -1, np.int32)
    depth = np.full((5, 6), -np.inf, np.float32)
    for row, column, point, near in ((1, 1, 10, 0.0), (1, 3, 11, 5.0), (4, 5, 12, 1.0)):
        index[row, column], depth[row, column] = point, near
    found = Front(index, depth, Viewport(0, 6, 0, 5, 6, 5))
    assert found.pick(1, 1) == 10
    assert found.pick(2, 1) is None
    assert found.pick(2, 1, within=1) == 11
    assert found.pick(0, 0, within=1) is None  # across the corner it is further than a pixel
    assert found.pick(0, 0, within=2) == 10
    assert found.pick(5, 3, within=3) == 12
    for outside in ((-1, 1), (6, 4), (1, -1), (5, 5)):
        assert found.pick(*outside, within=3) is None


def test_the_point_under_a_place_of_the_plane_is_found_by_the_viewport() -> None:
    xy, depth = np.array([[0.2, 0.2], [0.2, 0.2], [3.0, 1.0]], np.float32), np.array([0, 1, 0], np.float32)
    found = front(xy, depth, Viewport(-1.0, 4.0, -1.0, 4.0, 50, 50))
    assert found.under((0.2, 0.2)) == 1
    assert found.under((0.75, 0.2)) == 1
    assert found.under((1.5, 1.5)) is None
    assert found.under((9.0, 9.0)) is None
    assert found.of(np.array([7, 8, 9], np.int32)).under((3.0, 1.0)) == 9
