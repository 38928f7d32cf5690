"""The neighbours of a map are found before the hand comes, but in a training not for nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from explorer.core.latent.support import Neighbours
from explorer.core.scene.scene import Scene
from explorer.services import Services
from tests.endless import endless
from tests.session.tab import PATIENCE, Tab, held


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Scene]:
    """The scenes whose neighbours were looked for."""
    scenes: list[Scene] = []
    find = Scene.find_neighbours

    def noted(scene: Scene) -> Neighbours:
        scenes.append(scene)
        return find(scene)

    monkeypatch.setattr(Scene, "find_neighbours", noted)
    return scenes


def train_on(tab: Tab, found: list[Scene]) -> None:
    """Begin a training without an end, and go on until several of its maps have been on the screen."""
    training, maps = tab.session.training, set()
    endless(tab.session, batch_size=4)
    training.start()
    found.clear()
    tab.until(lambda: maps.add(tab.session.state.scene.key) or len(maps) > 3, "maps of the training")


def test_a_map_at_rest_has_its_neighbours_before_anybody_asks(tab: Tab) -> None:
    session = tab.session
    assert session.state.cursor is None
    assert session.state.scene.neighbours is not None
    session.state.projection = "pca"
    tab.rest()
    assert session.state.scene.projection.name == "pca"
    assert session.state.scene.neighbours is not None


def test_in_a_training_nobody_asks_and_its_last_map_gains_them(tab: Tab, found: list[Scene]) -> None:
    session = tab.session
    train_on(tab, found)
    assert session.training.busy
    assert found == []
    session.stop()
    assert session.state.run.join(PATIENCE)
    tab.rest()
    assert session.state.scene.cloud is session.state.run.snapshot.read()[1].cloud
    assert session.state.scene.neighbours is not None


@pytest.mark.parametrize(
    "ask",
    [
        lambda session: session.state.point_at((0.1, 0.2)),
        lambda session: setattr(session.latent_axes, "shown", "axes"),
    ],
    ids=["hand", "axes"],
)
def test_in_a_training_each_map_has_them_once_a_place_is_asked_about(
    tab: Tab, found: list[Scene], ask: Callable[[object], None]
) -> None:
    session = tab.session
    train_on(tab, found)
    ask(session)
    seen: set[int] = set()

    def several() -> bool:
        if session.state.scene.neighbours is not None:
            seen.add(session.state.scene.key)
        return len(seen) > 2

    tab.until(several, "neighbours of several maps")
    assert session.training.busy


def test_while_they_are_being_found_no_move_of_the_hand_asks_again(
    tab: Tab, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, asked, ask = tab.session, [], services.neighbours.ask
    session.state.cursor = (0.0, 0.0)
    tab.rest()
    monkeypatch.setattr(services.neighbours, "ask", lambda *a: asked.append(a[0]) or ask(*a))
    with held(services.neighbours):
        session.state.projection = "pca"
        tab.until(lambda: session.state.scene.projection.name == "pca", "the other map")
        for step in range(5):
            session.state.cursor = (0.1 * step, 0.0)
            session.pull()
    tab.rest()
    assert asked.count((session.token, "neighbours")) == 1
    assert session.decoder.frame.read()[1].support is not None
