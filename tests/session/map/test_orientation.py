"""What can be turned is turned by a drag, and all that is decoded, picked and brushed goes with it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import models
from explorer.core.datasets import Dataset
from explorer.core.projections.turnable.orientation import Orientation
from explorer.core.scene.viewport import Viewport
from explorer.core.selection.brush import Box
from explorer.services import Services
from tests.session.tab import Tab


@pytest.fixture
def globe(opened: Callable[..., Tab], services: Services, iris: Dataset) -> Tab:
    """Iris on the sphere, spread over all of it by an untrained model's noise."""
    model = models.create("sphere-vae", shape=iris.shape, latent=3, width=0.25)
    return opened(services.bases.given(iris, model)).rest()


@pytest.fixture
def solid(opened: Callable[..., Tab], services: Services, iris: Dataset) -> Tab:
    tab = opened(services.bases.given(iris, models.create("vae", shape=iris.shape, latent=3, width=0.25)))
    tab.rest().session.state.projection = "rotation"
    return tab.rest()


def look(tab: Tab, *, draft: bool = False) -> None:
    viewport = tab.session.view.viewport
    tab.session.view.look(viewport, home=False, sequence=3, draft=draft)
    tab.rest()


def orientation(tab: Tab) -> Orientation:
    return tab.session.state.scene.projection.orientation


def test_a_drag_turns_the_map_and_the_place_that_was_taken_hold_of_follows(globe: Tab) -> None:
    session = globe.session
    assert session.state.scene.projection.name == "orthographic"
    held = session.decoder.code_at((0.1, 0.2))
    session.orientation.drag(1, (0.1, 0.2), (0.3, 0.1))
    session.orientation.drag(1, (0.1, 0.2), (0.5, -0.4))  # the same drag, further on
    look(globe)
    np.testing.assert_allclose(session.state.scene.projection.forward(held[None]), [(0.5, -0.4)], atol=1e-5)
    assert session.view.image.read()[1].projection.orientation == orientation(globe) != Orientation()
    session.orientation.drag(2, (0.5, -0.4), (0.1, 0.2))  # the next one goes on from there
    look(globe)
    np.testing.assert_allclose(session.state.scene.projection.forward(held[None]), [(0.1, 0.2)], atol=1e-5)
    session.orientation.face()
    globe.rest()
    assert orientation(globe) == Orientation()


def test_switching_between_the_maps_of_the_globe_turns_nothing(globe: Tab) -> None:
    session = globe.session
    session.orientation.drag(1, (0.0, 0.0), (0.4, 0.3))
    look(globe)
    turned, centre = orientation(globe), session.decoder.code_at((0.0, 0.0))
    for name in ("stereographic", "cylindrical", "orthographic"):
        session.state.projection = name
        globe.rest()
        assert session.state.scene.projection.name == name
        assert orientation(globe) == turned
        np.testing.assert_allclose(session.decoder.code_at((0.0, 0.0)), centre, atol=1e-6)


def test_steps_are_fifteen_degrees_to_where_a_drag_would_go(globe: Tab) -> None:
    session = globe.session
    front = session.decoder.code_at((0.0, 0.0))[None]
    session.orientation.step(2, 0)
    globe.rest()
    np.testing.assert_allclose(session.state.scene.projection.forward(front), [(0.5, 0.0)], atol=1e-6)
    session.orientation.step(-2, 2)
    session.orientation.step(0, -2)
    globe.rest()
    np.testing.assert_allclose(session.state.scene.projection.forward(front)[0, 1], 0.0, atol=0.15)


def test_what_lies_behind_the_globe_is_neither_brushed_nor_picked(globe: Tab) -> None:
    session = globe.session
    session.orientation.step(1, 1)
    globe.rest()
    before = session.state.scene.projection.visible(session.state.scene.cloud.mean)
    assert 0 < before.sum() < len(before)
    session.selection.brush(Box(-2.0, -2.0, 2.0, 2.0))
    globe.rest()
    np.testing.assert_array_equal(session.state.selected, before)
    np.testing.assert_array_equal(session.state.visible, before)
    behind = int(np.flatnonzero(~before)[0])
    session.decoder.pick(tuple(session.state.scene.places[behind].tolist()))
    globe.rest()
    assert before[session.state.picked.index]


def test_a_resting_cursor_decodes_the_place_that_came_under_it(globe: Tab) -> None:
    session = globe.session
    session.state.cursor = (0.2, 0.1)
    globe.rest()
    before = session.decoder.frame.read()[1].code
    session.orientation.step(1, 0)
    globe.rest()
    after = session.decoder.frame.read()[1]
    np.testing.assert_allclose(after.code, session.decoder.code_at((0.2, 0.1)), atol=1e-6)
    assert np.abs(after.code - before).max() > 0.1


def test_in_space_the_front_most_point_under_the_cursor_is_decoded_and_picked(solid: Tab) -> None:
    session = solid.session
    session.orientation.step(1, 2)
    solid.rest()
    xy, near = session.state.scene.projection.see(session.state.scene.cloud.mean)
    nearest = int(near.argmax())
    place = tuple(xy[nearest].tolist())
    session.state.cursor = place
    solid.rest()
    frame = session.decoder.frame.read()[1]
    assert frame.point == nearest
    np.testing.assert_array_equal(frame.code, session.state.scene.cloud.mean[nearest])
    session.decoder.pick(place)
    solid.rest()
    assert session.state.picked.index == nearest
    far = float(np.abs(session.state.scene.home).max())
    session.state.cursor = (far, far)  # where there is no point: the place itself
    solid.rest()
    assert session.decoder.frame.read()[1].point is None


def test_while_the_hand_turns_a_draft_will_do_and_is_answered_like_any_map(solid: Tab) -> None:
    session = solid.session
    session.view.look(Viewport(-1.0, 1.0, -1.0, 1.0, 120, 100), home=False, sequence=9, draft=True)
    solid.rest()
    image = session.view.image.read()[1]
    assert (image.sequence, image.viewport.width) == (9, 120)  # few points: no need to be coarse
    assert image.points == 150


def test_flat_maps_cannot_be_turned(tab: Tab) -> None:
    session = tab.session
    assert not session.state.turns
    session.orientation.drag(1, (0.0, 0.0), (1.0, 0.0))
    assert session.state.orientation == Orientation()


def test_seen_closer_another_sample_may_be_under_a_resting_cursor(solid: Tab) -> None:
    session = solid.session
    xy = session.state.scene.projection.forward(session.state.scene.cloud.mean)
    session.state.cursor = tuple(xy[0].tolist())
    solid.rest()
    before = session.decoder.frame.read()[0]
    x, y = session.state.cursor
    session.view.look(Viewport(x - 1e-3, x + 1e-3, y - 1e-3, y + 1e-3, 200, 200), home=False, sequence=5)
    solid.rest()
    version, frame = session.decoder.frame.read()
    assert version > before
    assert frame.point is not None


def test_while_it_is_turned_all_else_follows_now_and_then_and_in_the_end(
    solid: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = solid.session
    monkeypatch.setattr("explorer.session.map.view.perf_counter", lambda: 1e9)  # no time passes
    look(solid, draft=True)
    rung = []
    monkeypatch.setattr(session.tasks, "ring", lambda: rung.append(len(rung)))
    before = session.view.image.version
    for step in range(3):
        session.orientation.drag(1, (0.0, 0.0), (0.1 + 0.1 * step, 0.0))
        look(solid, draft=True)
    assert session.view.image.version > before  # its pixels go at once
    assert not rung
    look(solid)
    assert rung
