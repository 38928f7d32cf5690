"""From whichever side a cloud in space is seen, every point is counted where it is."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.core import projections
from explorer.core.projections import Turning
from explorer.core.projections.turnable.orientation import Orientation
from explorer.core.rendering.cloud_3d import Cloud3D
from explorer.core.rendering.grid_order import GridOrder
from explorer.core.rendering.points import Points
from explorer.core.rendering.shade import aggregate
from explorer.core.scene.viewport import Viewport

RNG = np.random.default_rng(0)
CLOUD = RNG.normal(size=(3_000, 3)).astype(np.float32)
LABELS = RNG.integers(0, 3, len(CLOUD))
CLASSES = ("a", "b", "c")
SIDES = [Orientation(), Orientation(1, 2, 3, 4), Orientation(0, 1, 0, 0)]
VIEW = Viewport(-3.0, 3.0, -2.5, 2.5, 60, 50)


def seen_from(name: str, orientation: Orientation) -> Turning:
    fitted = projections.create(name).fit(CLOUD)
    assert isinstance(fitted, Turning)
    return fitted.turned(orientation)


def prepared(values: np.ndarray | None = None, hidden: set[int] = frozenset()) -> tuple[Cloud3D, Points]:
    solid = Cloud3D.of(CLOUD)
    classes = () if values is not None else CLASSES
    labels = None if values is not None else LABELS
    return solid, Points.of(
        solid.codes[:, :2], labels, classes, values=values, hidden=hidden, grid=solid.grid
    )


@pytest.mark.parametrize("orientation", SIDES)
@pytest.mark.parametrize("name", ["rotation", "orthographic", "stereographic", "cylindrical"])
def test_each_side_is_counted_as_if_it_were_the_only_one(name: str, orientation: Orientation) -> None:
    projection, (solid, points) = seen_from(name, orientation), prepared()
    found = solid.counted(points, projection, VIEW)[0]
    xy, near = projection.see(CLOUD)
    shown = near >= 0 if projection.sphere else np.ones(len(CLOUD), bool)
    flat = Points.of(xy[shown], LABELS[shown], CLASSES)
    expected = aggregate(flat, VIEW)
    np.testing.assert_array_equal(found.counts[:, :, :-2], expected.counts[:, :, :-2])
    assert found.colours == expected.colours == len(CLASSES)


@pytest.mark.parametrize("dimmed", [False, True])
def test_the_back_of_a_globe_is_hidden_or_context(dimmed: bool) -> None:
    projection, (solid, points) = seen_from("orthographic", SIDES[1]), prepared(hidden={0})
    counts = solid.counted(points, projection, VIEW, dimmed=dimmed)[0].counts.sum(axis=(0, 1))
    before = projection.visible(CLOUD)
    assert counts[:3].tolist() == [0, *(int((before & (label == LABELS)).sum()) for label in (1, 2))]
    behind = int((~before & (LABELS != 0)).sum())
    assert (counts[-2], counts[-1]) == (
        (behind, int((LABELS == 0).sum())) if dimmed else (0, len(CLOUD) - int(counts[:3].sum()))
    )


def test_numbers_behind_a_globe_colour_nothing() -> None:
    values = RNG.uniform(1, 2, len(CLOUD)).astype(np.float32)
    projection, (solid, points) = seen_from("orthographic", SIDES[1]), prepared(values)
    sums = solid.counted(points, projection, VIEW)[0].sums
    assert sums is not None
    assert sums.sum() == pytest.approx(values[projection.visible(CLOUD)].sum(), rel=1e-5)


@pytest.mark.parametrize("orientation", SIDES)
def test_in_front_is_the_nearest_that_is_not_hidden(orientation: Orientation) -> None:
    projection, (solid, points) = seen_from("rotation", orientation), prepared(hidden={1})
    front = solid.counted(points, projection, VIEW)[1].of(points.grid.order)
    xy, near = projection.see(CLOUD)
    column = ((xy[:, 0] + 3) / 6 * 60).astype(int)
    row = ((xy[:, 1] + 2.5) / 5 * 50).astype(int)
    for place in ((30, 25), (20, 30), (33, 17)):
        here = np.flatnonzero((column == place[0]) & (row == place[1]) & (LABELS != 1))
        expected = here[near[here].argmax()] if len(here) else -1
        assert front.index[place[1], place[0]] == expected


def test_no_view_leaves_out_a_point_that_is_in_the_order_of_space() -> None:
    far = np.concatenate([CLOUD, [[1e6, -1e6, 3.0]]]).astype(np.float32)
    grid = GridOrder.of_space(far)
    np.testing.assert_array_equal(np.sort(grid.order), np.arange(len(far)))
    for y_range in ((-1e9, -1e8), (0.0, 1e-6), (-3.0, 3.0)):
        assert grid.span(*y_range) == (0, len(far))
