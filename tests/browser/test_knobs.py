"""Model and knobs as a person changes them: what a change takes is said first, and happens once confirmed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext

import models
from explorer.core.latent.cloud import weights_token
from explorer.runtime.base import Choice
from explorer.runtime.run import RunState
from explorer.session import Session
from tests.browser.tab import App, Tab, at_rest, until
from tests.endless import endless


@pytest.fixture(scope="module")
def iris(serve: Callable[..., App]) -> App:
    """Iris, whose model is trained before the first test."""
    app = serve(Choice("iris"))
    until(lambda: at_rest(app.services.first), "the first training")
    return app


@pytest.fixture
def tab(context: BrowserContext, iris: App) -> Iterator[Tab]:
    tab = Tab(context.new_page()).open(iris.url)
    yield tab
    assert tab.problems == []


def enter(tab: Tab, handle: str, text: str) -> None:
    box = tab.page.locator(f".{handle} input")
    box.fill(text)
    box.press("Tab")


def shown(session: Session) -> tuple[str, int]:
    return session.state.scene.model.name, session.state.scene.model.latent


def test_a_new_model_is_asked_for_discarded_and_trained_once_confirmed(tab: Tab, iris: App) -> None:
    session = iris.session()
    before = session.state.scene
    assert tab.page.locator(".lx-apply").count() == 0
    enter(tab, "lx-latent", "4")
    tab.page.locator(".lx-apply").wait_for()
    assert "This needs a new model: it is trained from scratch" in tab.text("lx-question")
    assert session.state.scene is before
    tab.page.locator(".lx-discard").click()
    tab.page.locator(".lx-apply").wait_for(state="hidden")
    until(lambda: tab.page.locator(".lx-latent input").input_value() == "2", "the former number")
    assert session.state.scene is before

    enter(tab, "lx-latent", "4")
    maps = tab.maps
    tab.page.locator(".lx-apply").click()
    until(lambda: shown(session) == ("vae", 4), "the new model on the map")
    fresh = models.create("vae", shape=session.state.scene.dataset.shape, latent=4)
    assert weights_token(session.state.scene.model) != weights_token(fresh), (
        "nothing is shown before it learned"
    )
    until(lambda: tab.maps > maps, "its map")
    until(lambda: "vae 4-D" in tab.text("lx-status"), "the header to say so")
    tab.page.locator(".lx-apply").wait_for(state="hidden")
    until(lambda: session.state.base.run is None, "the end of its training")

    revert = tab.page.locator(".lx-revert")
    until(revert.locator("button").is_enabled, "a way back")
    revert.click()
    until(lambda: shown(session) == ("vae", 2), "the former model")
    until(lambda: tab.page.locator(".lx-latent input").input_value() == "2", "the former number")


def test_a_sphere_has_three_coordinates_and_says_what_it_is(tab: Tab, iris: App) -> None:
    session = iris.session()
    tab.choose("lx-model", "sphere-ae")
    until(lambda: "not a VAE" in tab.text("lx-about") and "no KL" in tab.text("lx-about"), "what it is")
    tab.choose("lx-model", "sphere-vae")
    until(lambda: tab.page.locator(".lx-latent input").input_value() == "3", "three coordinates")
    until(lambda: "on the sphere" in tab.text("lx-about"), "what it is")
    enter(tab, "lx-latent", "1")
    tab.page.locator(".lx-error").wait_for()
    assert "from 2 to" in tab.text("lx-error")
    until(lambda: tab.page.locator(".lx-latent input").input_value() == "3", "three again")
    tab.page.locator(".lx-apply").click()
    until(lambda: shown(session) == ("sphere-vae", 3), "the sphere on the map")
    assert session.state.scene.cloud.sphere
    assert "kl" in session.state.param.colour_by.objects
    frames = tab.frames
    tab.page.mouse.move(*tab.at(0.4, 0.5))
    tab.page.mouse.move(*tab.at(0.5, 0.5))
    until(lambda: tab.frames > frames, "frames of the new model")


def test_a_weight_of_the_loss_holds_from_the_next_training(tab: Tab, iris: App) -> None:
    session = iris.session()
    before = session.state.scene
    tab.unfold("Model knobs, own file")
    enter(tab, "lx-beta", "4")
    until(lambda: "beta holds from the next training" in tab.text("lx-note"), "what the change takes")
    assert tab.page.locator(".lx-apply").count() == 0
    enter(tab, "lx-beta", "1000")
    tab.page.locator(".lx-error").wait_for()
    assert "beta cannot be 1000; give a number from 0 to 100." in tab.text("lx-error")
    session.settings.plan.epochs = 20
    tab.page.locator(".lx-train").click()
    until(lambda: session.state.run is not None, "the run")
    run = session.state.run
    assert run.job.model.config["beta"] == 4.0
    assert weights_token(run.job.model) == weights_token(before.model)
    until(lambda: run.state is RunState.DONE, "its end")
    until(lambda: tab.text("lx-note") == "", "nothing more to say")

    tab.choose("lx-dataset", "digits")
    tab.page.locator(".lx-apply").wait_for()
    assert "lets go of the model that you have trained" in tab.text("lx-question")
    tab.page.locator(".lx-discard").click()
    tab.page.locator(".lx-apply").wait_for(state="hidden")
    assert session.state.scene.dataset.name == "iris"


def test_a_body_that_the_data_do_not_allow_is_said_and_taken_back(tab: Tab, iris: App) -> None:
    session = iris.session()
    before = session.state.scene
    tab.unfold("Model knobs, own file")
    tab.choose("lx-body", "conv")
    tab.page.locator(".lx-apply").click()
    tab.page.locator(".lx-error").wait_for()
    assert "needs images" in tab.text("lx-error")
    until(lambda: session.draft.knobs.body == "auto", "the draft to go back")
    until(lambda: tab.page.locator(".lx-body").get_by_text("auto", exact=True).count(), "the chooser too")
    assert session.state.scene is before


def test_large_data_are_trained_once_confirmed_and_can_be_stopped(
    serve: Callable[..., App], context: BrowserContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.runtime.base_models.SMALL", 0)
    app = serve(Choice("digits"))
    tab = Tab(context.new_page()).open(app.url)
    session = app.session()
    before = session.state.scene
    endless(session, batch_size=16)
    tab.choose("lx-model", "ae")
    tab.page.locator(".lx-apply").click()
    until(lambda: session.model_choice.current is not None, "the run")
    run = session.model_choice.current
    until(lambda: "epoch" in tab.text("lx-progress"), "progress")
    until(lambda: session.state.scene is not before, "the map to follow it")
    assert shown(session) == ("ae", 2)
    assert session.state.run is run
    tab.page.locator(".lx-stop").click()
    until(lambda: run.state is RunState.STOPPED, "the end of the run")
    until(lambda: tab.text("lx-progress").startswith("Stopped"), "the page to say so")
    assert tab.problems == []
