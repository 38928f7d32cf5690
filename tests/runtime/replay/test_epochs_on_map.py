"""The epochs of a run on one map: in which order they come, and what is done where something was not kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import StoreError
from explorer.core.latent.cloud import encode
from explorer.core.projections.layout import Layout
from explorer.runtime.replay import epochs_on_map as module
from explorer.runtime.replay.epochs_on_map import EpochsOnMap
from explorer.runtime.run import Job
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.records import KeptState
from explorer.runtime.store.schema import connect
from explorer.runtime.store.store import RunStore
from explorer.runtime.store.writer import Recording
from models import Step

EPOCHS, STORED = 6, (2, 3, 5, 6)


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return load_dataset("iris")


@pytest.fixture
def store(tmp_path: Path, iris: Dataset) -> RunStore:
    """A run of which some epochs have no places, and one no weights."""
    store = RunStore(tmp_path / "runs")
    model = models.create("vae", shape=iris.shape, width=0.25)
    recording = Recording.begin(store, Job(model, iris, epochs=EPOCHS, name="a run"), "cpu")
    for epoch in range(1, EPOCHS + 1):
        model.draw_weights(epoch)
        codes = encode(model, iris).mean if epoch in STORED else None
        step = Step(epoch, EPOCHS, 120 * epoch, 120 * EPOCHS, {"loss": 1.0}, None, True, 1.0)
        recording.commit(step, model, None, codes)
    recording.end(KeptState.DONE)
    return store


def opened(store: RunStore) -> KeptRun:
    return KeptRun(store, store.find("a run"))


def without(store: RunStore, column: str, epoch: int) -> KeptRun:
    """The run once that of an epoch was thinned out."""
    database = connect(store.folder)
    with database:
        database.execute("BEGIN")
        database.execute(f"UPDATE steps SET {column} = NULL WHERE epoch = ?", (epoch,))
        database.execute("COMMIT")
    database.close()
    return opened(store)


def placed(track: EpochsOnMap, **how: object) -> list[int]:
    order = []
    while (epoch := track.next(**how)) is not None:
        track.place(epoch)
        order.append(epoch)
    return order


def test_what_was_kept_comes_first_from_the_newest_back(store: RunStore, iris: Dataset) -> None:
    track = EpochsOnMap(opened(store), iris, Layout("identity"))
    assert placed(track, near=1.0) == [6, 5, 3, 2, 1, 0, 4]
    assert track.evolution.epochs == tuple(range(EPOCHS + 1))
    np.testing.assert_allclose(
        track.evolution.points(4, 4, aligned=False), encode(track.model(4), iris).mean, atol=1e-3
    )


def test_beside_a_training_nothing_is_encoded_but_what_is_looked_at(store: RunStore, iris: Dataset) -> None:
    track = EpochsOnMap(opened(store), iris, Layout("identity"))
    assert placed(track, near=4, stored=True) == [6, 5, 3, 2, 4]


def test_an_epoch_without_weights_is_decoded_by_the_nearest_and_says_so(
    store: RunStore, iris: Dataset
) -> None:
    track = EpochsOnMap(without(store, "weights", 5), iris, Layout("identity"))
    assert track.weights(5) in (4, 6)
    assert "those of 5 were not kept" in track.remarks(5)[0]
    assert track.remarks(6) == []
    snapshot = track.snapshot(5)
    np.testing.assert_allclose(snapshot.cloud.mean, track.kept.codes(5))
    assert track.snapshot(5) is snapshot


def test_an_epoch_of_which_nothing_was_kept_is_passed_over(store: RunStore, iris: Dataset) -> None:
    track = EpochsOnMap(without(store, "weights", 4), iris, Layout("identity"))
    assert 4 not in track.wanted()
    assert 4 not in placed(track)
    assert track.evolution.around(4) == (3, 5)
    with pytest.raises(StoreError, match="neither the weights nor the places of epoch 4"):
        track.snapshot(4)


def test_an_epoch_that_is_damaged_is_passed_over(store: RunStore, iris: Dataset) -> None:
    kept = opened(store)
    (store.of(kept.record.id) / kept.epoch(1).weights).write_bytes(b"no weights")
    track = EpochsOnMap(kept, iris, Layout("identity"))
    assert 1 in placed(track)
    assert 1 not in track.evolution
    assert track.share == 1.0


def test_memory_is_bounded(store: RunStore, iris: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 3 * 4 * len(iris))
    track = EpochsOnMap(opened(store), iris, Layout("identity"))
    placed(track)
    assert track.evolution.epochs == (0, 3, 6)
    # One that is not among them can be rested at all the same.
    track.snapshot(5)
    shown = track.projection(5, 6, True).forward(track.kept.codes(5))
    assert shown.shape == (len(iris), 2)
    assert track.evolution.epochs == (0, 3, 6)
