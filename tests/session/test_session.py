"""From data to a map and a frame, to another choice and to the end, on real workers without a screen."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from explorer.core.datasets import load_dataset
from explorer.core.scene.viewport import Viewport
from explorer.core.selection.selection import Selection
from explorer.runtime.base import Base, Choice
from explorer.services import Services
from tests.endless import endless
from tests.session.tab import Tab, held, served


def newest_map(tab: Tab) -> object:
    return tab.session.view.image.read()[1]


# -- from data to the map --------------------------------------------------------------------------------


def test_a_session_goes_from_its_base_to_a_map_of_all_points(services: Services) -> None:
    digits = load_dataset("digits")
    tab = Tab(services, services.bases.get(Choice("digits")))
    assert tab.session.state.scene is None
    tab.rest()
    session, image = tab.session, newest_map(tab)
    assert session.state.scene.cloud.mean.shape == (1797, 2)
    assert image.points == len(digits) == 1797
    assert image.scene == session.state.scene.key
    assert image.home
    assert image.viewport.contains(session.state.scene.xy).all()
    assert len(image.pixels) > 0
    assert (session.status, session.state.error) == ("", "")
    assert session.state.scene.neighbours is not None
    np.testing.assert_array_equal(session.state.colouring.labels, digits.y)
    tab.close()


def test_looking_paints_those_ranges_at_that_size(tab: Tab) -> None:
    view = Viewport(-1.0, 1.0, -0.5, 0.5, 200, 100)
    tab.session.view.look(view, home=False, sequence=41)
    image = newest_map(tab.rest())
    assert (image.viewport, image.home, image.sequence) == (view, False, 41)
    tab.session.view.look(Viewport(0.0, 1.0, 0.0, 1.0, 300, 200), home=True, sequence=42)
    image = newest_map(tab.rest())
    assert (image.viewport.width, image.viewport.height, image.sequence) == (300, 200, 42)
    assert image.viewport.contains(tab.session.state.scene.xy).all()


@pytest.mark.parametrize(
    ("name", "value"), [("colour_by", "density"), ("theme", "dark"), ("hidden", frozenset({0})), ("draws", 3)]
)
def test_each_choice_of_looks_is_a_new_map(tab: Tab, name: str, value: object) -> None:
    before = newest_map(tab)
    setattr(tab.session.state, name, value)
    after = newest_map(tab.rest())
    assert after.pixels != before.pixels
    assert after.points == (450 if name == "draws" else 150)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("colour_by", "split"),
        ("theme", "dark"),
        ("hidden", frozenset({0})),
        ("draws", 3),
        ("dims", True),
        ("selection", Selection(np.arange(150) < 50)),
    ],
)
def test_what_the_page_says_beside_the_map_is_pulled(tab: Tab, name: str, value: object) -> None:
    before = tab.pulls
    setattr(tab.session.state, name, value)
    tab.rest()
    assert tab.pulls > before


def test_an_emphasis_is_one_repaint_and_leaving_restores(tab: Tab) -> None:
    session, before = tab.session, newest_map(tab)
    ready = tab.services.painter.ready
    session.state.emphasise(1)
    one = newest_map(tab.rest())
    session.state.emphasise(None)
    again = newest_map(tab.rest())
    assert one.pixels != before.pixels == again.pixels
    assert tab.services.painter.ready == ready  # no points were prepared for it
    session.state.hide(frozenset({1}))
    hidden = newest_map(tab.rest())
    session.state.emphasise(1)  # of what is switched off there is nothing to see
    assert newest_map(tab.rest()).pixels == hidden.pixels
    session.state.colour_by = "split"
    tab.rest()
    assert session.state.emphasised is None


def test_a_kept_scale_stays_whatever_comes_on_the_map(tab: Tab) -> None:
    session = tab.session
    session.view.look(Viewport(0.0, 1.0, 0.0, 1.0, 300, 200), home=True, sequence=1)
    first = newest_map(tab.rest())
    jumps = session.view.jump.version
    session.state.keeps_scale = True
    assert session.view.jump.version == jumps + 1
    wide, scene = np.array([[-90.0, -90.0], [90.0, 90.0]]), session.state.scene
    session.state.refine(replace(scene, home=wide))
    session.view.restyle()
    assert newest_map(tab.rest()).viewport == first.viewport
    # A hand asks for everything: that is kept from then on.
    session.view.look(first.viewport, home=True, sequence=2)
    assert newest_map(tab.rest()).viewport.contains(wide).all()
    session.state.refine(scene)
    session.view.restyle()
    assert newest_map(tab.rest()).viewport.contains(wide).all()
    session.state.keeps_scale = False
    assert session.view.jump.read()[1].viewport is None
    session.view.look(first.viewport, home=True, sequence=3)
    assert newest_map(tab.rest()).viewport == first.viewport


def test_where_a_hand_has_gone_the_map_stays_when_the_scale_is_kept_no_more(tab: Tab) -> None:
    session = tab.session
    session.state.keeps_scale = True
    session.view.look(Viewport(5.0, 6.0, 5.0, 6.0, 200, 200), home=False, sequence=1)
    jumps = session.view.jump.version
    session.state.keeps_scale = False
    assert session.view.jump.version == jumps


def test_a_look_at_another_part_of_the_map_pulls_nothing(tab: Tab) -> None:
    before, maps = tab.pulls, tab.session.view.image.version
    for step in range(3):
        tab.session.view.look(
            Viewport(-1.0 + step, 1.0 + step, -0.5, 0.5, 200, 100), home=False, sequence=step
        )
        tab.rest()
    assert tab.session.view.image.version == maps + 3
    assert tab.pulls == before


def test_another_projection_is_another_scene_of_the_same_cloud(tab: Tab) -> None:
    session, before = tab.session, tab.session.state.scene
    assert session.state.param.projection.objects == ["identity", "pca"]
    session.state.projection = "pca"
    tab.rest()
    assert session.state.scene.projection.name == "pca"
    assert session.state.scene.cloud is before.cloud
    assert session.state.scene.key != before.key
    assert newest_map(tab).scene == session.state.scene.key


def test_a_colour_shows_all_classes_again(tab: Tab) -> None:
    session = tab.session
    session.state.hidden = frozenset({2})
    np.testing.assert_array_equal(session.state.visible, session.state.scene.cloud.labels != 2)
    session.state.colour_by = "split"
    tab.rest()
    assert session.state.hidden == frozenset()
    assert session.state.visible is None
    assert session.state.colouring.classes == ("train", "test")


# -- the cursor ------------------------------------------------------------------------------------------


def test_each_move_of_the_cursor_is_one_frame_and_rest_is_none(tab: Tab) -> None:
    session = tab.session
    assert session.decoder.frame.version == 0
    session.state.cursor = (0.25, -0.5)
    tab.rest()
    assert session.decoder.frame.version == 1
    frame = session.decoder.frame.read()[1]
    assert frame.xy == (0.25, -0.5)
    assert frame.sample.shape == session.state.scene.dataset.shape
    assert frame.support is not None
    session.state.cursor = (0.25, -0.5)
    tab.rest()
    assert session.decoder.frame.version == 1
    session.state.cursor = (0.3, -0.5)
    tab.rest()
    assert session.decoder.frame.version == 2


def test_a_frame_says_which_scene_it_was_made_from(tab: Tab) -> None:
    session = tab.session
    session.state.cursor = (0.1, 0.1)
    tab.rest()
    stale = session.decoder.frame.read()[1]
    assert stale.stamp == session.state.scene.key
    session.state.projection = "pca"
    tab.until(lambda: session.state.scene.projection.name == "pca", "the other projection")
    assert stale.stamp != session.state.scene.key
    tab.rest()  # and the place is decoded again, unasked
    assert session.decoder.frame.read()[1].stamp == session.state.scene.key


def test_a_place_that_is_none_is_said_and_the_next_is_decoded(tab: Tab) -> None:
    session = tab.session
    session.state.cursor = (float("nan"), 0.0)
    tab.rest()
    assert "move it" in session.state.error
    session.state.cursor = (0.0, 0.0)
    tab.rest()
    assert session.decoder.frame.read()[1].xy == (0.0, 0.0)


def test_a_click_picks_the_nearest_that_is_shown(tab: Tab) -> None:
    session = tab.session
    target = int(np.flatnonzero(session.state.scene.cloud.labels == 1)[0])
    at = tuple(session.state.scene.xy[target].tolist())
    session.decoder.pick(at)
    tab.rest()
    assert session.state.picked.xy == at
    session.state.hidden = frozenset({1})
    session.decoder.pick(at)
    tab.rest()
    assert session.state.scene.cloud.labels[session.state.picked.index] != 1
    distances = np.hypot(*(session.state.scene.xy - np.float32(at)).T)
    shown = np.flatnonzero(session.state.visible)
    assert session.state.picked.index == shown[distances[shown].argmin()]


# -- another choice --------------------------------------------------------------------------------------


def test_another_data_set_clears_what_belonged_to_the_former(tab: Tab) -> None:
    session = tab.session
    session.selection.random(20)
    session.state.cursor, session.state.hidden = (0.0, 0.0), frozenset({1})
    session.decoder.pick((0.0, 0.0))
    tab.rest()
    session.model_choice.choose(Choice("digits"))
    assert session.state.selection.count == 20  # it stays until the other one is ready
    tab.until(lambda: session.state.scene.dataset.name == "digits", "digits").rest()
    assert session.state.selected is None
    assert (session.state.picked, session.state.cursor, session.state.hidden) == (None, None, frozenset())
    assert newest_map(tab).points == 1797
    assert session.state.error == ""


def test_another_model_of_the_same_data_keeps_the_selection(tab: Tab) -> None:
    session = tab.session
    session.model_choice.choose(Choice("iris"))
    tab.until(lambda: session.state.base.snapshot.version, "the base").rest()
    session.selection.random(20)
    session.model_choice.choose(Choice("iris", model="ae", latent=3))
    tab.until(lambda: session.state.scene.model.latent == 3, "three dimensions").rest()
    assert session.state.selection.count == 20
    assert session.state.projection == "pca"
    assert session.state.param.projection.objects == ["pca", "rotation", "slice", "tsne", "umap"]
    assert "kl" not in session.state.param.colour_by.objects


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (Choice("nope"), "unknown data set 'nope'"),
        (Choice("digits", model="gan"), "'gan'"),
        (Choice("antigravity:load"), "import string"),
    ],
)
def test_a_choice_that_cannot_be_made_leaves_all_as_it_was(tab: Tab, choice: Choice, sentence: str) -> None:
    session, scene, base = tab.session, tab.session.state.scene, tab.session.state.base
    session.selection.random(20)
    session.model_choice.choose(choice)
    tab.until(lambda: session.state.error, "the sentence").rest()
    assert sentence in session.state.error
    assert "\n" not in session.state.error
    assert session.state.base is base
    assert session.state.scene is scene
    assert session.state.selection.count == 20
    session.state.error = ""  # once it has been read, it does not come back
    tab.rest()
    assert session.state.error == ""


def test_a_failed_choice_goes_back_to_the_latest_that_was_shown(tab: Tab) -> None:
    session = tab.session
    session.model_choice.choose(Choice("iris", model="ae"))
    tab.until(lambda: session.state.scene.model.name == "ae", "the plain autoencoder").rest()
    base, scene = session.state.base, session.state.scene
    session.model_choice.choose(Choice("nope"))
    tab.until(lambda: session.state.error, "the sentence").rest()
    assert session.state.base is base
    assert session.state.scene is scene


def test_what_failed_can_be_chosen_again(tab: Tab) -> None:
    session = tab.session
    for _ in range(2):
        session.model_choice.choose(Choice("nope"))
        assert session.state.error == ""
        tab.until(lambda: session.state.error, "the sentence")


def test_a_start_that_fails_is_said_once_to_each_who_waits_for_it(
    services: Services, opened: Callable[..., Tab]
) -> None:
    base = services.bases.get(Choice("nope"))
    tabs = [opened(base), opened(base)]
    for tab in tabs:
        session = tab.session
        tab.until(lambda session=session: session.state.error, "the sentence")
        assert "unknown data set 'nope'" in session.state.error
        session.state.error = ""
        session.pull()
        assert session.state.error == ""
    tabs[0].session.model_choice.choose(Choice("iris"))  # and it is no dead end
    assert tabs[0].rest().session.state.scene.dataset.name == "iris"


def test_a_choice_taken_back_in_time_is_not_shown(services: Services, opened: Callable[..., Tab]) -> None:
    first = Choice("iris", options=(("width", 0.25),))
    tab = opened(services.bases.get(first)).rest()
    session, base = tab.session, tab.session.state.base
    session.settings.plan.epochs = 3
    session.train()
    run = session.state.run
    assert run.join(60)
    scene = tab.rest().session.state.scene
    assert scene.model is run.snapshot.read()[1].model
    session.model_choice.choose(Choice("iris", model="ae"))
    tab.until(lambda: session.state.base.snapshot.version, "the other model")
    session.pull()
    served(services.scenes)  # it has been laid out, and lies there to be taken over
    session.model_choice.choose(first)
    tab.rest()
    assert session.state.base is base
    assert session.state.scene.model is scene.model
    assert session.state.run is run


def test_a_sample_of_the_former_data_is_not_shown_beside_the_new(services: Services, tab: Tab) -> None:
    session = tab.session
    with held(services.frames):
        session.decoder.pick((0.0, 0.0))
        session.model_choice.choose(Choice("digits"))
        tab.until(lambda: session.state.scene.dataset.name == "digits", "digits")
    tab.rest()
    assert session.state.picked is None


# -- one process, several sessions, and their ends -------------------------------------------------------


def test_sessions_share_what_is_read_and_nothing_else(opened: Callable[..., Tab]) -> None:
    first, second = opened().rest(), opened().rest()
    one, two = first.session, second.session
    assert one.state.scene is two.state.scene
    assert one.state.scene.cloud is two.state.scene.cloud
    assert one.state.colouring is two.state.colouring
    assert one.token != two.token
    one.state.cursor, one.state.hidden, one.state.theme = (0.0, 0.0), frozenset({0}), "dark"
    one.selection.random(5)
    one.selection.where("nonsense")
    first.rest()
    second.rest()
    assert (two.state.cursor, two.state.hidden, two.state.theme, two.state.error) == (
        None,
        frozenset(),
        "light",
        "",
    )
    assert two.state.selected is None
    assert two.decoder.frame.version == 0
    assert one.decoder.frame.version == 1
    assert one.selection.expression.message
    assert two.selection.expression.message == ""


def test_a_closed_session_dies_and_closing_is_idempotent(
    services: Services, base: Base, opened: Callable[..., Tab]
) -> None:
    stays = opened().rest()
    tab = Tab(services, base).rest()
    tab.session.state.cursor = (0.0, 0.0)
    tab.session.selection.random(10)
    tab.session.decoder.pick((0.0, 0.0))
    endless(tab.session, batch_size=4)
    tab.session.train()
    tab.rest()
    run = tab.session.state.run
    assert {stays.session, tab.session} <= set(services.sessions)
    gone = weakref.ref(tab.session)
    tab.close()
    tab.close()
    assert run.abandoned
    assert run.join(60)
    del tab
    gc.collect()
    assert gone() is None
    assert stays.session in services.sessions
    stays.session.state.cursor = (0.0, 0.0)  # and the workers serve the others
    stays.rest()
    assert stays.session.decoder.frame.version == 1


def test_closing_before_anything_was_ready_is_quiet(services: Services, base: Base) -> None:
    tab = Tab(services, base)
    gone = weakref.ref(tab.session)
    tab.close()
    del tab
    other = Tab(services, base).rest()  # by now the workers have let go of it
    gc.collect()
    assert gone() is None
    other.close()
