from __future__ import annotations

import gc
import itertools
import weakref
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import numpy as np
import pytest
import torch

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import BadSelection, DataError, ExplorerError
from explorer.core.latent.cloud import encode, weights_token
from explorer.core.settings.training import TrainingMode
from explorer.runtime.training.slot import Job, Run, RunState, Snapshot, TrainingSlot, training_threads
from models import Autoencoder
from models.errors import NotFinite

PATIENCE = 60.0  # seconds until a test that hangs fails; no test waits this long when it passes


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return load_dataset("iris")


@pytest.fixture
def model(iris: Dataset) -> Autoencoder:
    return models.create("vae", shape=iris.shape, width=0.25)


@pytest.fixture
def slot() -> Iterator[TrainingSlot]:
    # A second passes with each look at the clock, so that every batch is a step.
    slot = TrainingSlot("cpu", clock=itertools.count(0.0, 1.0).__next__)
    yield slot
    slot.close()
    assert not slot._thread.is_alive()


class Watch:
    """Stands beside a run on its own thread: calls `act` at the first change for which `when` holds.

    Training waits while a notification is under way, so what happens here happens at that step.
    """

    def __init__(self, when: Callable[[Run], bool], act: Callable[[Run], object]) -> None:
        self.run: Run | None = None
        self.acted = False
        self.rung_since = 0
        self._known = Event()
        self._when, self._act = when, act

    def start(self, slot: TrainingSlot, job: Job) -> Run:
        self.run = slot.submit(job, self)
        self._known.set()
        return self.run

    def __call__(self) -> None:
        assert self._known.wait(PATIENCE)
        assert self.run is not None
        self.rung_since += self.acted
        if not self.acted and self._when(self.run):
            self.acted = True
            self._act(self.run)


def at_step(epoch: int, *, done: bool) -> Callable[[Run], bool]:
    def when(run: Run) -> bool:
        steps = run.steps.since(0)
        return bool(steps) and (steps[-1].epoch, steps[-1].epoch_done) == (epoch, done)

    return when


def newest(run: Run) -> Snapshot:
    snapshot = run.snapshot.read()[1]
    assert snapshot is not None
    return snapshot


def same_weights(one: Autoencoder, other: Autoencoder) -> bool:
    return weights_token(one) == weights_token(other)


def test_a_run_trains_as_fit_does_and_leaves_its_model_alone(
    slot: TrainingSlot, iris: Dataset, model: Autoencoder
) -> None:
    before = weights_token(model)
    run = slot.submit(Job(model, iris, epochs=4, batch_size=32, learning_rate=1e-3, seed=3, name="iris"))
    assert run.join(PATIENCE)
    assert (run.state, run.error, run.position, run.name) == (RunState.DONE, None, None, "iris")
    assert weights_token(model) == before
    alone = model.clone()
    steps = list(
        models.fit(alone, iris.train, held_out=iris.test, epochs=4, batch_size=32, learning_rate=1e-3, seed=3)
    )
    last = newest(run)
    assert same_weights(last.model, alone)
    ours = [step for step in run.steps.since(0) if step.epoch_done]
    assert [step.epoch for step in ours] == [1, 2, 3, 4]
    assert [step.held_out for step in ours] == [step.held_out for step in steps if step.epoch_done]
    assert last.step is ours[-1]
    assert last.version == run.snapshot.version


def test_a_snapshot_is_a_copy_of_its_own_with_the_cloud_it_makes(
    slot: TrainingSlot, iris: Dataset, model: Autoencoder
) -> None:
    seen: list[Snapshot] = []

    def keep() -> None:
        run = known.get("run")
        if run is not None and run.snapshot.version > len(seen):
            seen.append(newest(run))

    known: dict[str, Run] = {}
    known["run"] = slot.submit(Job(model, iris, epochs=40, batch_size=16), keep)
    assert known["run"].join(PATIENCE)
    keep()
    assert len(seen) > 3
    assert len({id(snapshot.model) for snapshot in seen}) == len(seen)
    for snapshot in seen:
        assert not any(module.training for module in snapshot.model.modules())
        # Nobody wrote to it after it was stamped.
        assert snapshot.cloud.stamp.model == weights_token(snapshot.model)
        assert (snapshot.cloud.stamp.dataset, snapshot.cloud.stamp.version) == (iris.stamp, snapshot.version)
        np.testing.assert_array_equal(snapshot.cloud.mean, encode(snapshot.model, iris).mean)
    assert [snapshot.version for snapshot in seen] == sorted({snapshot.version for snapshot in seen})


