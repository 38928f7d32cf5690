"""A run as one file comes back as it was, or is refused whole, in one sentence."""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import StoreError
from explorer.core.latent.cloud import weights_token
from explorer.core.settings.training import TrainingMode
from explorer.runtime.run import Job
from explorer.runtime.store.archive import RECORD, export_run, import_run
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.records import KeptState
from explorer.runtime.store.store import CLOUDS, RunStore
from explorer.runtime.training import headless


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return load_dataset("iris")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, iris: Dataset) -> RunStore:
    """One run of 4 epochs, left after 3, on some of the rows and half as much on the rest."""
    store = RunStore(tmp_path_factory.mktemp("runs"))
    model = models.create("vae", shape=iris.shape, width=0.25)
    rows = np.arange(0, 120, 3)
    told = {"name": "to go", "source": "iris", "mode": TrainingMode.FINE_TUNE, "rest": 0.5}
    run = headless.begin(store, Job(model, iris, rows, epochs=4, **told))
    for step in run:
        if step.epoch == 3 and step.epoch_done:
            break
    run.close()
    store.edit(run.run, note="with a note")
    return store


@pytest.fixture(scope="module")
def parcel(store: RunStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    [record] = store.records()
    return export_run(store, record.id, tmp_path_factory.mktemp("parcels") / "run.zip")


def rewritten(parcel: Path, path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    with zipfile.ZipFile(parcel) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    change(entries)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return path


def told(**changes: Any) -> Callable[[dict[str, bytes]], None]:
    """Change what the record says, by dotted places."""

    def change(entries: dict[str, bytes]) -> None:
        whole = json.loads(entries[RECORD])
        for place, value in changes.items():
            *way, last = place.split("__")
            at = whole
            for part in way:
                at = at[int(part) if part.isdigit() else part]
            at[last] = value
        entries[RECORD] = json.dumps(whole).encode()

    return change


def test_a_run_comes_back_in_another_store_and_goes_on_there(
    store: RunStore, parcel: Path, tmp_path: Path, iris: Dataset
) -> None:
    [record] = store.records()
    other = RunStore(tmp_path)
    taken = import_run(other, parcel)
    assert taken == record
    before, after = KeptRun(store, record), KeptRun(other, taken)
    assert before.epochs == after.epochs
    assert (before.rows() == after.rows()).all()
    for epoch in before.epochs:
        assert weights_token(before.model(epoch.epoch)) == weights_token(after.model(epoch.epoch))
        codes = before.codes(epoch.epoch)
        if codes is not None:
            np.testing.assert_array_equal(codes, after.codes(epoch.epoch))
    list(headless.go_on(other, taken))
    model = models.create("vae", shape=iris.shape, width=0.25)
    list(models.fit(model, iris.train, focus=models.Focus(before.rows(), 0.5), epochs=4))
    assert weights_token(KeptRun(other, other.find("to go")).model()) == weights_token(model)


def test_it_is_a_zip_of_plain_files(parcel: Path) -> None:
    with zipfile.ZipFile(parcel) as file:
        names = file.namelist()
        whole = json.loads(file.read(RECORD))
    assert names == sorted(names, key=lambda name: (name != RECORD, name))
    assert set(names) == {
        RECORD,
        CLOUDS,
        "rows.safetensors",
        "state-000003.safetensors",
        *(f"epoch-{number:06}.safetensors" for number in range(4)),
    }
    assert whole["run"]["note"] == "with a note"
    assert [path.name for path in parcel.parent.iterdir()] == [parcel.name]


def test_under_a_taken_id_it_gets_a_new_one(store: RunStore, parcel: Path, tmp_path: Path) -> None:
    other = RunStore(tmp_path)
    first, second = import_run(other, parcel), import_run(other, parcel)
    assert first.id != second.id
    assert KeptRun(other, first).epochs == KeptRun(other, second).epochs


def test_a_run_that_was_under_way_is_stopped_elsewhere(parcel: Path, tmp_path: Path) -> None:
    path = rewritten(parcel, tmp_path / "x.zip", told(run__state="running"))
    assert import_run(RunStore(tmp_path / "runs"), path).state is KeptState.STOPPED


@pytest.mark.parametrize("source", ["os:system", "/etc/passwd", "../secret.csv", "evil.module:load"])
def test_no_source_out_of_a_file_is_followed(parcel: Path, tmp_path: Path, source: str) -> None:
    path = rewritten(parcel, tmp_path / "x.zip", told(run__dataset__source=source))
    store = RunStore(tmp_path / "runs")
    record = import_run(store, path)
    assert record.dataset["source"] == ""
    with pytest.raises(StoreError, match="not known; give them"):
        headless.go_on(store, record)


def renamed(old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    def change(entries: dict[str, bytes]) -> None:
        entries[new] = entries.pop(old)

    return change


REFUSED: dict[str, Callable[[dict[str, bytes]], object]] = {
    "no record": lambda entries: entries.pop(RECORD),
    "a path out of the folder": lambda entries: entries.update({"../../evil.py": b"x"}),
    "an absolute path": lambda entries: entries.update({"/evil.py": b"x"}),
    "an entry that is not named": lambda entries: entries.update({"notes.txt": b"x"}),
    "an entry that is missing": lambda entries: entries.pop("epoch-000001.safetensors"),
    "weights under a path": lambda entries: (
        renamed("epoch-000001.safetensors", "../epoch-000001.safetensors")(entries),
        told(epochs__1__weights="../epoch-000001.safetensors")(entries),
    ),
    "an id that is a path": told(run__id="../../../evil"),
    "an id of another kind": told(run__id=12),
    "another program's": told(format="latent-explorer checkpoint"),
    "weights that are damaged": lambda entries: entries.update({"epoch-000002.safetensors": b"no weights"}),
    "weights of another model": told(run__model__width=0.5),
    "a model that is not there": told(run__model__name="gan"),
    "a state that is damaged": lambda entries: entries.update({"state-000003.safetensors": b"none"}),
    "clouds that are damaged": lambda entries: entries.update({CLOUDS: entries[CLOUDS][:-1]}),
    "rows that are not there": told(run__dataset__train=30),
    "a plan of words": told(run__plan__epochs="many"),
    "a plan of nothing": told(run__plan__epochs=0),
    "an epoch that is left out": told(epochs__2__epoch=7),
    "a state of its own": told(run__state="frozen"),
    "no epochs": told(epochs=[]),
    "terms of words": told(epochs__1__terms={"loss": "small"}),
    "more than there is": told(run__more=1),
    "an unknown way": told(run__way="by magic"),
    "a rest that counts more": told(run__rest=1.5),
    "nothing but a list": lambda entries: entries.update({RECORD: b"[1]"}),
    "no JSON": lambda entries: entries.update({RECORD: b"\xff"}),
    "a tower of lists": lambda entries: entries.update({RECORD: b"[" * 100_000}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_a_run_is_refused_and_leaves_nothing(parcel: Path, tmp_path: Path, case: str) -> None:
    path = rewritten(parcel, tmp_path / "x.zip", REFUSED[case])
    store = RunStore(tmp_path / "runs")
    with pytest.raises(StoreError, match="not a whole run of Latent Explorer") as caught:
        import_run(store, path)
    assert "\n" not in str(caught.value)
    assert not store.folder.exists()
    assert [file.name for file in tmp_path.iterdir()] == ["x.zip"]


def test_one_of_an_earlier_version_says_nothing_of_its_way(parcel: Path, tmp_path: Path) -> None:
    def older(entries: dict[str, bytes]) -> None:
        whole = json.loads(entries[RECORD])
        assert (whole["version"], whole["run"].pop("way"), whole["run"].pop("rest")) == (2, "fine-tune", 0.5)
        entries[RECORD] = json.dumps({**whole, "version": 1}).encode()

    taken = import_run(RunStore(tmp_path / "runs"), rewritten(parcel, tmp_path / "older.zip", older))
    assert (taken.mode, taken.rest) == (None, None)
    same = import_run(RunStore(tmp_path / "others"), parcel)
    assert (same.mode, same.rest) == (TrainingMode.FINE_TUNE, 0.5)


def test_a_newer_one_a_compressed_one_and_none_are_refused(parcel: Path, tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs")
    newer = rewritten(parcel, tmp_path / "newer.zip", told(version=3))
    with pytest.raises(StoreError, match=r"newer\.zip has version 3, this program reads 2; update"):
        import_run(store, newer)
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(RECORD, b" " * 10_000_000)  # a bomb, if it were unpacked
    with pytest.raises(StoreError, match="not a whole run"):
        import_run(store, packed)
    with pytest.raises(StoreError, match=r"gone\.zip cannot be used"):
        import_run(store, tmp_path / "gone.zip")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.data())
def test_a_damaged_file_is_a_sentence_and_never_half_a_run(
    parcel: Path, tmp_path: Path, data: st.DataObject
) -> None:
    whole = bytearray(parcel.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(whole[: data.draw(st.integers(0, len(whole)))] if data.draw(st.booleans()) else whole)
    store = RunStore(tmp_path / "runs")
    with contextlib.suppress(StoreError):
        # Where it is taken, what was hit is neither checked nor used: a time in the zip's own directory.
        kept = KeptRun(store, import_run(store, damaged))
        assert [epoch.epoch for epoch in kept.epochs] == [0, 1, 2, 3]
        kept.model()
