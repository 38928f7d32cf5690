from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import chisquare

from explorer.core import projections
from explorer.core.errors import ExplorerError
from explorer.core.projections import PCA, Rotation, SphereMap
from explorer.core.projections.turnable.orientation import Orientation

MAPS = ("orthographic", "stereographic", "cylindrical")
PART = st.floats(-1, 1)
AXES = np.concatenate([np.eye(3), -np.eye(3)])


@st.composite
def orientations(draw: st.DrawFn) -> Orientation:
    parts = draw(st.tuples(PART, PART, PART, PART))
    assume(math.hypot(*parts) > 1e-3)
    return Orientation(*parts)


def directions(count: int = 2_000, seed: int = 0) -> np.ndarray:
    """Uniform on the sphere, with the ends of the axes among them."""
    z = np.random.default_rng(seed).normal(size=(count, 3))
    return np.concatenate([z / np.linalg.norm(z, axis=1, keepdims=True), AXES])


def made(name: str, orientation: Orientation | None = None, **knobs: object) -> SphereMap:
    fitted = projections.create(name, **knobs).fit(directions(10))
    assert isinstance(fitted, SphereMap)
    return fitted.turned(orientation or Orientation())


@pytest.mark.parametrize("name", MAPS)
@given(orientation=orientations(), seed=st.integers(0, 1_000))
def test_from_the_sphere_and_back_is_the_same_place(name: str, orientation: Orientation, seed: int) -> None:
    sphere = made(name, orientation)
    z = directions(seed=seed)
    if name == "orthographic":
        z = z[sphere.visible(z)]
    np.testing.assert_allclose(sphere.inverse(sphere.forward(z)), z, atol=1e-6)
    # A code counts by its direction alone.
    np.testing.assert_allclose(sphere.forward(7.5 * z), sphere.forward(z), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", MAPS)
@given(orientation=orientations(), seed=st.integers(0, 1_000))
def test_from_the_map_and_back_is_the_same_point(name: str, orientation: Orientation, seed: int) -> None:
    sphere = made(name, orientation)
    unit = np.random.default_rng(seed).uniform(-1, 1, size=(1_000, 2))
    if name == "orthographic":
        xy = unit[np.hypot(*unit.T) <= 1]
    else:
        xy = unit * ([np.pi, 1] if name == "cylindrical" else [1e3, 1e3])
    z = sphere.inverse(xy)
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(sphere.forward(z), xy, rtol=1e-9, atol=1e-9)


def test_the_formulas_are_those_of_the_books() -> None:
    x, y, z = directions().T
    codes = np.stack([x, y, z], axis=1)
    np.testing.assert_allclose(made("orthographic").forward(codes), np.stack([x, y], axis=1), atol=1e-12)
    kept = z > -0.99
    expected = np.stack([x, y], axis=1)[kept] / (1 + z[kept, None])
    np.testing.assert_allclose(made("stereographic").forward(codes[kept]), expected, rtol=1e-9, atol=1e-12)
    polar = np.hypot(x, z) == 0
    expected = np.stack([np.arctan2(x, z), y], axis=1)[~polar]
    np.testing.assert_allclose(made("cylindrical").forward(codes[~polar]), expected, atol=1e-12)


@given(orientation=orientations())
def test_all_three_look_at_one_place_with_one_direction_up_and_one_to_the_right(
    orientation: Orientation,
) -> None:
    step = 1e-4
    places = np.array([[0.0, 0.0], [step, 0.0], [0.0, step]])
    right, up, towards = orientation.matrix
    for name in MAPS:
        centre, east, north = made(name, orientation).inverse(places)
        np.testing.assert_allclose(centre, towards, atol=1e-12)
        scale = 2 if name == "stereographic" else 1
        np.testing.assert_allclose((east - centre) / step, scale * right, atol=1e-3)
        np.testing.assert_allclose((north - centre) / step, scale * up, atol=1e-3)


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("before", [*MAPS, "rotation"])
def test_switching_and_fitting_again_keep_the_orientation(name: str, before: str) -> None:
    z = directions()
    orientation = Orientation(1, -2, 3, 4)
    former = projections.create(before, orientation=orientation).fit(z)
    assert projections.create(name).fit(z).align(former).orientation == orientation
    assert projections.create(name).fit(z).align(PCA().fit(z)).orientation == Orientation()
    assert Rotation().fit(z).align(made(name, orientation)).orientation == orientation


@pytest.mark.parametrize("name", MAPS)
def test_turning_makes_another_map_with_the_same_knobs_and_fit(name: str) -> None:
    knobs: dict[str, object] = {"reach": 7.0} if name == "stereographic" else {}
    sphere = projections.create(name, **knobs).fit(directions())
    a, b = Orientation(1, 2, 3, 4), Orientation(4, 3, -2, 1)
    turned = sphere.turned(a).turned(b)
    assert type(turned) is type(sphere)
    assert sphere.orientation == Orientation()
    assert (turned.orientation, turned.latent, turned.name) == (b, 3, name)
    assert all(getattr(turned, knob) == value for knob, value in knobs.items())
    # Turning the map is turning the codes.
    z = directions()
    np.testing.assert_allclose(
        turned.inverse(turned.forward(z)) @ b.matrix.T,
        made(name).inverse(made(name).forward(b.apply(z))),
        atol=1e-7,
    )


def test_the_front_half_is_what_the_orthographic_map_shows() -> None:
    orientation = Orientation(1, 2, 3, 4)
    z = directions()
    ball = made("orthographic", orientation)
    np.testing.assert_array_equal(ball.visible(z), z @ orientation.matrix[2] >= 0)
    hidden = z[~ball.visible(z)]
    over = ball.inverse(ball.forward(hidden))
    assert ball.visible(over + 1e-9 * orientation.matrix[2]).all()
    np.testing.assert_allclose(ball.forward(over), ball.forward(hidden), atol=1e-12)
    assert made("cylindrical", orientation).visible(z).all()


@given(x=st.floats(-50, 50), y=st.floats(-50, 50), orientation=orientations())
def test_beside_the_disc_is_the_nearest_place_of_its_rim(
    x: float, y: float, orientation: Orientation
) -> None:
    away = math.hypot(x, y)
    assume(away > 1)
    z = made("orthographic", orientation).inverse(np.array([[x, y]]))
    right, up, towards = orientation.matrix
    np.testing.assert_allclose(z[0], (x * right + y * up) / away, atol=1e-7)
    assert abs(float(z[0] @ towards)) < 1e-7


@given(x=st.floats(-3, 3), y=st.floats(-1, 1), turns=st.integers(-3, 3), beyond=st.floats(0, 10))
def test_the_rolled_out_map_goes_on_at_its_sides_and_ends_at_its_poles(
    x: float, y: float, turns: int, beyond: float
) -> None:
    rolled = made("cylindrical")
    around, here = rolled.inverse(np.array([[x + 2 * math.pi * turns, y], [x, y]]))
    np.testing.assert_allclose(around, here, atol=1e-12)
    above, below = rolled.inverse(np.array([[x, 1 + beyond], [x, -1 - beyond]]))
    np.testing.assert_allclose([above, below], [[0, 1, 0], [0, -1, 0]], atol=1e-12)


def test_both_sides_of_the_seam_are_one_meridian() -> None:
    rolled = made("cylindrical")
    heights = np.linspace(-1, 1, 21)
    left, right = (rolled.inverse(np.column_stack([np.full(21, side), heights])) for side in rolled.extent[0])
    np.testing.assert_allclose(left, right, atol=1e-12)
    just = np.array([[-1e-12, 0.0, -1.0], [1e-12, 0.0, -1.0]])
    np.testing.assert_allclose(rolled.forward(just), [[-np.pi, 0], [np.pi, 0]], atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_far_pole_and_all_around_it_have_a_finite_place_to_come_back_from(dtype: type) -> None:
    flat = made("stereographic")
    small = np.array([0, 1e-38, 1e-20, 1e-12, 1e-9, 1e-7, 1e-4, 1e-2])
    z = np.stack([small / 2, -small, np.full_like(small, -1)], axis=1).astype(dtype)
    xy = flat.forward(z)
    assert np.isfinite(xy).all()
    np.testing.assert_allclose(
        flat.inverse(xy.astype(np.float64)), z / np.hypot(1, small)[:, None], atol=1e-4
    )
    away = np.hypot(*xy.astype(np.float64).T)
    # Where 1 + z has no digits left, x and y still have theirs.
    expected = 2 / np.maximum(np.hypot(z[:, 0], z[:, 1]).astype(np.float64), 2e-8)
    np.testing.assert_allclose(away, expected, rtol=1e-4)


@pytest.mark.parametrize("reach", [1.0, 3.0, 20.0])
def test_the_reach_parts_what_is_visible_and_moves_nothing(reach: float) -> None:
    z = directions(20_000)
    near, far = made("stereographic", reach=reach), made("stereographic", reach=1e8)
    np.testing.assert_array_equal(near.forward(z), far.forward(z))
    np.testing.assert_array_equal(near.visible(z), np.hypot(*near.forward(z).T) <= reach * (1 + 1e-12))
    assert np.mean(~near.visible(z)) == pytest.approx(1 / (1 + reach**2), abs=0.01)
    assert near.extent[0][1] == min(reach, 3.0)


def test_the_rolled_out_map_is_equal_in_area() -> None:
    z = np.random.default_rng(7).normal(size=(200_000, 3))
    rolled = made("cylindrical", Orientation(1, 2, 3, 4))
    counts, _, _ = np.histogram2d(*rolled.forward(z).T, bins=(24, 16), range=rolled.extent)
    assert counts.sum() == len(z)
    assert chisquare(counts.ravel()).pvalue > 0.001


@given(x=st.floats(-5, 5), y=st.floats(-5, 5), orientation=orientations())
def test_the_map_from_the_far_pole_keeps_every_angle(x: float, y: float, orientation: Orientation) -> None:
    step = 1e-5
    flat = made("stereographic", orientation)
    around = np.array([[x + step, y], [x - step, y], [x, y + step], [x, y - step]])
    east, west, north, south = flat.inverse(around)
    along, upward = (east - west) / (2 * step), (north - south) / (2 * step)
    scale = 2 / (1 + x * x + y * y)
    np.testing.assert_allclose(
        [along @ along, upward @ upward, along @ upward], [scale**2, scale**2, 0], atol=1e-8
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MAPS)
def test_both_ways_keep_the_floating_type(name: str, dtype: type) -> None:
    z = directions()[:2_000].astype(dtype)
    sphere = projections.create(name).fit(z)
    xy = sphere.forward(z)
    assert xy.shape == (2_000, 2)
    assert xy.dtype == sphere.inverse(xy).dtype == dtype
    np.testing.assert_allclose(xy, sphere.forward(z.astype(np.float64)), rtol=1e-5, atol=1e-6)
    assert sphere.forward(z[:0]).shape == (0, 2)
    assert sphere.visible(z[:0]).shape == (0,)


@pytest.mark.parametrize("name", MAPS)
def test_many_codes_are_placed_in_parts_without_a_seam(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    z = directions()
    whole = made(name)
    xy, shown = whole.forward(z), whole.visible(z)
    monkeypatch.setattr("explorer.core.projections.turnable.sphere_map._ROWS", 300)
    np.testing.assert_array_equal(whole.forward(z), xy)
    np.testing.assert_array_equal(whole.visible(z), shown)


@pytest.mark.parametrize("name", MAPS)
def test_a_code_without_a_direction_is_answered_with_a_sentence(name: str) -> None:
    z = directions(5)
    with pytest.raises(
        ExplorerError, match=f"1 of 12 codes have length 0 and no place on the sphere of '{name}'"
    ):
        projections.create(name).fit(np.concatenate([z, np.zeros((1, 3))]))
    with pytest.raises(ExplorerError, match="a code of length 0 has no direction"):
        made(name).forward(np.zeros((1, 3)))
    # However short or long, any other has one.
    for scale in (1e-300, 1e-160, 1e160, 1e300):
        np.testing.assert_allclose(made(name).forward(scale * z), made(name).forward(z), rtol=1e-9, atol=1e-9)


def test_a_knob_that_is_no_orientation_is_refused() -> None:
    with pytest.raises(ExplorerError, match=r"'orthographic' cannot be made so: .*orientation"):
        projections.create("orthographic", orientation=(1, 0, 0, 0))


@pytest.mark.parametrize("name", MAPS)
@given(orientation=orientations(), seed=st.integers(0, 1_000))
def test_the_place_that_a_hand_takes_hold_of_follows_it(
    name: str, orientation: Orientation, seed: int
) -> None:
    sphere = made(name, orientation)
    start, end = np.random.default_rng(seed).uniform(-0.65, 0.65, size=(2, 2))
    held = sphere.inverse(start[None])
    turned = sphere.turned(sphere.dragged(tuple(start), tuple(end)).compose(orientation))
    np.testing.assert_allclose(turned.forward(held)[0], end, atol=1e-6)


@pytest.mark.parametrize("name", MAPS)
def test_what_is_seen_is_where_it_is_and_before_the_edge(name: str) -> None:
    sphere, z = made(name, Orientation(1, 2, 3, 4)), directions()
    xy, near = sphere.see(z)
    np.testing.assert_array_equal(xy, sphere.forward(z))
    np.testing.assert_array_equal(near >= 0, sphere.visible(z))
    edge = sphere.edge
    np.testing.assert_allclose(edge[0], edge[-1], atol=1e-9)
    inside = xy[near >= 0]
    low, high = edge.min(axis=0) - 1e-6, edge.max(axis=0) + 1e-6
    assert ((inside >= low) & (inside <= high)).all()