def test_a_snapshot_can_be_trained_further(slot: TrainingSlot, iris: Dataset, model: Autoencoder) -> None:
    first = slot.submit(Job(model, iris, epochs=1))
    assert first.join(PATIENCE)
    second = slot.submit(Job(newest(first).model, iris, epochs=1))
    assert second.join(PATIENCE)
    assert second.state is RunState.DONE
    assert not same_weights(newest(first).model, newest(second).model)


def test_only_the_selection_is_trained_on_and_all_are_encoded(
    slot: TrainingSlot, iris: Dataset, model: Autoencoder
) -> None:
    run = slot.submit(Job(model, iris, indices=np.array([3, 5, 80]), epochs=2, batch_size=512))
    assert run.join(PATIENCE)
    assert run.steps.since(0)[-1].of == 6
    assert len(newest(run).cloud) == len(iris)


def test_a_stop_within_an_epoch_keeps_the_last_finished_one(
    slot: TrainingSlot, iris: Dataset, model: Autoencoder
) -> None:
    watch = Watch(at_step(3, done=False), lambda run: run.stop())
    run = watch.start(slot, Job(model, iris, epochs=1_000, batch_size=16, seed=1))
    assert run.join(PATIENCE)
    assert run.state is RunState.STOPPED
    last = newest(run)
    assert last.step is not None
    assert (last.step.epoch, last.step.epoch_done) == (2, True)
    assert run.steps.since(0)[-1].epoch == 3
    with torch.inference_mode():
        terms = models.evaluate(last.model, iris.test, seed=1)
    assert terms == pytest.approx(last.step.held_out)


def test_a_stop_in_the_first_epoch_keeps_the_weights_as_they_are(
    slot: TrainingSlot, iris: Dataset, model: Autoencoder
) -> None:
    watch = Watch(at_step(1, done=False), lambda run: run.stop())
    run = watch.start(slot, Job(model, iris, epochs=5, batch_size=16))
    assert run.join(PATIENCE)
    assert run.state is RunState.STOPPED
    assert newest(run).step is run.steps.since(0)[-1]
    assert not same_weights(newest(run).model, model)


def test_one_trains_at_a_time_in_the_order_of_asking_and_sees_its_place(
    slot: TrainingSlot, iris: Dataset, model: Autoencoder
) -> None:
    held, go, places = Event(), Event(), []
    hold = Watch(lambda run: run.state is RunState.RUNNING, lambda run: held.set() or go.wait(PATIENCE))
    first = hold.start(slot, Job(model, iris, epochs=1))
    assert held.wait(PATIENCE)
    assert first.position == 0
    told: list[int | None] = []
    runs = [slot.submit(Job(model, iris, epochs=1)) for _ in range(2)]
    behind = Watch(lambda run: bool(told.append(run.position)), lambda run: None)
    runs.append(behind.start(slot, Job(model, iris, epochs=1)))
    places.append([run.position for run in runs])
    assert {run.state for run in runs} == {RunState.QUEUED}
    runs[1].stop()
    assert (runs[1].state, runs[1].position) == (RunState.STOPPED, None)
    places.append([run.position for run in runs])
    assert told == [2]
    go.set()
    for run in (first, *runs):
        assert run.join(PATIENCE)
    assert places == [[1, 2, 3], [1, None, 2]]
    assert [run.state for run in runs] == [RunState.DONE, RunState.STOPPED, RunState.DONE]
    assert runs[1].snapshot.version == len(runs[1].steps) == 0
    assert runs[0].token < runs[2].token
    # It was told of every place that it moved up to.
    assert [place for place, _ in itertools.groupby(told)] == [2, 1, 0, None]


