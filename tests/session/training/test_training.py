"""Training a clone: what it learns from, that the map follows, and the ways back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import models
from explorer.core.datasets import Dataset
from explorer.core.latent.cloud import weights_token
from explorer.core.settings.training import TrainingMode
from explorer.runtime.base import Base, Choice
from explorer.runtime.run import Run, RunState
from explorer.services import Services
from explorer.session import Session
from explorer.session.training import training as module
from explorer.session.training.queue import find, queue
from tests.endless import endless
from tests.session.tab import PATIENCE, Tab


def train(tab: Tab, **plan: object) -> Run:
    """Train to the end, and wait until the map shows what came of it."""
    session = tab.session
    session.settings.plan.param.update(**{"epochs": 3, "batch_size": 32, **plan})
    session.train()
    run = session.state.run
    assert run.join(PATIENCE)
    shown = run.snapshot.read()[1]
    tab.until(lambda: session.state.scene.model is shown.model, "the trained map").rest()
    return run


def train_long(tab: Tab) -> Run:
    """Begin a training that ends when it is told to."""
    endless(tab.session, batch_size=4)
    tab.session.train()
    return tab.session.state.run


def diverging(session: Session) -> None:
    """Set the learning rate to what no training survives: more than the page lets anybody choose."""
    plan = session.settings.plan
    plan.param.learning_rate.bounds = (1e-6, None)
    plan.param.update(learning_rate=1e30, epochs=3)


def test_the_map_follows_a_run_to_its_last_epoch(tab: Tab) -> None:
    session, before, image = tab.session, tab.session.state.scene, tab.session.view.image.read()[1]
    token = weights_token(before.model)
    run = train(tab)
    assert run.state is RunState.DONE
    assert session.state.scene.cloud is run.snapshot.read()[1].cloud
    assert session.state.scene.key != before.key
    assert not np.allclose(session.state.scene.xy, before.xy)
    after = session.view.image.read()[1]
    assert after.scene == session.state.scene.key
    assert after.pixels != image.pixels
    assert weights_token(before.model) == token  # it was a clone
    assert session.state.error == ""


def test_cursor_and_picked_sample_move_with_the_map(tab: Tab) -> None:
    session = tab.session
    session.state.cursor = (0.0, 0.0)
    session.decoder.pick((0.0, 0.0))
    tab.rest()
    picked = session.state.picked
    train(tab)
    assert session.state.picked.index == picked.index
    assert session.state.picked.error != picked.error
    assert session.state.picked.xy == tuple(session.state.scene.xy[picked.index].tolist())
    assert session.decoder.frame.read()[1].stamp == session.state.scene.key


def test_a_selection_is_trained_on_its_training_rows_alone(tab: Tab) -> None:
    session = tab.session
    session.selection.random(60, seed=2)
    mask, dataset = session.state.selected, session.state.scene.dataset
    alone = session.state.scene.model.clone()
    session.settings.on = "selection"
    run = train(tab, seed=9, learning_rate=1e-2)
    chosen = np.flatnonzero(mask[: len(dataset.train)])
    assert 0 < len(chosen) < 60
    np.testing.assert_array_equal(run.job.indices, chosen)

    class Chosen:
        x = dataset.train.x[chosen]

    list(models.fit(alone, Chosen, epochs=3, batch_size=32, learning_rate=1e-2, seed=9))
    assert weights_token(session.state.scene.model) == weights_token(alone)
    np.testing.assert_array_equal(session.state.selected, mask)


def test_a_selection_without_a_training_row_is_not_trained(tab: Tab) -> None:
    session = tab.session
    session.settings.on = "selection"
    session.train()
    assert "No training sample is selected" in session.state.error
    session.selection.where("split == 'test'")
    session.state.error = ""
    session.train()
    assert "No training sample is selected" in session.state.error
    assert session.state.run is None


def test_there_is_nothing_to_train_before_the_map(services: Services, base: Base) -> None:
    session = Session(services, base)
    session.train()
    assert "nothing to train yet" in session.state.error
    session.stop()
    session.revert()
    assert session.state.run is None
    session.close()


def test_stop_keeps_the_last_epoch(tab: Tab) -> None:
    session, before = tab.session, tab.session.state.scene
    run = train_long(tab)
    tab.until(lambda: session.state.scene is not before, "the map to move")
    session.stop()
    tab.until(lambda: run.state.over, "the end")
    assert run.join(PATIENCE)
    assert run.state is RunState.STOPPED
    last = run.snapshot.read()[1]
    assert last.step.epoch >= 1
    tab.until(lambda: session.state.scene.model is last.model, "the last epoch").rest()
    assert session.state.error == ""


def test_revert_goes_back_to_the_very_model_before(tab: Tab) -> None:
    session, untrained = tab.session, tab.session.state.scene.model
    first = train(tab)
    once = session.state.scene.model
    train(tab, seed=1)
    twice = session.state.scene.model
    assert len({id(untrained), id(once), id(twice)}) == 3
    session.revert()
    tab.until(lambda: session.state.scene.model is once, "the first training")
    assert session.state.run is first
    session.revert()
    tab.until(lambda: session.state.scene.model is untrained, "the untrained model")
    assert session.state.run is None
    session.revert()
    assert session.state.run is None
    assert train(tab).job.model is untrained


def test_a_failing_run_says_so_and_takes_nothing_off_the_map(tab: Tab) -> None:
    session, before = tab.session, tab.session.state.scene
    diverging(session)
    session.train()
    tab.until(lambda: session.state.error, "the sentence").rest()
    run = session.state.run
    assert run.state is RunState.FAILED
    assert session.state.error == run.error
    assert "learning rate" in session.state.error
    assert "\n" not in session.state.error
    assert session.state.scene is before
    session.state.error = ""
    tab.rest()
    assert session.state.error == ""  # said once


def test_revert_passes_over_a_run_that_never_was_on_the_map(tab: Tab) -> None:
    session, untrained = tab.session, tab.session.state.scene.model
    diverging(session)
    session.train()
    tab.until(lambda: session.state.error, "the sentence")
    train(tab, learning_rate=1e-3)
    assert session.state.scene.model is not untrained
    assert session.state.error == ""
    session.revert()
    tab.until(lambda: session.state.scene.model is untrained, "the untrained model")


def test_a_choice_that_fails_leaves_the_training_on_the_map(tab: Tab) -> None:
    session = tab.session
    run = train(tab)
    scene = session.state.scene
    session.model_choice.choose(Choice("nope"))
    tab.until(lambda: session.state.error, "the sentence").rest()
    assert session.state.scene is scene
    assert session.state.run is run


def test_a_choice_that_is_ready_ends_the_run(tab: Tab) -> None:
    session = tab.session
    run = train_long(tab)
    session.model_choice.choose(Choice("iris", model="ae"))
    tab.until(lambda: session.state.scene.model.name == "ae", "the plain autoencoder")
    assert session.state.run is None
    assert run.join(PATIENCE)
    assert run.state is RunState.STOPPED
    tab.rest()
    assert session.state.scene.model.name == "ae"


def test_runs_are_of_one_session_each_and_wait_for_one_another(opened: Callable[..., Tab]) -> None:
    first, second = opened().rest(), opened().rest()
    one, two = first.session, second.session
    running, waiting = train_long(first), train_long(second)
    assert running is not waiting
    first.until(lambda: one.state.scene is not two.state.scene, "the first map to move")
    assert (running.position, waiting.position) == (0, 1)
    two_before = two.state.scene
    second.rest()
    assert two.state.scene.key == two_before.key
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
    second.session.stop() if ends == "stop" else second.close()
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
    training.settings.plan.param.update(epochs=2, batch_size=32)
    runs = []
    for _ in range(2):
        training.start()
        runs.append(training.run)
        assert training.run.join(PATIENCE)
    kept = services.store.find(runs[1].kept)
    assert (kept.parent, kept.parent_epoch) == (runs[0].kept, None)


# -- the two ways ----------------------------------------------------------------------------------------


def same(one: models.Autoencoder, other: models.Autoencoder) -> bool:
    return weights_token(one) == weights_token(other)


def test_fine_tuning_goes_on_with_the_optimizers_state_of_the_run_on_the_map(
    services: Services, tab: Tab
) -> None:
    session, training = tab.session, tab.session.training
    train_set = session.state.scene.dataset.train
    assert "its optimizer starts afresh" in training.sentence
    first = train(tab)
    assert first.job.start is None
    assert "with its optimizer's state on all 120 samples" in training.sentence
    expected, states = first.job.model.clone(), []
    settings = {"epochs": 3, "batch_size": 32, "learning_rate": training.settings.plan.learning_rate}
    list(models.fit(expected, train_set, **settings, keep=states.append))
    assert same(expected, session.state.scene.model)
    second = train(tab)
    warm, cold = expected.clone(), expected.clone()
    list(models.fit(warm, train_set, **settings, start=states[-1].anew()))
    list(models.fit(cold, train_set, **settings))
    assert same(session.state.scene.model, warm)
    assert not same(session.state.scene.model, cold)
    record = services.store.find(second.kept)
    assert (record.mode, record.parent, record.rest) == (TrainingMode.FINE_TUNE, first.kept, None)
    training.revert()
    tab.until(
        lambda: session.state.scene.model is first.snapshot.read()[1].model, "the first training"
    ).rest()
    assert "with its optimizer's state" in training.sentence
    training.revert()
    tab.until(lambda: session.state.scene.model is first.job.model, "the untrained model").rest()
    assert "its optimizer starts afresh" in training.sentence


def test_the_rest_counts_as_it_is_told_and_the_run_records_it(services: Services, tab: Tab) -> None:
    session, training = tab.session, tab.session.training
    session.selection.random(60, seed=2)
    chosen = np.flatnonzero(session.state.selected[: session.state.scene.cloud.train])
    training.settings.param.update(on="selection", rest=0.25)
    told = f"on {len(chosen)} selected samples, the rest counting 0.25; its optimizer starts afresh."
    assert training.sentence == f"Fine-tunes the model on the map {told}"
    expected = session.state.scene.model.clone()
    run = train(tab, seed=4)
    list(
        models.fit(
            expected,
            session.state.scene.dataset.train,
            focus=models.Focus(chosen, 0.25),
            epochs=3,
            batch_size=32,
            learning_rate=training.settings.plan.learning_rate,
            seed=4,
        )
    )
    assert same(session.state.scene.model, expected)
    record = services.store.find(run.kept)
    assert (record.chosen, record.rest) == (len(chosen), 0.25)
    assert record.trained_on == f"{len(chosen)} selected samples, the rest counting 0.25"
    training.settings.on = "everything"
    assert train(tab).job.rest == 0.0


def test_from_scratch_is_the_same_kind_of_model_of_a_new_seed(services: Services, tab: Tab) -> None:
    session, training = tab.session, tab.session.training
    train(tab)
    scene = session.state.scene
    training.settings.mode = TrainingMode.FROM_SCRATCH
    assert "fresh weights (seed 1) on all 120 samples; the map stays" in training.sentence
    training.settings.plan.param.update(epochs=3, batch_size=32)
    training.start()
    run = training.run
    assert training.settings.plan.seed == run.job.seed == 1
    assert run.job.model.config == {**scene.model.config, "seed": 1}
    assert same(run.job.model, models.anew(scene.model, 1))
    assert run.join(PATIENCE)
    tab.until(lambda: session.state.scene is not scene, "the new model").rest()
    record = services.store.find(run.kept)
    assert (record.mode, record.parent, record.parent_epoch) == (TrainingMode.FROM_SCRATCH, None, None)
    assert record.plan["seed"] == 1
    again = train(tab)
    assert again.job.seed == 2
    assert not same(again.job.model, run.job.model)
    training.settings.plan.seed = 7
    assert train(tab).job.seed == 7
    training.settings.mode = TrainingMode.FINE_TUNE
    assert "with its optimizer's state" in training.sentence


def test_the_map_stays_until_a_model_from_scratch_shows(opened: Callable[..., Tab]) -> None:
    first, second = opened().rest(), opened().rest()
    holding = train_long(second)
    scene = first.session.state.scene
    first.session.settings.mode = TrainingMode.FROM_SCRATCH
    first.session.train()
    first.rest()
    assert first.session.state.scene is scene
    holding.stop()
    run = first.session.state.run
    first.until(lambda: first.session.state.scene is not scene, "the new model")
    first.session.stop()
    assert run.join(PATIENCE)


def test_without_a_selection_the_sentence_says_what_to_do(tab: Tab) -> None:
    tab.session.settings.on = "selection"
    assert tab.session.training.sentence.startswith("Select training samples")


def test_what_is_stopped_before_its_first_step_has_changed_nothing(
    services: Services, opened: Callable[..., Tab]
) -> None:
    first, second = opened().rest(), opened().rest()
    run, holding = train(first), train_long(second)
    model = first.session.state.scene.model
    token = weights_token(model)
    first.session.train()
    first.session.stop()
    assert first.session.state.run.join(PATIENCE)
    first.rest()
    assert first.session.state.scene.model is model
    assert weights_token(model) == token
    assert services.store.find(run.kept).epoch == 3
    holding.stop()


def test_tensorboard_files_are_written_on_request(services: Services, tab: Tab) -> None:
    folder = services.store.folder.parent / "tensorboard"
    train(tab)
    assert not folder.exists()
    tab.session.settings.tensorboard = True
    run = train(tab)
    assert [path.name for path in folder.iterdir()] == [f"iris-everything {run.kept}"]


# -- the queue -------------------------------------------------------------------------------------------


def test_further_runs_wait_and_start_from_the_map_as_it_was(opened: Callable[..., Tab]) -> None:
    first, second = opened().rest(), opened().rest()
    one, two = first.session, second.session
    theirs = train_long(second)
    second.until(lambda: theirs.state is RunState.RUNNING, "the other's turn")
    training, model = one.training, one.state.scene.model
    training.settings.plan.param.update(epochs=2, batch_size=32)
    for rate in (1e-3, 2e-3, 3e-3):
        training.settings.plan.learning_rate = rate
        training.start()
    runs = (training.run, *training.queued)
    assert [run.job.learning_rate for run in runs] == [1e-3, 2e-3, 3e-3]
    assert {run.job.model for run in runs} == {model}
    assert "waits for your other training" in training.sentence
    assert [(place.position, place.own, place.whose) for place in queue(one.services.slot, one.token)] == [
        (0, False, "another session's"),
        (1, True, "yours"),
        (2, True, "yours"),
        (3, True, "yours"),
    ]
    assert queue(two.services.slot, two.token) == (), "who does not wait needs no queue"
    training.move(runs[2], -2)
    assert [run.position for run in runs] == [2, 3, 1]
    assert find(one.services.slot, one.token, theirs.token) is None, "nobody else's can be had"
    two.training.move(runs[0], 2)
    assert [run.position for run in runs] == [2, 3, 1]
    find(one.services.slot, one.token, runs[1].token).stop()
    first.until(lambda: runs[1] not in training.queued, "the cancelled one to go")
    theirs.stop()
    assert runs[0].join(PATIENCE)
    first.until(lambda: training.run is runs[0], "the last one on the map").rest()
    assert [run.state for run in runs] == [RunState.DONE, RunState.STOPPED, RunState.DONE]
    assert training.queued == ()
    assert one.state.scene.model is runs[0].snapshot.read()[1].model
    training.revert()
    first.until(lambda: one.state.scene.model is runs[2].snapshot.read()[1].model, "the one before it")
    training.revert()
    first.until(lambda: one.state.scene.model is model, "what they started from")


def test_of_data_of_somebodys_own_no_name_is_told(
    services: Services, opened: Callable[..., Tab], iris: Dataset
) -> None:
    secret = services.bases.given(replace(iris, name="secret patients"))
    first, second = opened(secret).rest(), opened().rest()
    running, waiting = train_long(first), train_long(second)
    places = queue(second.services.slot, second.session.token)
    assert [place.name for place in places] == ["a training", waiting.name]
    running.stop()
    waiting.stop()


def test_another_model_cancels_what_waits(opened: Callable[..., Tab]) -> None:
    first, second = opened().rest(), opened().rest()
    theirs = train_long(second)
    run = train_long(first)
    first.session.train()
    [queued] = first.session.training.queued
    first.session.model_choice.choose(Choice("iris", model="ae"))
    first.until(lambda: first.session.state.scene.model.name == "ae", "the plain autoencoder")
    for own in (run, queued):
        assert own.join(PATIENCE)
        assert own.state is RunState.STOPPED
    theirs.stop()


def test_no_more_than_some_wait(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    training = tab.session.training
    train_long(tab)
    for _ in range(3):
        training.start()
    assert len(training.queued) == 2
    assert "2 of your trainings wait already" in tab.session.state.error
    training.clear()
