from __future__ import annotations

import math
from dataclasses import astuple
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation as Reference

from explorer.core.errors import ExplorerError
from explorer.core.projections.turnable.orientation import Orientation

PART = st.floats(-1, 1)
DISC = st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
POINTS = np.random.default_rng(0).normal(size=(50, 3))


@st.composite
def orientations(draw: st.DrawFn) -> Orientation:
    parts = draw(st.tuples(PART, PART, PART, PART))
    assume(math.hypot(*parts) > 1e-3)
    return Orientation(*parts)


def same(a: Orientation, b: Orientation) -> None:
    np.testing.assert_allclose(a.matrix, b.matrix, atol=1e-12)


@given(a=orientations(), b=orientations())
def test_composing_is_turning_one_after_the_other(a: Orientation, b: Orientation) -> None:
    np.testing.assert_allclose(a.compose(b).apply(POINTS), a.apply(b.apply(POINTS)), atol=1e-12)
    np.testing.assert_allclose(a.compose(b).matrix, a.matrix @ b.matrix, atol=1e-12)


@given(a=orientations())
def test_a_turn_is_a_rotation_and_its_inverse_undoes_it(a: Orientation) -> None:
    np.testing.assert_allclose(a.matrix @ a.matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(a.matrix) == pytest.approx(1)
    np.testing.assert_allclose(a.inverse().apply(a.apply(POINTS)), POINTS, atol=1e-12)
    same(a.compose(a.inverse()), Orientation())
    w, x, y, z = astuple(a)
    np.testing.assert_allclose(a.matrix, Reference.from_quat([x, y, z, w]).as_matrix(), atol=1e-12)


def test_as_made_nothing_is_turned() -> None:
    np.testing.assert_array_equal(Orientation().matrix, np.eye(3))
    np.testing.assert_array_equal(Orientation().apply(POINTS), POINTS)


@given(a=orientations(), factor=st.floats(-5, 5).filter(lambda factor: abs(factor) > 1e-3))
def test_any_multiple_of_a_quaternion_is_the_same_turn(a: Orientation, factor: float) -> None:
    other = Orientation(*(factor * part for part in astuple(a)))
    assert astuple(other) == pytest.approx(astuple(a), abs=1e-12)
    assert math.hypot(*astuple(other)) == pytest.approx(1, abs=1e-15)


def test_a_turn_about_an_axis_is_counter_clockwise_from_its_tip() -> None:
    right, up, towards = np.eye(3)
    turn = Orientation.about((0, 0, 2), math.pi / 2)
    np.testing.assert_allclose(turn.apply(np.stack([right, up, towards])), [up, -right, towards], atol=1e-12)
    for axis in ((0.0, 0.0, 0.0), (math.inf, 0.0, 0.0)):
        with pytest.raises(ExplorerError, match="no direction"):
            Orientation.about(axis, 1.0)


@given(a=DISC, b=DISC)
def test_a_drag_out_and_back_changes_nothing(a: tuple[float, float], b: tuple[float, float]) -> None:
    out, back = Orientation.from_drag(a, b), Orientation.from_drag(b, a)
    same(back.compose(out), Orientation())
    assert Orientation.from_drag(a, a) == Orientation()


@given(a=DISC, b=DISC, c=DISC)
def test_a_drag_leaves_no_trace_of_its_way(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]
) -> None:
    first, second = Orientation.from_drag(a, b), Orientation.from_drag(b, c)
    same(second.compose(first), Orientation.from_drag(a, c))


@given(angle=st.floats(-1.5, 1.5), way=st.floats(0, 2 * math.pi))
def test_a_drag_from_the_middle_turns_by_twice_its_arc_in_its_direction(angle: float, way: float) -> None:
    end = (math.sin(angle) * math.cos(way), math.sin(angle) * math.sin(way))
    front = Orientation.from_drag((0, 0), end).apply(np.array([[0.0, 0.0, 1.0]]))[0]
    twice = math.sin(2 * angle)
    np.testing.assert_allclose(
        front, [twice * math.cos(way), twice * math.sin(way), math.cos(2 * angle)], atol=1e-9
    )