def test_a_loss_that_leaves_the_numbers_ends_the_run_with_the_sentence_and_keeps_the_last_good_epoch(
    slot: TrainingSlot, iris: Dataset, model: Autoencoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = models.fit

    def breaks(trained: Autoencoder, *given: Any, **settings: Any) -> Iterator[models.Step]:
        for step in fit(trained, *given, **settings):
            yield step
            if step.epoch == 3:
                raise NotFinite("the loss stopped being finite in epoch 3; try less.")

    monkeypatch.setattr(models, "fit", breaks)
    run = slot.submit(Job(model, iris, epochs=9, batch_size=16))
    assert run.join(PATIENCE)
    assert (run.state, run.error) == (RunState.FAILED, "the loss stopped being finite in epoch 3; try less.")
    last = newest(run).step
    assert last is not None
    assert (last.epoch, last.epoch_done) == (2, True)


def test_a_real_divergence_is_a_sentence_too(slot: TrainingSlot, iris: Dataset, model: Autoencoder) -> None:
    run = slot.submit(Job(model, iris, epochs=3, batch_size=16, learning_rate=1e30))
    assert run.join(PATIENCE)
    assert run.state is RunState.FAILED
    assert run.error is not None
    assert "stopped being finite" in run.error
    assert run.snapshot.version == 0


def test_an_unexpected_error_is_logged_and_the_queue_behind_it_goes_on(
    slot: TrainingSlot,
    iris: Dataset,
    model: Autoencoder,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    errors = [ZeroDivisionError("a defect"), torch.OutOfMemoryError("CUDA out of memory")]
    fit = models.fit

    def breaks(*given: Any, **settings: Any) -> Iterator[models.Step]:
        if errors:
            raise errors.pop(0)
        return fit(*given, **settings)

    monkeypatch.setattr(models, "fit", breaks)
    runs = [slot.submit(Job(model, iris, epochs=1)) for _ in range(3)]
    for run in runs:
        assert run.join(PATIENCE)
    assert [run.state for run in runs] == [RunState.FAILED, RunState.FAILED, RunState.DONE]
    assert runs[0].error == "Training ended by an unexpected ZeroDivisionError; the log has the details."
    assert runs[1].error is not None
    assert runs[1].error.startswith("Training ran out of memory on cpu; choose a smaller batch")
    assert "a defect" in caplog.text


def test_settings_that_are_not_allowed_fail_with_their_sentence(
    slot: TrainingSlot, iris: Dataset, model: Autoencoder
) -> None:
    run = slot.submit(Job(model, iris, epochs=0))
    assert run.join(PATIENCE)
    assert run.state is RunState.FAILED
    assert run.error is not None
    assert run.error.startswith("epochs cannot be 0")


def test_what_cannot_be_trained_is_refused_when_it_is_asked_for(
    slot: TrainingSlot, iris: Dataset, model: Autoencoder
) -> None:
    with pytest.raises(DataError, match=r"shape \(1, 8, 8\) .* 'iris' has \(4,\)"):
        slot.submit(Job(models.create("ae", shape=(1, 8, 8)), iris))
    with pytest.raises(BadSelection, match="holds no training sample"):
        slot.submit(Job(model, iris, indices=np.array([], dtype=np.int64)))
    for rows in ([0, len(iris.train)], [-1, 0]):
        with pytest.raises(BadSelection, match="has rows 0 to"):
            slot.submit(Job(model, iris, indices=np.array(rows)))


def test_closing_ends_what_runs_and_what_waits_and_takes_no_more(iris: Dataset, model: Autoencoder) -> None:
    slot, begun = TrainingSlot("cpu"), Event()
    watch = Watch(lambda run: len(run.steps) > 0, lambda run: begun.set())
    running = watch.start(slot, Job(model, iris, epochs=1_000_000, batch_size=1))
    waiting = slot.submit(Job(model, iris))
    assert begun.wait(PATIENCE)
    slot.close()
    slot.close()
    assert not slot._thread.is_alive()
    assert [run.state for run in (running, waiting)] == [RunState.STOPPED, RunState.STOPPED]
    assert running.join(0)
    assert waiting.join(0)
    with pytest.raises(ExplorerError, match="shutting down"):
        slot.submit(Job(model, iris))


def test_who_asked_for_a_run_is_let_go_when_it_is_over(
    slot: TrainingSlot, iris: Dataset, model: Autoencoder
) -> None:
    class Session:
        def ring(self) -> None:
            pass

    done, queued, abandoned = Session(), Session(), Session()
    alive = [weakref.ref(session) for session in (done, queued, abandoned)]
    go = Event()
    hold = Watch(lambda run: run.state is RunState.RUNNING, lambda run: go.wait(PATIENCE))
    first = hold.start(slot, Job(model, iris, epochs=1))
    runs = [slot.submit(Job(model, iris, epochs=2), session.ring) for session in (done, queued, abandoned)]
    runs[1].stop()
    runs[2].abandon()
    del queued, abandoned
    gc.collect()
    assert [ref() is None for ref in alive] == [False, True, True]
    go.set()
    assert first.join(PATIENCE)
    assert runs[0].join(PATIENCE)
    del done
    gc.collect()
    assert alive[0]() is None
    assert runs[0].state is RunState.DONE


def test_an_abandoned_run_encodes_nothing_more_and_tells_nobody(
    slot: TrainingSlot, iris: Dataset, model: Autoencoder, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Watch(at_step(1, done=False), lambda run: run.abandon())
    run = watch.start(slot, Job(model, iris, epochs=5, batch_size=16))
    assert run.join(PATIENCE)
    assert run.state is RunState.STOPPED
    assert run.snapshot.version == 0
    assert watch.rung_since == 0
    assert caplog.text == ""


def test_a_slot_that_waits_keeps_no_finished_run_alive(
    slot: TrainingSlot, iris: Dataset, model: Autoencoder
) -> None:
    run = slot.submit(Job(model, iris, epochs=1))
    collected = Event()
    watch = weakref.ref(run, lambda _: collected.set())
    assert run.join(PATIENCE)
    del run
    assert collected.wait(PATIENCE)
    assert watch() is None


def test_a_core_is_left_to_the_server() -> None:
    assert [training_threads(cores) for cores in (1, 2, 3, 4, 16)] == [1, 1, 1, 2, 8]
    assert training_threads() >= 1


def test_an_owner_moves_runs_among_places_of_their_own_and_nobody_else_waits_for_it(
    slot: TrainingSlot, iris: Dataset, model: Autoencoder
) -> None:
    begun, go, ended = Event(), Event(), []
    hold = Watch(lambda run: run.state is RunState.RUNNING, lambda run: begun.set() or go.wait(PATIENCE))
    first = hold.start(slot, Job(model, iris, epochs=1))
    assert begun.wait(PATIENCE)

    def queued(name: str, owner: str) -> Run:
        def look() -> None:
            if name in known and known[name].state is RunState.RUNNING and name not in ended:
                ended.append(name)

        known[name] = slot.submit(Job(model, iris, epochs=1, name=name), look, owner)
        return known[name]

    known: dict[str, Run] = {}
    mine = [queued("a", "me"), queued("b", "me")]
    theirs = queued("x", "them")
    mine.append(queued("c", "me"))
    assert slot.queue == (first, *mine[:2], theirs, mine[2])
    slot.move(mine[2], -1)
    assert [run.name for run in slot.queue[1:]] == ["a", "c", "x", "b"]
    assert [run.position for run in (*mine, theirs)] == [1, 4, 2, 3]
    slot.move(mine[0], 9)
    assert [run.name for run in slot.queue[1:]] == ["c", "b", "x", "a"]
    slot.move(mine[0], -9)
    slot.move(theirs, -1)
    slot.move(first, 1)
    assert [run.name for run in slot.queue[1:]] == ["a", "c", "x", "b"]
    mine[2].stop()
    slot.move(mine[2], -1)
    assert [run.name for run in slot.queue[1:]] == ["a", "x", "b"]
    go.set()
    for run in (first, *mine, theirs):
        assert run.join(PATIENCE)
    assert ended == ["a", "x", "b"]
    assert slot.queue == ()


def test_a_snapshot_at_the_end_of_an_epoch_has_the_optimizers_state_and_one_within_has_none(
    slot: TrainingSlot, iris: Dataset, model: Autoencoder
) -> None:
    done = slot.submit(Job(model, iris, epochs=2, batch_size=16, seed=1))
    assert done.join(PATIENCE)
    states: list[models.OptimizerState] = []
    list(models.fit(model.clone(), iris.train, epochs=2, batch_size=16, seed=1, keep=states.append))
    state = newest(done).state
    assert state is not None
    assert state.epoch == 2
    assert all(torch.equal(value, states[-1].moments[name]) for name, value in state.moments.items())
    watch = Watch(at_step(1, done=False), lambda run: run.stop())
    within = watch.start(slot, Job(model, iris, epochs=5, batch_size=16))
    assert within.join(PATIENCE)
    assert newest(within).step is not None
    assert newest(within).state is None


def test_fine_tuning_for_zero_steps_changes_nothing(
    slot: TrainingSlot, iris: Dataset, model: Autoencoder
) -> None:
    first = slot.submit(Job(model, iris, epochs=2))
    assert first.join(PATIENCE)
    start = newest(first)
    assert start.state is not None
    token, moments = weights_token(start.model), {n: m.clone() for n, m in start.state.moments.items()}
    job = Job(
        start.model, iris, np.arange(20), rest=0.5, mode=TrainingMode.FINE_TUNE, start=start.state.anew()
    )
    watch = Watch(lambda run: run.state is RunState.RUNNING, lambda run: run.stop())
    run = watch.start(slot, job)
    assert run.join(PATIENCE)
    assert (run.state, len(run.steps), run.snapshot.version) == (RunState.STOPPED, 0, 0)
    assert weights_token(start.model) == token
    assert all(torch.equal(value, start.state.moments[name]) for name, value in moments.items())
