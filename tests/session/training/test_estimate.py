"""The time of a first training is measured where nothing has been trained, and said before it begins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import models
from explorer.core.datasets import Dataset
from explorer.runtime.training import speed
from explorer.services import Services
from tests.session.tab import Tab


@pytest.fixture
def untrained(opened: Callable[..., Tab], services: Services, iris: Dataset) -> Tab:
    """A session on a model that was made for it, which is not trained by itself in these tests."""
    return opened(services.bases.given(iris)).rest()


def test_the_time_of_the_first_training_is_that_of_its_batches(untrained: Tab) -> None:
    session = untrained.session
    untrained.until(lambda: session.estimate.seconds is not None, "the estimate")
    once = session.estimate.seconds
    assert once > 0
    session.settings.plan.epochs *= 2
    assert session.estimate.seconds == pytest.approx(2 * once)


def test_speed_leaves_the_model_as_it_is(iris: Dataset) -> None:
    model = models.create("vae", shape=iris.shape, width=0.25)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for batch_size in (4, 32, 1000):
        assert speed.samples_per_second(model, iris, batch_size, model.device) > 0
    assert all(before[name].equal(value) for name, value in model.state_dict().items())


def test_what_was_trained_is_not_called_untrained(untrained: Tab, opened: Callable[..., Tab]) -> None:
    session = untrained.session
    assert session.state.untrained
    assert session.training.sentence.startswith("Trains the model on the map, whose weights are random, on")
    session.settings.plan.epochs = 2
    session.train()
    run = session.state.run
    assert run.join(60)
    untrained.rest()
    assert not session.state.untrained
    assert session.training.sentence.startswith("Fine-tunes the model on the map with its optimizer's state")
    session.revert()
    untrained.until(lambda: session.state.untrained, "random weights again")
    assert not opened().rest().session.state.untrained  # a model that was given
