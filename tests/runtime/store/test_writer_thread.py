"""What the app trains is in the store, epoch by epoch, and can be gone on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import numpy as np
import pytest

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import DiskFull
from explorer.core.latent.cloud import encode, weights_token
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.records import KeptState
from explorer.runtime.store.schema import FILE
from explorer.runtime.store.store import RunStore
from explorer.runtime.store.writer import Recording
from explorer.runtime.training.slot import Job, Run, RunState, TrainingSlot
from models import Autoencoder

PATIENCE = 60.0


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return load_dataset("iris")


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


@pytest.fixture
def slot(store: RunStore) -> Iterator[TrainingSlot]:
    slot = TrainingSlot("cpu", store=store)
    yield slot
    slot.close()


@pytest.fixture
def model(iris: Dataset) -> Autoencoder:
    return models.create("vae", shape=iris.shape, width=0.25, seed=4)


def trained(slot: TrainingSlot, job: Job, when: Callable[[Run], bool] = lambda run: False) -> Run:
    """Train, and stop it once that is so; the run, when nothing of it changes any more."""
    known, held = Event(), []

    def look() -> None:
        assert known.wait(PATIENCE)
        if when(held[0]):
            held[0].stop()

    held.append(slot.submit(job, look))
    known.set()
    assert held[0].join(PATIENCE)
    return held[0]


def at(epoch: int) -> Callable[[Run], bool]:
    return lambda run: any(step.epoch == epoch for step in run.steps.since(0))


def test_a_training_of_the_app_is_kept(
    slot: TrainingSlot, store: RunStore, iris: Dataset, model: Autoencoder
) -> None:
    run = trained(slot, Job(model, iris, epochs=6, seed=2, name="in the app", source="iris"))
    assert run.state is RunState.DONE
    kept = KeptRun(store, store.find(run.kept))
    assert (kept.record.name, kept.record.state, kept.record.epoch) == ("in the app", KeptState.DONE, 6)
    snapshot = run.snapshot.read()[1]
    assert weights_token(kept.model()) == weights_token(snapshot.model)
    assert weights_token(kept.model(0)) == weights_token(model)
    np.testing.assert_allclose(kept.codes(6), snapshot.cloud.mean, atol=1e-3)
    ends = [step for step in run.steps.since(0) if step.epoch_done]
    assert [epoch.held_out for epoch in kept.epochs[1:]] == [step.held_out for step in ends]
    for epoch in kept.epochs[1:]:
        codes = kept.codes(epoch.epoch)
        if codes is not None:
            np.testing.assert_allclose(codes, encode(kept.model(epoch.epoch), iris).mean, atol=1e-3)


def test_a_stopped_one_goes_on_as_if_it_had_not_been(
    slot: TrainingSlot, store: RunStore, iris: Dataset, model: Autoencoder
) -> None:
    job = Job(model, iris, epochs=8, batch_size=16, seed=2)
    whole = trained(slot, job)
    part = trained(slot, job, at(3))
    record = store.find(part.kept)
    assert part.state is RunState.STOPPED
    assert record.state is KeptState.STOPPED
    assert record.epoch < 8
    again = trained(slot, KeptRun(store, record).job(iris))
    assert (again.state, again.kept) == (RunState.DONE, part.kept)
    assert again.steps.since(0)[0].epoch == record.epoch + 1
    kept = KeptRun(store, store.find(part.kept))
    assert [epoch.epoch for epoch in kept.epochs] == list(range(9))
    assert weights_token(kept.model()) == weights_token(whole.snapshot.read()[1].model)
    assert len(store.records()) == 2
    more = trained(slot, KeptRun(store, kept.record).job(iris))
    assert (more.state, len(more.steps)) == (RunState.DONE, 0)


def test_the_speed_of_one_that_goes_on_is_that_of_now(
    slot: TrainingSlot, store: RunStore, iris: Dataset, model: Autoencoder
) -> None:
    part = trained(slot, Job(model, iris, epochs=400, batch_size=16, seed=2), at(100))
    again = trained(slot, KeptRun(store, store.find(part.kept)).job(iris), lambda run: len(run.steps) >= 3)
    steps = again.steps.since(0)
    done = store.find(part.kept).plan["epochs"]
    assert done == 400
    first = steps[0].epoch - 1
    expected = (steps[-1].seen - first * len(iris.train)) / steps[-1].seconds
    assert again.progress.samples_per_second == pytest.approx(expected)


def test_a_full_disk_ends_the_run_with_its_sentence_and_keeps_what_was(
    slot: TrainingSlot, store: RunStore, iris: Dataset, model: Autoencoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Recording._commit

    def full(self: Recording, step: models.Step, *given: object) -> None:
        if step.epoch == 3:
            raise OSError(28, "No space left on device")
        commit(self, step, *given)

    monkeypatch.setattr(Recording, "_commit", full)
    run = trained(slot, Job(model, iris, epochs=4_000))
    assert run.state is RunState.FAILED
    assert run.error.startswith("there is no room left for the run store")
    record = store.find(run.kept)
    assert (record.state, record.epoch, record.error) == (KeptState.FAILED, 2, run.error)
    monkeypatch.undo()
    assert trained(slot, Job(model, iris, epochs=1)).state is RunState.DONE


def test_a_disk_that_is_full_at_the_end_is_said_too(
    slot: TrainingSlot, store: RunStore, iris: Dataset, model: Autoencoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DiskFull("there is no room left.")

    monkeypatch.setattr(Recording, "_commit", full)
    run = trained(slot, Job(model, iris, epochs=1))
    assert (run.state, run.error) == (RunState.FAILED, "there is no room left.")
    assert run.snapshot.read()[1].step.epoch == 1, "what was learned stays on the map"


def test_a_store_that_cannot_be_used_keeps_nobody_from_training(
    slot: TrainingSlot, store: RunStore, iris: Dataset, model: Autoencoder, caplog: pytest.LogCaptureFixture
) -> None:
    store.folder.mkdir()
    (store.folder / FILE).write_bytes(b"no database at all" * 100)
    run = trained(slot, Job(model, iris, epochs=2))
    assert (run.state, run.kept) == (RunState.DONE, None)
    assert "is not kept" in caplog.text


def test_a_model_that_cannot_be_written_down_is_trained_all_the_same(
    slot: TrainingSlot, store: RunStore, iris: Dataset, model: Autoencoder, caplog: pytest.LogCaptureFixture
) -> None:
    model.config["mine"] = object()
    run = trained(slot, Job(model, iris, epochs=2))
    assert (run.state, run.kept) == (RunState.DONE, None)
    assert "is not kept" in caplog.text
    assert store.records() == ()
    store.sweep()
    assert not [path for path in store.folder.iterdir() if path.is_dir()]


def test_one_that_another_process_trains_is_not_gone_on_with(
    slot: TrainingSlot, store: RunStore, iris: Dataset, model: Autoencoder
) -> None:
    held = Recording.begin(store, Job(model, iris, epochs=2), "cpu")
    run = trained(slot, KeptRun(store, store.find(held.run)).job(iris))
    held.close()
    assert run.state is RunState.FAILED
    assert "is being trained by another process" in run.error


def test_one_that_has_gone_on_elsewhere_meanwhile_is_not_gone_on_with_from_before(
    slot: TrainingSlot, store: RunStore, iris: Dataset, model: Autoencoder
) -> None:
    held = Recording.begin(store, Job(model, iris, epochs=4), "cpu")
    held.close()
    late = KeptRun(store, store.find(held.run)).job(iris)
    done = trained(slot, late)
    assert done.state is RunState.DONE
    run = trained(slot, late)
    assert run.state is RunState.FAILED
    assert "has gone on since it was opened; open it again" in run.error
    assert store.find(held.run).epoch == 4


def test_one_that_fails_says_why_in_the_store(
    slot: TrainingSlot, store: RunStore, iris: Dataset, model: Autoencoder
) -> None:
    run = trained(slot, Job(model, iris, epochs=3, learning_rate=1e30))
    record = store.find(run.kept)
    assert (record.state, record.error, record.epoch) == (KeptState.FAILED, run.error, 0)
