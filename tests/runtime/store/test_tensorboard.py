"""TensorBoard event files, read back record by record as TensorBoard reads them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.record_writer import masked_crc32c

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import StoreError
from explorer.runtime.run import Job
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.store import RunStore
from explorer.runtime.store.tensorboard import Events
from explorer.runtime.training import headless
from explorer.runtime.training.slot import RunState, TrainingSlot
from models import Autoencoder

PATIENCE = 60.0


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return load_dataset("iris")


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def model_of(iris: Dataset) -> Autoencoder:
    return models.create("vae", shape=iris.shape, width=0.25, seed=1)


def records(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    while data:
        length, check = struct.unpack("<QI", data[:12])
        assert masked_crc32c(data[:8]) == check
        record, (check,) = data[12 : 12 + length], struct.unpack("<I", data[12 + length : 16 + length])
        assert masked_crc32c(record) == check
        yield record
        data = data[16 + length :]


def written(folder: Path) -> dict[str, dict[int, float]]:
    """What TensorBoard would show of a run's folder: by curve, a value an epoch."""
    curves: dict[str, dict[int, float]] = {}
    for path in sorted(folder.iterdir()):
        assert ".out.tfevents." in path.name
        first, *events = (Event.FromString(record) for record in records(path))
        assert first.file_version == "brain.Event:2"
        for event in events:
            for value in event.summary.value:
                curves.setdefault(value.tag, {})[event.step] = value.simple_value
    return curves


def expected(kept: KeptRun) -> dict[str, dict[int, float]]:
    curves: dict[str, dict[int, float]] = {}
    for epoch in kept.epochs[1:]:
        for name, terms in (("training", epoch.terms), ("held_out", epoch.held_out)):
            for term, value in terms.items():
                curves.setdefault(f"{term}/{name}", {})[epoch.epoch] = pytest.approx(value, rel=1e-6)
    return curves


def test_a_training_writes_its_terms_as_it_goes(store: RunStore, iris: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "board"
    run = headless.begin(
        store, Job(model_of(iris), iris, epochs=4, name="first/light", source="iris", tensorboard=folder)
    )
    for step in run:
        if step.epoch_done and step.epoch == 2:
            break
    [its] = folder.iterdir()
    assert its.name == f"first-light {run.run}"
    assert set(written(its)["loss/training"]) == {1, 2}, "what is done can be looked at meanwhile"
    run.close()
    list(headless.go_on(store, store.find(run.run), tensorboard=folder))
    curves = written(its)
    assert curves == expected(KeptRun(store, store.find(run.run)))
    assert set(curves) == {f"{term}/{of}" for term in ("loss", "reconstruction", "kl")
                           for of in ("training", "held_out")}  # fmt: skip
    assert len(list(its.iterdir())) == 2


def test_a_run_of_the_store_is_written_afterwards(store: RunStore, iris: Dataset, tmp_path: Path) -> None:
    run = headless.begin(store, Job(model_of(iris), iris, epochs=3, name="afterwards", source="iris"))
    list(run)
    kept = KeptRun(store, store.find(run.run))
    folder = kept.tensorboard(tmp_path / "board")
    assert folder == tmp_path / "board" / f"afterwards {run.run}"
    curves = written(folder)
    rates = curves.pop("samples_per_second")
    assert rates == {e.epoch: pytest.approx(e.samples_per_second, rel=1e-6) for e in kept.epochs[1:]}
    assert curves == expected(kept)


def test_the_app_writes_them_too(store: RunStore, iris: Dataset, tmp_path: Path) -> None:
    slot = TrainingSlot("cpu", store=store)
    run = slot.submit(Job(model_of(iris), iris, epochs=3, name="in the app", tensorboard=tmp_path / "board"))
    assert run.join(PATIENCE)
    slot.close()
    [its] = (tmp_path / "board").iterdir()
    assert written(its) == expected(KeptRun(store, store.find(run.kept)))


def test_a_folder_that_cannot_be_written_is_said(store: RunStore, iris: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    job = Job(model_of(iris), iris, epochs=3, tensorboard=tmp_path / "file" / "board")
    with pytest.raises(StoreError, match=r"TensorBoard files cannot be written to .* choose another folder"):
        headless.begin(store, job)
    assert store.records() == (), "nothing was begun"
    slot = TrainingSlot("cpu", store=store)
    run = slot.submit(job)
    assert run.join(PATIENCE)
    slot.close()
    assert run.state is RunState.FAILED
    assert "TensorBoard files cannot be written" in run.error


def test_a_name_is_made_fit_for_a_folder(tmp_path: Path) -> None:
    for name, folder in (("a run: one/two?", "a-run-one-two r"), ("..", "run r"), ("été 1", "été-1 r")):
        events = Events(tmp_path, "r", name)
        events.close()
        events.close()
        assert events.folder == tmp_path / folder
