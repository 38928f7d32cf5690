from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.core.errors import ExplorerError, NotFitted
from explorer.core.projections import Rotation
from explorer.core.projections.turnable.orientation import Orientation

CLOUD = np.random.default_rng(0).normal(size=(500, 3)) * [3, 2, 1] + [10, -20, 30]
PARTS = st.tuples(*[st.floats(0.1, 1)] * 4)


@given(parts=PARTS)
def test_a_view_and_its_depth_are_the_turned_cloud_about_its_mean(parts: tuple[float, ...]) -> None:
    orientation = Orientation(*parts)
    view = Rotation().fit(CLOUD).turned(orientation)
    expected = orientation.apply(CLOUD - CLOUD.mean(axis=0))
    np.testing.assert_allclose(view.forward(CLOUD), expected[:, :2], atol=1e-12)
    np.testing.assert_allclose(view.depth(CLOUD), expected[:, 2], atol=1e-12)
    # Nothing is lost between the two: with its depth, a point of the screen is a code again.
    lifted = view.inverse(view.forward(CLOUD)) + view.depth(CLOUD)[:, None] * orientation.matrix[2]
    np.testing.assert_allclose(lifted, CLOUD, atol=1e-12)


@given(parts=PARTS, row=st.integers(0, 499))
def test_the_plane_parallel_to_the_screen_can_be_laid_through_a_code(
    parts: tuple[float, ...], row: int
) -> None:
    through = CLOUD[row]
    view = Rotation(through=through).fit(CLOUD).turned(Orientation(*parts))
    np.testing.assert_allclose(view.inverse(view.forward(through[None]))[0], through, atol=1e-12)
    xy = np.array([[-3.0, 2.0], [0.0, 0.0], [50.0, 1.0]])
    lifted = view.inverse(xy)
    np.testing.assert_allclose(view.forward(lifted), xy, atol=1e-12)
    np.testing.assert_allclose(view.depth(lifted), view.depth(through[None])[0], atol=1e-12)
    mean = Rotation().fit(CLOUD).turned(Orientation(*parts))
    np.testing.assert_allclose(mean.depth(mean.inverse(xy)), 0, atol=1e-12)


def test_as_it_comes_the_third_axis_points_at_the_viewer() -> None:
    view = Rotation().fit(CLOUD)
    centred = CLOUD - CLOUD.mean(axis=0)
    np.testing.assert_allclose(view.forward(CLOUD), centred[:, :2], atol=1e-12)
    np.testing.assert_allclose(view.depth(CLOUD), centred[:, 2], atol=1e-12)


@given(parts=PARTS)
def test_whatever_way_it_is_turned_the_cloud_stays_in_its_extent(parts: tuple[float, ...]) -> None:
    view = Rotation().fit(CLOUD).turned(Orientation(*parts))
    (low, high), upward = view.extent
    assert (low, high) == upward
    assert low == -high
    xy = view.forward(CLOUD)
    assert (np.hypot(xy[:, 0], xy[:, 1]) <= high).all()
    assert np.linalg.norm(CLOUD - CLOUD.mean(axis=0), axis=1).max() == pytest.approx(high)


def test_depth_keeps_the_floating_type_and_checks_the_codes() -> None:
    view = Rotation().fit(CLOUD.astype(np.float32))
    depth = view.depth(CLOUD.astype(np.float32))
    assert depth.dtype == np.float32
    np.testing.assert_allclose(depth, Rotation().fit(CLOUD).depth(CLOUD), atol=1e-4)
    with pytest.raises(ExplorerError, match="fitted to codes of 3 coordinates, got 4"):
        view.depth(np.zeros((1, 4)))
    with pytest.raises(NotFitted):
        Rotation().depth(CLOUD)
    with pytest.raises(NotFitted):
        _ = Rotation().extent
    view.through = np.zeros(2)
    with pytest.raises(ExplorerError, match=r"code of 3 finite coordinates, got an array of shape \(2,\)"):
        view.inverse(np.zeros((1, 2)))


def test_each_coordinate_lies_in_one_piece_so_that_a_map_copies_none() -> None:
    xy, depth = Rotation(orientation=Orientation(1, 2, 3, 4)).fit(CLOUD).see(CLOUD)
    assert all(xy[:, axis].flags.c_contiguous for axis in (0, 1))
    assert depth.flags.c_contiguous
