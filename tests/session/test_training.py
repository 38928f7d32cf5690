"""Training a clone: what it learns from, that the map follows, and the ways back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import models
from explorer.core.cloud import weights_token
from explorer.runtime.bases import Base, Choice
from explorer.runtime.run import Run, RunState
from explorer.services import Services
from explorer.session import Session
from tests.session.tab import PATIENCE, Tab


def train(tab: Tab, **plan: object) -> Run:
    """Train to the end, and wait until the map shows what came of it."""
    session = tab.session
    session.training.plan.param.update(**{"epochs": 3, "batch_size": 32, **plan})
    session.training.start()
    run = session.training.run
    assert run.join(PATIENCE)
    shown = run.snapshot.read()[1]
    tab.until(lambda: session.scene.model is shown.model, "the trained map").rest()
    return run


def train_long(tab: Tab) -> Run:
    """Begin a training that ends when it is told to: a minute's work."""
    training = tab.session.training
    training.plan.param.update(epochs=2000, batch_size=4)
    training.start()
    return training.run


def diverging(session: Session) -> None:
    """Set the learning rate to what no training survives: more than the page lets anybody choose."""
    plan = session.training.plan
    plan.param.learning_rate.bounds = (1e-6, None)
    plan.param.update(learning_rate=1e30, epochs=3)


def test_the_map_follows_a_run_to_its_last_epoch(tab: Tab) -> None:
    session, before, image = tab.session, tab.session.scene, tab.session.map.read()[1]
    token = weights_token(before.model)
    run = train(tab)
    assert run.state is RunState.DONE
    assert session.scene.cloud is run.snapshot.read()[1].cloud
    assert session.scene.key != before.key
    assert not np.allclose(session.scene.xy, before.xy)
    after = session.map.read()[1]
    assert after.scene == session.scene.key
    assert after.pixels != image.pixels
    assert weights_token(before.model) == token  # it was a clone
    assert session.error == ""


def test_cursor_and_picked_sample_move_with_the_map(tab: Tab) -> None:
    session = tab.session
    session.cursor = (0.0, 0.0)
    session.pick((0.0, 0.0))
    tab.rest()
    picked = session.picked
    train(tab)
    assert session.picked.index == picked.index
    assert session.picked.error != picked.error
    assert session.picked.xy == tuple(session.scene.xy[picked.index].tolist())
    assert session.frame.read()[1].stamp == session.scene.key


def test_a_selection_is_trained_on_its_training_rows_alone(tab: Tab) -> None:
    session = tab.session
    session.selecting.random(60, seed=2)
    mask, dataset = session.selecting.mask, session.scene.dataset
    alone = session.scene.model.clone()
    session.training.on = "selection"
    run = train(tab, seed=9, learning_rate=1e-2)
    chosen = np.flatnonzero(mask[: len(dataset.train)])
    assert 0 < len(chosen) < 60
    np.testing.assert_array_equal(run.job.indices, chosen)

    class Chosen:
        x = dataset.train.x[chosen]

    list(models.fit(alone, Chosen, epochs=3, batch_size=32, learning_rate=1e-2, seed=9))
    assert weights_token(session.scene.model) == weights_token(alone)
    np.testing.assert_array_equal(session.selecting.mask, mask)


def test_a_selection_without_a_training_row_is_not_trained(tab: Tab) -> None:
    session = tab.session
    session.training.on = "selection"
    session.training.start()
    assert "No training sample is selected" in session.error
    session.selecting.where("split == 'test'")
    session.error = ""
    session.training.start()
    assert "No training sample is selected" in session.error
    assert session.training.run is None


def test_there_is_nothing_to_train_before_the_map(services: Services, base: Base) -> None:
    session = Session(services, base)
    session.training.start()
    assert "nothing to train yet" in session.error
    session.training.stop()
    session.training.revert()
    assert session.training.run is None
    session.close()


def test_stop_keeps_the_last_epoch(tab: Tab) -> None:
    session, before = tab.session, tab.session.scene
    run = train_long(tab)
    tab.until(lambda: session.scene is not before, "the map to move")
    session.training.stop()
    tab.until(lambda: run.state.over, "the end")
    assert run.join(PATIENCE)
    assert run.state is RunState.STOPPED
    last = run.snapshot.read()[1]
    assert 1 <= last.step.epoch < 2000
    tab.until(lambda: session.scene.model is last.model, "the last epoch").rest()
    assert session.error == ""


