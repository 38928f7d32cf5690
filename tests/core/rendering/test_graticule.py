from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from explorer.core import projections
from explorer.core.errors import ExplorerError, NotFitted
from explorer.core.projections import SphereMap
from explorer.core.projections.turnable.orientation import Orientation
from explorer.core.rendering.graticule import graticule

MAPS = ("orthographic", "stereographic", "cylindrical")
PART = st.floats(-1, 1)
QUARTERS = [
    Orientation(),
    Orientation(1, 1),
    Orientation(1, 0, 1),
    Orientation(0, 0, 1),
    Orientation(1, 1, 1, 1),
]


def made(name: str, orientation: Orientation) -> SphereMap:
    fitted = projections.create(name, orientation=orientation).fit(np.eye(3))
    assert isinstance(fitted, SphereMap)
    return fitted


@st.composite
def orientations(draw: st.DrawFn) -> Orientation:
    parts = draw(st.tuples(PART, PART, PART, PART))
    assume(math.hypot(*parts) > 1e-3)
    return Orientation(*parts)


def off_the_net(z: np.ndarray, every: int) -> np.ndarray:
    """Sine of the angle between each place and the nearest meridian or parallel."""
    x, y, z = z.T
    latitude, longitude = np.degrees(np.arcsin(np.clip(y, -1, 1))), np.degrees(np.arctan2(x, z))
    north = np.abs(latitude - every * np.round(latitude / every))
    east = np.abs(longitude - every * np.round(longitude / every)) * np.hypot(x, z)
    return np.radians(np.minimum(north, east))


@pytest.mark.parametrize("every", [15, 30])
@pytest.mark.parametrize("name", MAPS)
@given(orientation=orientations())
@example(orientation=QUARTERS[0])
@example(orientation=QUARTERS[1])
@example(orientation=QUARTERS[2])
@example(orientation=QUARTERS[3])
@example(orientation=QUARTERS[4])
def test_every_stroke_lies_on_the_net(name: str, every: int, orientation: Orientation) -> None:
    sphere = made(name, orientation)
    lines = graticule(sphere, every)
    for line in lines:
        assert line.dtype == np.float64
        assert len(line) >= 2
        assert np.isfinite(line).all()
        # The middle of a stroke too: a stroke across the map, over a seam or the horizon, would leave it.
        # Where the map is steep (its rim, its poles) a stroke's middle is off by the root of its sagitta.
        # Ten radii out, where a hundredth of the sphere fills the stereographic map, strokes are coarse.
        between = (line[1:] + line[:-1]) / 2
        ends, middles = sphere.inverse(line), sphere.inverse(between[np.abs(between).max(axis=1) < 10])
        np.testing.assert_array_less(off_the_net(ends, every), 1e-3)
        np.testing.assert_array_less(off_the_net(middles, every), 0.06)
        apart = np.linalg.norm(np.diff(ends, axis=0), axis=1)
        np.testing.assert_array_less(apart, math.radians(3.1))


@pytest.mark.parametrize("name", MAPS)
@given(orientation=orientations())
@example(orientation=QUARTERS[1])
def test_the_whole_net_is_there_where_the_map_shows_it(name: str, orientation: Orientation) -> None:
    sphere = made(name, orientation)
    drawn = np.concatenate([sphere.inverse(line) for line in graticule(sphere, 30)])
    angles = np.radians(np.arange(-80, 81, 7.0))
    wanted = [
        (math.cos(along) * math.sin(east), math.sin(along), math.cos(along) * math.cos(east))
        for along in angles
        for east in np.radians(np.arange(0, 360, 30))
    ]
    z = np.array(wanted)
    z = z[sphere.visible(z)]
    nearest = np.linalg.norm(z[:, None] - drawn[None], axis=2).min(axis=1)
    np.testing.assert_array_less(nearest, math.radians(1.6))


@given(orientation=orientations())
def test_a_part_that_is_cut_ends_on_the_edge(orientation: Orientation) -> None:
    for name, edge in (("orthographic", 1.0), ("cylindrical", np.pi)):
        for line in graticule(made(name, orientation), 30):
            if np.array_equal(line[0], line[-1]):
                continue
            for end in (line[0], line[-1]):
                z = made(name, orientation).inverse(end[None])[0]
                away = math.hypot(*end) if name == "orthographic" else abs(end[0])
                # An end is on the edge, or is an end of the line itself: a pole, or where parallels begin.
                its_own = abs(z[1]) > 1 - 1e-6 or (abs(z[0]) < 1e-6 and z[2] < 0)
                polar = name == "cylindrical" and abs(end[1]) > 1 - 1e-9
                assert its_own or polar or away == pytest.approx(edge, abs=1e-6)


def test_as_it_comes_the_net_is_straight_on_the_rolled_out_map() -> None:
    lines = graticule(made("cylindrical", Orientation()), 30)
    upright = [line for line in lines if np.ptp(line[:, 0]) < 1e-9]
    level = [line for line in lines if np.ptp(line[:, 1]) < 1e-9]
    assert (len(upright), len(level), len(lines)) == (12, 5, 17)
    assert all((line[0, 1], line[-1, 1]) == (-1, 1) for line in upright)
    for line in level:
        np.testing.assert_allclose(np.sort(line[[0, -1], 0]), [-np.pi, np.pi])


def test_what_is_not_a_net_is_answered_with_a_sentence() -> None:
    for every in (0, 7, -30, 180):
        with pytest.raises(ExplorerError, match=f"a line every {every} degrees; give a divisor of 90"):
            graticule(made("orthographic", Orientation()), every)
    with pytest.raises(NotFitted):
        graticule(projections.create("orthographic"))
