"""A draft of the next choice: what holds at once, what asks first, and a new model on its way to the map."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import models
from explorer.core.cloud import weights_token
from explorer.runtime import bases
from explorer.runtime.bases import Choice
from explorer.runtime.run import RunState
from explorer.services import Services
from tests.endless import endless
from tests.session.tab import Tab

SMALL_VAE = Choice("iris", options=(("width", 0.25),))


@pytest.fixture
def tab(services: Services, opened: Callable[..., Tab]) -> Tab:
    """Iris under an untrained model, made by choice: data of which no model is trained unasked."""
    tab = opened(services.bases.get(SMALL_VAE)).rest()
    tab.session.training.plan.param.update(epochs=3, batch_size=32)
    return tab


def shown(tab: Tab) -> tuple[str, int]:
    model = tab.session.scene.model
    return model.name, model.latent


def test_the_draft_is_what_holds_until_it_is_changed(tab: Tab) -> None:
    choosing = tab.session.choosing
    assert choosing.choice == choosing.now == SMALL_VAE
    assert (choosing.question, choosing.note, choosing.waiting) == ("", "", False)


@pytest.mark.parametrize(
    "change",
    [
        lambda choosing: setattr(choosing, "model", "ae"),
        lambda choosing: setattr(choosing, "latent", 5),
        lambda choosing: setattr(choosing.knobs, "body", "dense"),
        lambda choosing: setattr(choosing.knobs, "width", 1.0),
    ],
)
def test_what_needs_a_new_model_asks_first_and_can_be_discarded(
    tab: Tab, change: Callable[[object], None]
) -> None:
    session, scene = tab.session, tab.session.scene
    change(session.choosing)
    tab.rest()
    assert session.choosing.question.startswith(
        "This needs a new model: it is trained from scratch (3 epochs"
    )
    assert session.scene is scene
    assert session.choosing.choice != SMALL_VAE
    session.choosing.discard()
    assert session.choosing.choice == SMALL_VAE
    assert session.choosing.question == ""
    assert tab.rest().session.scene is scene


def test_confirmed_it_is_trained_at_once_and_the_map_stays_until_that_shows(tab: Tab) -> None:
    session, before = tab.session, tab.session.scene
    seen = []
    session.param.watch(lambda event: seen.append(event.new.model), "scene")
    session.choosing.model = "ae"
    session.choosing.apply()
    assert session.choosing.question == ""
    tab.until(lambda: session.training.coming is not None, "the run to begin")
    assert session.scene is before
    assert session.choosing.waiting
    run = session.training.coming
    assert session.training.current is run
    tab.until(lambda: session.scene is not before, "the new map")
    assert (run.job.epochs, run.job.model.name) == (3, "ae")
    untrained = weights_token(models.create("ae", shape=(4,), width=0.25))
    assert untrained not in {weights_token(model) for model in seen}, (
        "nothing of it is shown before it learned"
    )
    assert session.training.run is run
    assert (session.training.coming, session.choosing.waiting) == (None, False)
    tab.until(lambda: run.join(0), "its end").rest()
    assert session.scene.model is run.snapshot.read()[1].model
    assert session.choosing.choice == session.choosing.now == Choice("iris", "ae", 2, (("width", 0.25),))


def test_a_small_set_is_trained_by_the_base_and_the_map_waits_for_that_too(
    tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bases, "SMALL", 6_000)
    monkeypatch.setattr(models, "default_plan", lambda samples: models.Plan(3, 64, 1e-3))
    session, before = tab.session, tab.session.scene
    session.choosing.latent = 4
    session.choosing.apply()
    tab.until(lambda: session.scene is not before, "the new map")
    assert session.base.trained
    untrained = models.create("vae", shape=(4,), latent=4, width=0.25)
    assert weights_token(session.scene.model) != weights_token(untrained)
    assert (session.training.run, session.choosing.waiting) == (None, False)


def test_a_sphere_takes_three_coordinates_and_its_own_knobs(tab: Tab) -> None:
    choosing = tab.session.choosing
    choosing.knobs.beta = 2.0
    choosing.model = "sphere-vae"
    assert choosing.latent == 3
    assert choosing.param.latent.bounds == models.latent_range("sphere-vae")
    assert set(choosing.knobs.options) == set(models.options("sphere-vae"))
    assert dict(choosing.choice.options) == {"width": 0.25, "beta": 2.0}, "what both have is kept"
    choosing.model = "vae"
    assert choosing.latent == 2, "it was three for the sphere alone"
    choosing.latent = 7
    choosing.model = "sphere-ae"
    assert choosing.latent == 7
    with pytest.raises(ValueError, match="at least 2"):
        choosing.latent = 1


def test_a_weight_of_the_loss_holds_from_the_next_training_with_the_same_weights(tab: Tab) -> None:
    session, before = tab.session, tab.session.scene
    session.choosing.knobs.beta, session.choosing.knobs.free_bits = 4.0, 0.5
    assert session.choosing.question == ""
    assert session.choosing.note.startswith("The new beta, free bits holds from the next training")
    assert tab.rest().session.scene is before
    session.training.start()
    run = session.training.run
    assert weights_token(run.job.model) == weights_token(before.model)
    assert (run.job.model.config["beta"], before.model.config["beta"]) == (4.0, 1.0)
    tab.until(lambda: run.join(0), "its end").rest()
    assert session.scene.model.config["free_bits"] == 0.5
    assert session.choosing.note == ""
    session.training.revert()
    tab.until(lambda: session.scene.model is before.model, "the model before").rest()
    assert dict(session.choosing.choice.options) == {"width": 0.25}


def test_while_a_new_model_is_asked_for_the_present_one_trains_as_it_is(tab: Tab) -> None:
    session = tab.session
    session.choosing.knobs.beta, session.choosing.latent = 4.0, 3
    assert session.choosing.note == ""
    session.training.start()
    assert session.training.run.job.model is session.scene.model


def test_revert_brings_back_the_model_that_another_took_the_place_of(tab: Tab) -> None:
    session = tab.session
    session.training.start()
    first = session.training.run
    tab.until(lambda: first.join(0), "its end").rest()
    model = session.scene.model
    session.choosing.model = "ae"
    session.choosing.apply()
    tab.until(lambda: shown(tab) == ("ae", 2), "the plain autoencoder")
    assert session.training.revertible
    session.training.revert()
    tab.until(lambda: session.scene.model is model, "the trained model").rest()
    assert session.training.run is first
    assert session.choosing.choice == SMALL_VAE


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"body": "conv"}, "needs images"), ({"likelihood": "bernoulli"}, "from 0 to 1")],
)
def test_a_model_that_the_data_do_not_allow_leaves_all_as_it_was(
    tab: Tab, change: dict[str, str], sentence: str
) -> None:
    session, scene, base = tab.session, tab.session.scene, tab.session.base
    session.choosing.knobs.param.update(**change)
    session.choosing.apply()
    tab.until(lambda: session.error, "the sentence").rest()
    assert sentence in session.error
    assert "\n" not in session.error
    assert (session.scene, session.base) == (scene, base)
    assert session.choosing.choice == SMALL_VAE, "the chooser goes back to what holds"
    assert (session.choosing.waiting, session.training.coming) == (False, None)


def test_a_first_training_that_fails_leaves_all_as_it_was(tab: Tab) -> None:
    session, scene = tab.session, tab.session.scene
    plan = session.training.plan
    plan.param.learning_rate.bounds = (1e-6, None)
    plan.learning_rate = 1e30
    session.choosing.latent = 3
    session.choosing.apply()
    tab.until(lambda: session.error, "the sentence").rest()
    assert "learning rate" in session.error
    assert (session.scene, session.choosing.choice) == (scene, SMALL_VAE)
    assert (session.training.coming, session.training.run) == (None, None)


def test_stop_shows_a_new_model_as_it_is_by_then(tab: Tab) -> None:
    session, scene = tab.session, tab.session.scene
    endless(session, batch_size=4)
    session.choosing.latent = 3
    session.choosing.apply()
    tab.until(lambda: session.training.current and len(session.training.current.steps), "steps")
    session.training.stop()
    tab.until(lambda: session.scene is not scene, "the new map").rest()
    assert session.training.run.state is RunState.STOPPED
    assert shown(tab) == ("vae", 3)


def test_stopped_before_its_turn_it_never_comes(tab: Tab, opened: Callable[..., Tab]) -> None:
    other = opened().rest().session
    endless(other, batch_size=4)
    other.training.start()
    session, scene = tab.session, tab.session.scene
    session.choosing.latent = 3
    session.choosing.apply()
    tab.until(lambda: session.training.coming is not None, "its place in the queue")
    session.training.stop()
    tab.until(lambda: not session.choosing.waiting, "the way back").rest()
    assert (session.scene, session.choosing.choice, session.error) == (scene, SMALL_VAE, "")
    other.training.stop()


def test_another_data_set_holds_at_once_unless_a_training_is_lost(tab: Tab) -> None:
    session = tab.session
    session.training.start()
    run = session.training.run
    tab.until(lambda: run.join(0), "its end").rest()
    session.choosing.source = "digits"
    assert "lets go of the model" in session.choosing.question
    assert tab.rest().session.scene.dataset.name == "iris"
    session.choosing.apply()
    tab.until(lambda: session.scene.dataset.name == "digits", "digits").rest()
    assert not session.training.revertible
    assert session.training.run is None
    session.choosing.source = "iris"
    assert session.choosing.question == ""
    tab.until(lambda: session.scene.dataset.name == "iris", "iris at once").rest()
    assert session.choosing.choice == SMALL_VAE


def test_a_later_choice_takes_the_place_of_one_on_its_way(tab: Tab) -> None:
    session = tab.session
    endless(session, batch_size=4)
    session.choosing.latent = 3
    session.choosing.apply()
    tab.until(lambda: session.training.coming is not None, "the run to begin")
    first = session.training.coming
    session.training.plan.epochs = 2
    session.choosing.latent = 5
    session.choosing.apply()
    tab.until(lambda: shown(tab) == ("vae", 5), "the later one")
    assert first.stopping
    assert first.join(60)
    tab.rest()
    assert shown(tab) == ("vae", 5)
    assert session.choosing.choice.latent == 5
