"""Clouds turned onto one another, and points on their way between two of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.stats import ortho_group

from explorer.core.errors import ExplorerError
from explorer.core.projections.procrustes import Alignment, align, between

AXES = st.integers(1, 6)


def unit(points: np.ndarray) -> np.ndarray:
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def turned(axes: int, seed: int, mirrored: bool) -> np.ndarray:
    """A random turn, mirrored or not."""
    if axes == 1:
        return np.array([[-1.0 if mirrored else 1.0]])
    turn = ortho_group.rvs(axes, random_state=seed)
    if (np.linalg.det(turn) < 0) != mirrored:
        turn[:, 0] *= -1
    return turn


def squared(points: np.ndarray, others: np.ndarray) -> float:
    return float(np.square(points.astype(float) - others).sum(axis=1).mean())


@given(AXES, st.integers(0, 1_000), st.booleans(), st.sampled_from([1.0, 0.2, 7.0]))
def test_a_known_turn_mirror_shift_and_scale_are_found(
    axes: int, seed: int, mirrored: bool, factor: float
) -> None:
    random = np.random.default_rng(seed)
    points, turn, shift = (
        random.normal(size=(50, axes)),
        turned(axes, seed, mirrored),
        random.normal(size=axes),
    )
    onto = factor * points @ turn + shift
    found = align(points, onto, scale=factor != 1.0)
    np.testing.assert_allclose(found.turn, turn, atol=1e-12)
    np.testing.assert_allclose(found.apply(points), onto, atol=1e-11)
    assert found.scale == pytest.approx(factor)
    assert found.mirrors == mirrored
    # Others than those it was found from go the same way.
    more = random.normal(size=(5, axes))
    np.testing.assert_allclose(found.apply(more), factor * more @ turn + shift, atol=1e-10)


@given(st.integers(2, 6), st.integers(0, 1_000), st.booleans())
def test_on_a_sphere_the_turn_is_about_the_origin(axes: int, seed: int, mirrored: bool) -> None:
    random = np.random.default_rng(seed)
    points, turn = unit(random.normal(size=(50, axes)) + 2), turned(axes, seed, mirrored)
    found = align(points, points @ turn, sphere=True)
    np.testing.assert_allclose(found.apply(points), points @ turn, atol=1e-12)
    assert not found.centre.any()
    assert not found.target.any()
    noisy = unit(points @ turn + 0.3 * random.normal(size=points.shape))
    moved = align(points, noisy, sphere=True).apply(points)
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(
        align(points, noisy, sphere=True).turn, orthogonal_procrustes(points, noisy)[0], atol=1e-9
    )


@given(AXES, st.integers(0, 1_000), st.booleans(), st.booleans())
def test_aligning_never_takes_points_farther_apart(axes: int, seed: int, sphere: bool, scale: bool) -> None:
    random = np.random.default_rng(seed)
    points, onto = random.normal(size=(2, 20, axes)) * 10.0 ** random.integers(-5, 5, size=(2, 1, 1))
    if sphere:
        points, onto, scale = unit(points), unit(onto), False
    before = squared(points, onto)
    after = squared(align(points, onto, scale=scale, sphere=sphere).apply(points), onto)
    assert after <= before * (1 + 1e-12)
    # Nor does any other turn do better.
    middle, target = (0.0, 0.0) if sphere else (points.mean(0), onto.mean(0))
    other = (points - middle) @ turned(axes, seed, bool(seed % 2)) + target
    assert after <= squared(other, onto) * (1 + 1e-12)


@given(AXES, st.integers(0, 100), st.booleans())
def test_equal_clouds_are_left_as_they_are(axes: int, seed: int, sphere: bool) -> None:
    points = np.random.default_rng(seed).normal(size=(30, axes)).astype(np.float32)
    points = unit(points) if sphere else points
    found = align(points, points.copy(), sphere=sphere)
    assert found.still
    assert found.apply(points) is points
    assert not found.mirrors


@given(AXES, st.integers(0, 1_000), st.booleans())
def test_what_was_aligned_goes_back(axes: int, seed: int, scale: bool) -> None:
    random = np.random.default_rng(seed)
    points, onto, others = random.normal(size=(3, 20, axes)) + random.normal(size=(3, 1, axes))
    found = align(points, onto, scale=scale)
    np.testing.assert_allclose(found.inverse().apply(found.apply(others)), others, atol=1e-6)
    assert found.inverse().mirrors == found.mirrors
    with pytest.raises(ExplorerError, match="no way back"):
        Alignment(found.turn, found.centre, found.target, 0.0).inverse()


@pytest.mark.parametrize("sphere", [False, True])
def test_axes_that_no_sample_uses_are_not_turned(sphere: bool) -> None:
    """Any turn of them would be as good; a sample that uses them later must not fly off."""
    random = np.random.default_rng(0)
    points = np.zeros((40, 6))
    points[:, :2] = unit(random.normal(size=(40, 2)))
    onto = points.copy()
    onto[:, :2] = points[:, :2] @ turned(2, 1, False)
    found = align(points, onto, sphere=sphere)
    np.testing.assert_allclose(found.apply(points), onto, atol=1e-12)
    np.testing.assert_allclose(found.turn[2:, 2:], np.eye(4), atol=1e-7)
    np.testing.assert_allclose(found.turn @ found.turn.T, np.eye(6), atol=1e-12)
    one = align(np.full((5, 3), 2.0), np.zeros((5, 3)), sphere=sphere)
    np.testing.assert_allclose(one.turn, np.eye(3))


@given(st.integers(1, 5), st.integers(0, 1_000), st.floats(0.01, 0.99))
def test_on_the_plane_the_way_is_straight(axes: int, seed: int, fraction: float) -> None:
    start, end = np.random.default_rng(seed).normal(size=(2, 20, axes)).astype(np.float32)
    way = between(start, end, fraction)
    assert way.dtype == np.float32
    np.testing.assert_allclose(way, (1 - fraction) * start + fraction * end, atol=1e-5)
    np.testing.assert_array_equal(between(start, end, 0), start)
    np.testing.assert_array_equal(between(start, end, 1.0), end)


@given(st.integers(2, 6), st.integers(0, 1_000), st.floats(0.01, 0.99))
def test_on_a_sphere_the_way_is_a_great_circle(axes: int, seed: int, fraction: float) -> None:
    start, end = (unit(part) for part in np.random.default_rng(seed).normal(size=(2, 20, axes)))
    way = between(start, end, fraction, sphere=True)
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), 1.0, rtol=1e-12)
    angle = np.arccos(np.clip((start * end).sum(1), -1, 1))
    np.testing.assert_allclose(np.arccos(np.clip((start * way).sum(1), -1, 1)), fraction * angle, atol=1e-6)
    np.testing.assert_allclose(
        np.arccos(np.clip((way * end).sum(1), -1, 1)), (1 - fraction) * angle, atol=1e-6
    )
    np.testing.assert_array_equal(between(start, end, 0.0, sphere=True), start)
    np.testing.assert_array_equal(between(start, end, 1, sphere=True), end)


@pytest.mark.parametrize("axes", [2, 3, 10])
@pytest.mark.parametrize("error", [0.0, 1e-9])
def test_antipodes_have_one_way_between_them(axes: int, error: float) -> None:
    start = np.concatenate([np.eye(axes), unit(np.random.default_rng(0).normal(size=(20, axes)))])
    end = unit(-start + error)
    half = between(start, end, 0.5, sphere=True)
    np.testing.assert_allclose(np.linalg.norm(half, axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose((half * start).sum(1), 0.0, atol=1e-8)
    np.testing.assert_array_equal(half, between(start, end, 0.5, sphere=True))
    quarter = between(start, end, 0.25, sphere=True)
    np.testing.assert_allclose((quarter * half).sum(1), np.sqrt(0.5), atol=1e-8)
    np.testing.assert_allclose(between(start, end, 1 - 1e-9, sphere=True), end, atol=1e-7)


def test_points_that_stay_stay() -> None:
    points = unit(np.random.default_rng(0).normal(size=(20, 3)))
    np.testing.assert_allclose(between(points, points.copy(), 0.3, sphere=True), points, atol=1e-15)


def test_what_cannot_be_aligned_is_one_sentence() -> None:
    points = np.random.default_rng(0).normal(size=(10, 3))
    for wrong, said in (
        ((points, points[:5]), "10 points of 3 axes cannot be aligned with 5"),
        ((points, points[:, :2]), "with 10 of 2"),
        ((points[:0], points[:0]), "at least one"),
        ((points, np.where(points > 1, np.nan, points)), "not finite"),
    ):
        with pytest.raises(ExplorerError, match=said):
            align(*wrong)
    with pytest.raises(ExplorerError, match="leave scale off"):
        align(points, points, scale=True, sphere=True)
    with pytest.raises(ExplorerError, match="no way leads"):
        between(points, points[:5], 0.5)
    for fraction in (-0.1, 1.5, float("nan")):
        with pytest.raises(ExplorerError, match="share from 0 to 1"):
            between(points, points, fraction)


def test_large_and_small_units_are_aligned_alike() -> None:
    random = np.random.default_rng(0)
    points, turn = random.normal(size=(50, 3)), turned(3, 0, True)
    for size in (1e-200, 1e200):
        found = align(points * size, points @ turn * size)
        np.testing.assert_allclose(found.turn, turn, atol=1e-12)
    assert Alignment.identity(3).still
