"""A draft of the next choice: what holds at once, what asks first, and a new model on its way to the map."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import models
from explorer.core.latent.cloud import weights_token
from explorer.runtime import base_models
from explorer.runtime.base import Choice
from explorer.runtime.run import RunState
from explorer.services import Services
from tests.endless import endless
from tests.session.tab import Tab

SMALL_VAE = Choice("iris", options=(("width", 0.25),))


@pytest.fixture
def tab(services: Services, opened: Callable[..., Tab]) -> Tab:
    """Iris under an untrained model, made by choice: data of which no model is trained unasked."""
    tab = opened(services.bases.get(SMALL_VAE)).rest()
    tab.session.settings.plan.param.update(epochs=3, batch_size=32)
    return tab


def shown(tab: Tab) -> tuple[str, int]:
    model = tab.session.state.scene.model
    return model.name, model.latent


def test_the_draft_is_what_holds_until_it_is_changed(tab: Tab) -> None:
    draft = tab.session.draft
    assert draft.choice == draft.now == SMALL_VAE
    assert (draft.question, draft.note, tab.session.model_choice.waiting) == ("", "", False)


@pytest.mark.parametrize(
    "change",
    [
        lambda draft: setattr(draft, "model", "ae"),
        lambda draft: setattr(draft, "latent", 5),
        lambda draft: setattr(draft.knobs, "body", "dense"),
        lambda draft: setattr(draft.knobs, "width", 1.0),
    ],
)
def test_what_needs_a_new_model_asks_first_and_can_be_discarded(
    tab: Tab, change: Callable[[object], None]
) -> None:
    session, scene = tab.session, tab.session.state.scene
    change(session.draft)
    tab.rest()
    assert session.draft.question.startswith("This needs a new model: it is trained from scratch (3 epochs")
    assert session.state.scene is scene
    assert session.draft.choice != SMALL_VAE
    session.draft.discard()
    assert session.draft.choice == SMALL_VAE
    assert session.draft.question == ""
    assert tab.rest().session.state.scene is scene


def test_confirmed_it_is_trained_at_once_and_the_map_stays_until_that_shows(tab: Tab) -> None:
    session, before = tab.session, tab.session.state.scene
    seen = []
    session.state.param.watch(lambda event: seen.append(event.new.model), "scene")
    session.draft.model = "ae"
    session.model_choice.apply()
    assert session.draft.question == ""
    tab.until(lambda: session.model_choice.coming is not None, "the run to begin")
    assert session.state.scene is before
    assert session.model_choice.waiting
    run = session.model_choice.coming
    assert session.model_choice.current is run
    tab.until(lambda: session.state.scene is not before, "the new map")
    assert (run.job.epochs, run.job.model.name) == (3, "ae")
    untrained = weights_token(models.create("ae", shape=(4,), width=0.25))
    assert untrained not in {weights_token(model) for model in seen}, (
        "nothing of it is shown before it learned"
    )
    assert session.state.run is run
    assert (session.model_choice.coming, session.model_choice.waiting) == (None, False)
    tab.until(lambda: run.join(0), "its end").rest()
    assert session.state.scene.model is run.snapshot.read()[1].model
    assert session.draft.choice == session.draft.now == Choice("iris", "ae", 2, (("width", 0.25),))


def test_a_small_set_is_trained_by_the_base_and_the_map_waits_for_that_too(
    tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base_models, "SMALL", 6_000)
    monkeypatch.setattr(models, "default_plan", lambda samples: models.Plan(3, 64, 1e-3))
    session, before = tab.session, tab.session.state.scene
    session.draft.latent = 4
    session.model_choice.apply()
    tab.until(lambda: session.state.scene is not before, "the new map")
    assert session.state.base.trained
    untrained = models.create("vae", shape=(4,), latent=4, width=0.25)
    assert weights_token(session.state.scene.model) != weights_token(untrained)
    assert (session.state.run, session.model_choice.waiting) == (None, False)


def test_a_sphere_takes_three_coordinates_and_its_own_knobs(tab: Tab) -> None:
    draft = tab.session.draft
    draft.knobs.beta = 2.0
    draft.model = "sphere-vae"
    assert draft.latent == 3
    assert draft.param.latent.bounds == models.latent_range("sphere-vae")
    assert set(draft.knobs.options) == set(models.options("sphere-vae"))
    assert dict(draft.choice.options) == {"width": 0.25, "beta": 2.0}, "what both have is kept"
    draft.model = "vae"
    assert draft.latent == 2, "it was three for the sphere alone"
    draft.latent = 7
    draft.model = "sphere-ae"
    assert draft.latent == 7
    with pytest.raises(ValueError, match="at least 2"):
        draft.latent = 1


def test_a_weight_of_the_loss_holds_from_the_next_training_with_the_same_weights(tab: Tab) -> None:
    session, before = tab.session, tab.session.state.scene
    session.draft.knobs.beta, session.draft.knobs.free_bits = 4.0, 0.5
    assert session.draft.question == ""
    assert session.draft.note.startswith("The new beta, free bits holds from the next training")
    assert tab.rest().session.state.scene is before
    session.train()
    run = session.state.run
    assert weights_token(run.job.model) == weights_token(before.model)
    assert (run.job.model.config["beta"], before.model.config["beta"]) == (4.0, 1.0)
    tab.until(lambda: run.join(0), "its end").rest()
    assert session.state.scene.model.config["free_bits"] == 0.5
    assert session.draft.note == ""
    session.revert()
    tab.until(lambda: session.state.scene.model is before.model, "the model before").rest()
    assert dict(session.draft.choice.options) == {"width": 0.25}


def test_while_a_new_model_is_asked_for_the_present_one_trains_as_it_is(tab: Tab) -> None:
    session = tab.session
    session.draft.knobs.beta, session.draft.latent = 4.0, 3
    assert session.draft.note == ""
    session.train()
    assert session.state.run.job.model is session.state.scene.model


def test_revert_brings_back_the_model_that_another_took_the_place_of(tab: Tab) -> None:
    session = tab.session
    session.train()
    first = session.state.run
    tab.until(lambda: first.join(0), "its end").rest()
    model = session.state.scene.model
    session.draft.model = "ae"
    session.model_choice.apply()
    tab.until(lambda: shown(tab) == ("ae", 2), "the plain autoencoder")
    assert session.training.revertible
    session.revert()
    tab.until(lambda: session.state.scene.model is model, "the trained model").rest()
    assert session.state.run is first
    assert session.draft.choice == SMALL_VAE


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"body": "conv"}, "needs images"), ({"likelihood": "bernoulli"}, "from 0 to 1")],
)
def test_a_model_that_the_data_do_not_allow_leaves_all_as_it_was(
    tab: Tab, change: dict[str, str], sentence: str
) -> None:
    session, scene, base = tab.session, tab.session.state.scene, tab.session.state.base
    session.draft.knobs.param.update(**change)
    session.model_choice.apply()
    tab.until(lambda: session.state.error, "the sentence").rest()
    assert sentence in session.state.error
    assert "\n" not in session.state.error
    assert (session.state.scene, session.state.base) == (scene, base)
    assert session.draft.choice == SMALL_VAE, "the chooser goes back to what holds"
    assert (session.model_choice.waiting, session.model_choice.coming) == (False, None)


def test_a_first_training_that_fails_leaves_all_as_it_was(tab: Tab) -> None:
    session, scene = tab.session, tab.session.state.scene
    plan = session.settings.plan
    plan.param.learning_rate.bounds = (1e-6, None)
    plan.learning_rate = 1e30
    session.draft.latent = 3
    session.model_choice.apply()
    tab.until(lambda: session.state.error, "the sentence").rest()
    assert "learning rate" in session.state.error
    assert (session.state.scene, session.draft.choice) == (scene, SMALL_VAE)
    assert (session.model_choice.coming, session.state.run) == (None, None)


def test_stop_shows_a_new_model_as_it_is_by_then(tab: Tab) -> None:
    session, scene = tab.session, tab.session.state.scene
    endless(session, batch_size=4)
    session.draft.latent = 3
    session.model_choice.apply()
    tab.until(lambda: session.model_choice.current and len(session.model_choice.current.steps), "steps")
    session.stop()
    tab.until(lambda: session.state.scene is not scene, "the new map").rest()
    assert session.state.run.state is RunState.STOPPED
    assert shown(tab) == ("vae", 3)


def test_stopped_before_its_turn_it_never_comes(tab: Tab, opened: Callable[..., Tab]) -> None:
    other = opened().rest().session
    endless(other, batch_size=4)
    other.train()
    session, scene = tab.session, tab.session.state.scene
    session.draft.latent = 3
    session.model_choice.apply()
    tab.until(lambda: session.model_choice.coming is not None, "its place in the queue")
    session.stop()
    tab.until(lambda: not session.model_choice.waiting, "the way back").rest()
    assert (session.state.scene, session.draft.choice, session.state.error) == (scene, SMALL_VAE, "")
    other.training.stop()


def test_another_data_set_holds_at_once_unless_a_training_is_lost(tab: Tab) -> None:
    session = tab.session
    session.train()
    run = session.state.run
    tab.until(lambda: run.join(0), "its end").rest()
    session.draft.source = "digits"
    assert "lets go of the model" in session.draft.question
    assert tab.rest().session.state.scene.dataset.name == "iris"
    session.model_choice.apply()
    tab.until(lambda: session.state.scene.dataset.name == "digits", "digits").rest()
    assert not session.training.revertible
    assert session.state.run is None
    session.draft.source = "iris"
    assert session.draft.question == ""
    tab.until(lambda: session.state.scene.dataset.name == "iris", "iris at once").rest()
    assert session.draft.choice == SMALL_VAE


def test_a_later_choice_takes_the_place_of_one_on_its_way(tab: Tab) -> None:
    session = tab.session
    endless(session, batch_size=4)
    session.draft.latent = 3
    session.model_choice.apply()
    tab.until(lambda: session.model_choice.coming is not None, "the run to begin")
    first = session.model_choice.coming
    session.settings.plan.epochs = 2
    session.draft.latent = 5
    session.model_choice.apply()
    tab.until(lambda: shown(tab) == ("vae", 5), "the later one")
    assert first.stopping
    assert first.join(60)
    tab.rest()
    assert shown(tab) == ("vae", 5)
    assert session.draft.choice.latent == 5