def test_a_drag_beyond_the_disc_turns_about_the_line_of_sight() -> None:
    turn = Orientation.from_drag((3, 0), (2, 2))
    np.testing.assert_allclose(turn.matrix, Orientation.about((0, 0, 1), math.pi / 2).matrix, atol=1e-12)


def test_ten_thousand_steps_there_and_back_drift_nowhere() -> None:
    random = np.random.default_rng(0)
    way = np.cumsum(random.normal(scale=0.05, size=(5_001, 2)), axis=0) % 2 - 1
    places = [(float(x), float(y)) for x, y in (*way, *way[::-1])]
    start = turned = Orientation(0.3, -0.4, 0.5, 0.6)
    for a, b in pairwise(places):
        turned = Orientation.from_drag(a, b).compose(turned)
        assert abs(math.hypot(*astuple(turned)) - 1) < 1e-15
    np.testing.assert_allclose(turned.matrix, start.matrix, atol=1e-11)
    lengths = np.linalg.norm(turned.apply(POINTS), axis=1)
    np.testing.assert_allclose(lengths, np.linalg.norm(POINTS, axis=1), rtol=1e-14)


def test_there_is_no_gimbal_to_lock() -> None:
    # In steps of a hundredth, whatever way up: the same drag turns by the same angle.
    turned = Orientation()
    for _ in range(400):
        after = Orientation.from_drag((0, 0), (0, 0.01)).compose(turned)
        cosine = (np.trace(after.matrix @ turned.matrix.T) - 1) / 2
        assert math.acos(min(1.0, cosine)) == pytest.approx(2 * math.asin(0.01), rel=1e-6)
        turned = after


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_points_keep_their_floating_type_and_may_be_a_view(dtype: type) -> None:
    a = Orientation(1, 2, 3, 4)
    points = POINTS.astype(dtype)
    points.setflags(write=False)
    turned = a.apply(points[::2])
    assert turned.dtype == dtype
    np.testing.assert_allclose(turned, POINTS[::2] @ a.matrix.T, atol=1e-6)
    assert a.apply(points[:0]).shape == (0, 3)


@pytest.mark.parametrize(
    "parts", [(0.0, 0.0, 0.0, 0.0), (math.nan, 0.0, 0.0, 1.0), (math.inf, 0.0, 0.0, 0.0)]
)
def test_what_is_no_turn_is_answered_with_a_sentence(parts: tuple[float, ...]) -> None:
    with pytest.raises(ExplorerError, match=r"is no orientation; give four finite numbers"):
        Orientation(*parts)
    with pytest.raises(ExplorerError, match="give two finite places"):
        Orientation.from_drag((0.0, math.nan), (0.0, 0.0))


@given(start=st.tuples(PART, PART, PART), end=st.tuples(PART, PART, PART))
def test_between_two_directions_is_the_shortest_turn(
    start: tuple[float, ...], end: tuple[float, ...]
) -> None:
    assume(math.hypot(*start) > 1e-2 and math.hypot(*end) > 1e-2)
    a, b = (np.array(vector) / math.hypot(*vector) for vector in (start, end))
    turn = Orientation.between(start, end)
    np.testing.assert_allclose(turn.apply(a[None])[0], b, atol=1e-5)
    assert 2 * math.acos(min(1.0, turn.w)) == pytest.approx(math.acos(np.clip(a @ b, -1, 1)), abs=1e-4)


@pytest.mark.parametrize("axis", [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.3, -0.4, 0.5)])
def test_between_opposite_directions_is_half_a_turn(axis: tuple[float, float, float]) -> None:
    opposite = tuple(-part for part in axis)
    turn = Orientation.between(axis, opposite)
    np.testing.assert_allclose(turn.apply(np.array([axis])), [opposite], atol=1e-9)