def test_revert_goes_back_to_the_very_model_before(tab: Tab) -> None:
    session, untrained = tab.session, tab.session.scene.model
    first = train(tab)
    once = session.scene.model
    train(tab, seed=1)
    twice = session.scene.model
    assert len({id(untrained), id(once), id(twice)}) == 3
    session.training.revert()
    tab.until(lambda: session.scene.model is once, "the first training")
    assert session.training.run is first
    session.training.revert()
    tab.until(lambda: session.scene.model is untrained, "the untrained model")
    assert session.training.run is None
    session.training.revert()
    assert session.training.run is None
    assert train(tab).job.model is untrained


def test_a_failing_run_says_so_and_takes_nothing_off_the_map(tab: Tab) -> None:
    session, before = tab.session, tab.session.scene
    diverging(session)
    session.training.start()
    tab.until(lambda: session.error, "the sentence").rest()
    run = session.training.run
    assert run.state is RunState.FAILED
    assert session.error == run.error
    assert "learning rate" in session.error
    assert "\n" not in session.error
    assert session.scene is before
    session.error = ""
    tab.rest()
    assert session.error == ""  # said once


def test_revert_passes_over_a_run_that_never_was_on_the_map(tab: Tab) -> None:
    session, untrained = tab.session, tab.session.scene.model
    diverging(session)
    session.training.start()
    tab.until(lambda: session.error, "the sentence")
    train(tab, learning_rate=1e-3)
    assert session.scene.model is not untrained
    assert session.error == ""
    session.training.revert()
    tab.until(lambda: session.scene.model is untrained, "the untrained model")


def test_a_choice_that_fails_leaves_the_training_on_the_map(tab: Tab) -> None:
    session = tab.session
    run = train(tab)
    scene = session.scene
    session.choose(Choice("nope"))
    tab.until(lambda: session.error, "the sentence").rest()
    assert session.scene is scene
    assert session.training.run is run


def test_a_choice_that_is_ready_ends_the_run(tab: Tab) -> None:
    session = tab.session
    run = train_long(tab)
    session.choose(Choice("iris", model="ae"))
    tab.until(lambda: session.scene.model.name == "ae", "the plain autoencoder")
    assert session.training.run is None
    assert run.join(PATIENCE)
    assert run.state is RunState.STOPPED
    tab.rest()
    assert session.scene.model.name == "ae"


def test_runs_are_of_one_session_each_and_wait_for_one_another(opened: Callable[..., Tab]) -> None:
    first, second = opened().rest(), opened().rest()
    one, two = first.session, second.session
    running, waiting = train_long(first), train_long(second)
    assert running is not waiting
    first.until(lambda: one.scene is not two.scene, "the first map to move")
    assert (running.position, waiting.position) == (0, 1)
    two_before = two.scene
    second.rest()
    assert two.scene.key == two_before.key
    one.training.stop()
    second.until(lambda: waiting.state is RunState.RUNNING, "its turn")
    first.until(lambda: running.state.over, "the first to end")
    assert running.state is RunState.STOPPED
    two.training.stop()
    assert waiting.join(PATIENCE)


@pytest.mark.parametrize("ends", ["stop", "close"])
def test_a_run_that_waits_can_be_taken_back(opened: Callable[..., Tab], ends: str) -> None:
    first, second = opened().rest(), opened().rest()
    running, waiting = train_long(first), train_long(second)
    second.session.training.stop() if ends == "stop" else second.close()
    assert waiting.join(PATIENCE)
    assert waiting.state is RunState.STOPPED
    assert waiting.snapshot.version == 0
    assert not running.state.over


def test_a_run_is_kept_with_where_its_data_are_found_and_what_it_goes_on_from(
    services: Services, opened: Callable[..., Tab]
) -> None:
    tab = opened(services.bases.get(Choice("iris"))).rest()
    first, second = train(tab), train(tab, epochs=2)
    kept = [services.store.find(run.kept) for run in (first, second)]
    assert [record.dataset["source"] for record in kept] == ["iris", "iris"]
    assert [(record.parent, record.parent_epoch) for record in kept] == [(None, None), (first.kept, 3)]
    assert kept[0].epoch == 3


def test_data_that_were_handed_over_are_kept_without_a_source(services: Services, tab: Tab) -> None:
    assert services.store.find(train(tab).kept).dataset["source"] == ""


def test_a_run_that_begins_before_the_map_has_followed_names_no_epoch(services: Services, tab: Tab) -> None:
    training = tab.session.training
    training.plan.param.update(epochs=2, batch_size=32)
    runs = []
    for _ in range(2):
        training.start()
        runs.append(training.run)
        assert training.run.join(PATIENCE)
    kept = services.store.find(runs[1].kept)
    assert (kept.parent, kept.parent_epoch) == (runs[0].kept, None)
