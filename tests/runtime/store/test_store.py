"""The run store: what is committed is there, whole, for everyone, and nothing else is."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import DiskFull, StoreError
from explorer.core.latent.cloud import encode, weights_token
from explorer.core.settings.training import TrainingMode
from explorer.runtime.run import Job
from explorer.runtime.store import writer
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.records import KeptState
from explorer.runtime.store.schema import FILE, VERSION, connect, transaction
from explorer.runtime.store.store import CLOUDS, RunStore
from explorer.runtime.store.writer import Recording
from explorer.runtime.training import headless
from models import Autoencoder
from models.errors import ModelError


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return load_dataset("iris")


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def job_of(iris: Dataset, **given: object) -> Job:
    model = models.create(given.pop("family", "vae"), shape=iris.shape, width=0.25, seed=1)
    settings = {"epochs": 4, "batch_size": 32, "seed": 3, "source": "iris", "name": "irises"}
    return Job(model, iris, **(settings | given))


def trained(store: RunStore, job: Job, epochs: int | None = None) -> tuple[KeptRun, list[Autoencoder]]:
    """Train so many epochs; the run, and the model as it was at the end of each, the start first."""
    run, ends = headless.begin(store, job), [job.model]
    for step in run:
        if step.epoch_done:
            ends.append(run._model.clone())
        if step.epoch_done and step.epoch == epochs:
            break
    run.close()
    return KeptRun(store, store.find(run.run)), ends


def files(store: RunStore, run: str) -> set[str]:
    return {path.name for path in store.of(run).iterdir()} - {"owner.lock"}


def same(one: Autoencoder, other: Autoencoder) -> bool:
    return weights_token(one) == weights_token(other)


def test_a_run_is_kept_epoch_by_epoch(store: RunStore, iris: Dataset) -> None:
    kept, ends = trained(store, job_of(iris))
    record = kept.record
    assert (record.name, record.state, record.epoch, record.error) == ("irises", KeptState.DONE, 4, None)
    assert record.dataset == {"name": "iris", "source": "iris", "stamp": iris.stamp, "train": 120, "test": 30}
    assert record.plan == {"epochs": 4, "batch_size": 32, "learning_rate": 3e-3, "seed": 3}
    assert record.model == ends[0].config
    assert record.ended >= record.created
    assert [epoch.epoch for epoch in kept.epochs] == [0, 1, 2, 3, 4]
    assert [epoch.seen for epoch in kept.epochs] == [0, 120, 240, 360, 480]
    for number, end in enumerate(ends):
        assert same(kept.model(number), end)
    last = kept.epoch()
    assert last.held_out == models.evaluate(ends[-1], iris.test, seed=3)
    assert last.samples_per_second > 0
    assert kept.state().epoch == 4
    assert kept.rows() is None
    frame = kept.steps()
    assert list(frame.index) == [1, 2, 3, 4]
    assert frame.loc[4, "held_out_loss"] == last.held_out["loss"]
    assert frame["seconds"].is_monotonic_increasing
    assert files(store, record.id) == {f"epoch-{number:06}.safetensors" for number in range(5)} | {
        "state-000004.safetensors",
        CLOUDS,
    }


@pytest.mark.parametrize("family", models.names())
def test_the_cloud_of_an_epoch_comes_back(store: RunStore, iris: Dataset, family: str) -> None:
    job = Job(models.create(family, shape=iris.shape, latent=3, width=0.25), iris, epochs=2, source="iris")
    kept, ends = trained(store, job)
    exact = encode(ends[2], iris)
    cloud = kept.cloud(2, kept.dataset())
    most = np.ptp(exact.mean, axis=0) / 131_070 + 1e-6
    if cloud.sphere:  # put back to length 1, which moves a code by no more than its error did
        most = 2 * np.linalg.norm(most)
    assert (np.abs(cloud.mean - exact.mean) <= most).all()
    assert (cloud.train, cloud.sphere, cloud.classes) == (exact.train, exact.sphere, exact.classes)
    assert (cloud.labels == exact.labels).all()
    if cloud.sphere:
        np.testing.assert_allclose(np.linalg.norm(cloud.mean, axis=1), 1, rtol=1e-6)
    assert kept.codes(0) is None
    assert kept.cloud(0, iris) is None


def test_a_run_that_was_left_goes_on_as_if_it_had_not_been(store: RunStore, iris: Dataset) -> None:
    rows = np.arange(0, 100, 2)
    whole, ends = trained(store, job_of(iris, indices=rows))
    part, _ = trained(store, job_of(iris, indices=rows), epochs=2)
    assert (part.record.state, part.record.epoch, part.record.resumable) == (KeptState.STOPPED, 2, True)
    assert (part.rows() == rows).all()
    assert part.record.chosen == 50
    steps = list(headless.go_on(store, part.record))
    assert [step.epoch for step in steps if step.epoch_done] == [3, 4]
    again = KeptRun(store, store.find(part.record.id))
    assert (again.record.state, again.record.resumable) == (KeptState.DONE, False)
    for number, end in enumerate(ends):
        assert same(again.model(number), end)
    for ours, theirs in zip(again.epochs[1:], whole.epochs[1:], strict=True):
        assert (ours.seen, ours.held_out) == (theirs.seen, theirs.held_out)
        assert ours.terms == pytest.approx(theirs.terms, rel=1e-5)
    assert again.steps()["seconds"].is_monotonic_increasing


def test_going_on_with_a_finished_run_changes_nothing_and_more_epochs_are_trained(
    store: RunStore, iris: Dataset
) -> None:
    kept, ends = trained(store, job_of(iris))
    assert list(headless.go_on(store, kept.record)) == []
    again = KeptRun(store, store.find(kept.record.id))
    assert again.record.state is KeptState.DONE
    assert again.epochs == kept.epochs
    assert same(again.model(), ends[-1])
    more = list(headless.go_on(store, again.record, epochs=6))
    assert [step.epoch for step in more if step.epoch_done] == [5, 6]
    assert store.find(kept.record.id).plan["epochs"] == 6
    with pytest.raises(ModelError, match="epochs cannot be 3 after 6"):
        headless.go_on(store, store.find(kept.record.id), epochs=3)
    assert store.find(kept.record.id).state is KeptState.DONE


def test_a_child_knows_its_parent_and_may_keep_the_optimizer(store: RunStore, iris: Dataset) -> None:
    kept, ends = trained(store, job_of(iris))
    start = kept.state().anew()
    child = Job(kept.model(), iris, epochs=2, parent=kept.record.id, parent_epoch=4, start=start)
    born, _ = trained(store, child)
    assert (born.record.parent, born.record.parent_epoch) == (kept.record.id, 4)
    assert same(born.model(0), ends[-1])
    cold, _ = trained(store, Job(kept.model(), iris, epochs=2))
    assert not same(cold.model(), born.model())
    # Broken off before its first epoch, it goes on with the moments that it was given.
    broken = Recording.begin(store, child, "cpu")
    broken.close()
    list(headless.go_on(store, store.find(broken.run), dataset=iris))
    assert same(KeptRun(store, store.find(broken.run)).model(), born.model())


def test_a_loss_that_is_not_finite_fails_the_run_and_keeps_what_was(store: RunStore, iris: Dataset) -> None:
    run = headless.begin(store, job_of(iris, learning_rate=1e30))
    with pytest.raises(ModelError, match="stopped being finite"):
        list(run)
    record = store.find(run.run)
    assert record.state is KeptState.FAILED
    assert "stopped being finite" in record.error
    assert same(KeptRun(store, record).model(), run.job.model)


def test_what_cannot_be_trained_leaves_no_run(store: RunStore, iris: Dataset) -> None:
    with pytest.raises(ModelError, match="epochs cannot be 0"):
        headless.begin(store, job_of(iris, epochs=0))
    assert store.records() == ()


def test_a_run_has_one_owner(store: RunStore, iris: Dataset) -> None:
    run = headless.begin(store, job_of(iris))
    next(run)
    record = store.find(run.run)
    assert record.state is KeptState.RUNNING
    with pytest.raises(StoreError, match="is being trained by another process"):
        headless.go_on(store, record)
    with pytest.raises(StoreError, match="is being trained"):
        store.trash(run.run)
    assert store.sweep() == 0
    run.close()
    run.close()
    assert store.find(run.run).state is KeptState.STOPPED
    held = Recording.take_up(store, run.run)
    held.close()  # as a process that was killed
    assert store.find(run.run).state is KeptState.INTERRUPTED


def test_a_state_that_is_replaced_while_it_is_looked_for_is_found(
    store: RunStore, iris: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = headless.begin(store, job_of(iris))
    next(step for step in run if step.epoch_done)
    kept, read, epochs = KeptRun(store, store.find(run.run)), Path.read_bytes, [2, 3]

    def late(path: Path) -> bytes:
        if epochs:  # between the query and this, the run's owner commits
            assert next(step for step in run if step.epoch_done).epoch == epochs.pop(0)
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", late)
    assert kept.state().epoch == 3
    (store.of(run.run) / "state-000003.safetensors").unlink()
    with pytest.raises(StoreError, match="No such file"):
        kept.state()
    run.close()


def test_deleting_is_undone_until_it_is_swept(store: RunStore, iris: Dataset) -> None:
    one, two = (trained(store, job_of(iris, name=name, epochs=1))[0].record.id for name in ("one", "two"))
    store.trash(one)
    assert [record.id for record in store.records()] == [two]
    assert [record.id for record in store.records(trashed=True)] == [one]
    with pytest.raises(StoreError, match="no run 'one'"):
        store.find("one")
    with pytest.raises(StoreError, match="restore it first"):
        headless.go_on(store, store.find(one))
    store.restore(one)
    assert store.find("one").trashed is None
    store.trash(one)
    assert store.sweep(older_than=3600) == 0
    assert store.of(one).exists()
    assert store.sweep() == 1
    assert not store.of(one).exists()
    with pytest.raises(StoreError):
        store.restore(one)
    assert [record.id for record in store.records()] == [two]
    assert same(KeptRun(store, store.find(two)).model(), KeptRun(store, store.find("two")).model(1))


def test_runs_are_found_by_name_note_id_data_and_model(store: RunStore, iris: Dataset) -> None:
    one = trained(store, job_of(iris, name="first light", epochs=1))[0].record.id
    two = trained(store, job_of(iris, name="100 % _of_ it", epochs=1, family="ae"))[0].record.id
    store.edit(one, note="Before the Beta was raised")
    store.edit(two, name="100 % _of_ them")

    def found(search: str) -> list[str]:
        return [record.id for record in store.records(search)]

    assert found("") == [two, one]
    assert found("LIGHT beta") == [one]
    assert found("light raised lowered") == []
    assert found("% _of_ them") == [two]
    assert found("iris vae") == [one]
    assert found(two) == [two]
    assert store.find(one[:6]).id == one
    assert store.find("first light").id == one
    store.edit(two, name="first light")
    with pytest.raises(StoreError, match="2 runs are called 'first light'"):
        store.find("first light")
    for unknown in ("nothing", "", one[:3], "%"):
        with pytest.raises(StoreError, match="latent-explorer runs"):
            store.find(unknown)
    with pytest.raises(StoreError, match="no such run"):
        store.edit("nothing", name="x")


def test_a_long_run_keeps_the_weights_of_some_epochs_and_of_the_last(
    store: RunStore, iris: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(iris, epochs=7)
    size = sum(value.nbytes for value in job.model.state_dict().values())
    monkeypatch.setattr(writer, "WEIGHTS_BYTES", 3 * size)
    kept, ends = trained(store, job)
    with_weights = [epoch.epoch for epoch in kept.epochs if epoch.weights]
    assert with_weights == [0, 3, 6, 7]
    assert {name for name in files(store, kept.record.id) if name.startswith("epoch")} == {
        f"epoch-{number:06}.safetensors" for number in with_weights
    }
    assert same(kept.model(), ends[-1])
    with pytest.raises(StoreError, match="epoch 6 is the nearest"):
        kept.model(5)
    with pytest.raises(StoreError, match="no epoch 8; choose from 0 to 7"):
        kept.model(8)


@contextlib.contextmanager
def failing_at(monkeypatch: pytest.MonkeyPatch, name: str, at: int, error: Exception):
    """Make the n-th call of one of the ways to the disk fail."""
    calls = itertools.count(1)

    def wrapped(real: Callable) -> Callable:
        def call(*given: object, **settings: object) -> object:
            if next(calls) == at:
                raise error
            return real(*given, **settings)

        return call

    with monkeypatch.context() as patch:
        if name == "write":
            patch.setattr(writer, "write_whole", wrapped(writer.write_whole))
        elif name == "append":
            patch.setattr(writer, "append_codes", wrapped(writer.append_codes))
        else:
            patch.setattr(Recording, "_name", wrapped(Recording._name))
        yield


@pytest.mark.parametrize(("where", "at"), [("write", 1), ("write", 2), ("append", 1), ("row", 1)], ids=str)
def test_a_commit_that_fails_leaves_nothing_of_it(
    store: RunStore, iris: Dataset, monkeypatch: pytest.MonkeyPatch, where: str, at: int
) -> None:
    job = job_of(iris)
    run = headless.begin(store, job)
    while not next(run).epoch_done:
        pass
    before = KeptRun(store, store.find(run.run)), files(store, run.run)
    size = (store.of(run.run) / CLOUDS).stat().st_size
    with (
        failing_at(monkeypatch, where, at, OSError(28, "No space left on device")),
        pytest.raises(DiskFull, match="no room left") as caught,
    ):
        list(run)
    assert "\n" not in str(caught.value)
    after = KeptRun(store, store.find(run.run))
    assert after.epochs == before[0].epochs
    assert files(store, run.run) == before[1]
    assert (store.of(run.run) / CLOUDS).stat().st_size == size
    assert (after.record.state, after.record.error) == (KeptState.FAILED, str(caught.value))
    whole, _ = trained(store, job)
    list(headless.go_on(store, after.record))
    assert same(KeptRun(store, store.find(run.run)).model(), whole.model())


def test_what_no_row_names_is_neither_read_nor_left(store: RunStore, iris: Dataset) -> None:
    kept, _ = trained(store, job_of(iris), epochs=2)
    run, folder = kept.record.id, store.of(kept.record.id)
    (folder / "epoch-000003.safetensors").write_bytes(b"half of it")
    (folder / ".epoch-000003.safetensors.x1").write_bytes(b"half")
    (folder / "state-000001.safetensors").write_bytes(b"old")
    with (folder / CLOUDS).open("ab") as file:
        file.write(b"a tail that nobody names" * 1_000)
    (store.folder / "0123456789ab").mkdir()
    (store.folder / "0123456789ab" / "epoch-000000.safetensors").write_bytes(b"begun, never committed")
    assert KeptRun(store, store.find(run)).record.epoch == 2
    before = files(store, run)
    store.sweep()
    assert before - files(store, run) == {
        "epoch-000003.safetensors",
        ".epoch-000003.safetensors.x1",
        "state-000001.safetensors",
    }
    assert not (store.folder / "0123456789ab").exists()
    list(headless.go_on(store, store.find(run)))
    again = KeptRun(store, store.find(run))
    assert sum(epoch.cloud[1] for epoch in again.epochs if epoch.cloud) == (folder / CLOUDS).stat().st_size
    exact = encode(again.model(), iris).mean
    np.testing.assert_allclose(again.codes(4), exact, atol=np.ptp(exact, axis=0).max() / 100_000)


def test_an_older_store_opens_and_goes_on(store: RunStore, iris: Dataset) -> None:
    rows = np.arange(40)
    whole, _ = trained(store, job_of(iris, indices=rows))
    part, _ = trained(store, job_of(iris, indices=rows), epochs=2)
    with contextlib.closing(sqlite3.connect(store.folder / FILE)) as database:
        for column in ("way", "rest"):
            database.execute(f"ALTER TABLE runs DROP COLUMN {column}")
        database.execute("PRAGMA user_version=1")
        database.commit()
    old = store.find(part.record.id)
    assert (old.mode, old.rest, old.chosen) == (None, None, 40)
    assert old.trained_on == "40 selected samples alone"
    list(headless.go_on(store, old))
    assert same(KeptRun(store, store.find(old.id)).model(), whole.model())
    new, _ = trained(store, job_of(iris, epochs=1))
    assert new.record.mode is TrainingMode.FROM_SCRATCH
    with contextlib.closing(sqlite3.connect(store.folder / FILE)) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == VERSION


@pytest.mark.parametrize("rest", [0.0, 0.25])
def test_the_way_and_what_the_rest_counts_are_kept_and_gone_on_with(
    store: RunStore, iris: Dataset, rest: float
) -> None:
    settings = {"indices": np.arange(10, 50), "rest": rest, "mode": TrainingMode.FINE_TUNE}
    whole, ends = trained(store, job_of(iris, **settings))
    part, _ = trained(store, job_of(iris, **settings), epochs=2)
    record = part.record
    assert (record.mode, record.chosen, record.rest) == (TrainingMode.FINE_TUNE, 40, rest)
    assert part.epoch().seen == 2 * (40 + round(rest * 80))
    list(headless.go_on(store, record))
    again = KeptRun(store, store.find(record.id))
    assert again.record.mode is TrainingMode.FINE_TUNE
    assert same(again.model(), ends[-1])
    alone = job_of(iris).model.clone()
    list(
        models.fit(
            alone, iris.train, focus=models.Focus(range(10, 50), rest), epochs=4, batch_size=32, seed=3
        )
    )
    assert same(whole.model(), alone)


def test_a_newer_store_is_refused_in_one_sentence(store: RunStore, iris: Dataset) -> None:
    trained(store, job_of(iris, epochs=1))
    with contextlib.closing(sqlite3.connect(store.folder / FILE)) as database:
        database.execute(f"PRAGMA user_version={VERSION + 1}")
    for act in (store.records, lambda: store.find("x"), lambda: headless.begin(store, job_of(iris))):
        with pytest.raises(
            StoreError, match=r"version 3, this program reads 2; update the program"
        ) as caught:
            act()
        assert "\n" not in str(caught.value)


def test_a_damaged_store_and_damaged_files_are_sentences(store: RunStore, iris: Dataset) -> None:
    kept, _ = trained(store, job_of(iris, epochs=1))
    folder = store.of(kept.record.id)
    (folder / CLOUDS).write_bytes(b"\0" * kept.epoch(1).cloud[1])
    with pytest.raises(StoreError, match="damaged"):
        kept.codes(1)
    (folder / "state-000001.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="no whole state"):
        kept.state()
    (folder / "epoch-000001.safetensors").unlink()
    with pytest.raises(ModelError, match="cannot read"):
        kept.model(1)
    (store.folder / FILE).write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match="cannot be used"):
        store.records()


def test_other_data_are_noticed(store: RunStore, iris: Dataset) -> None:
    kept, _ = trained(store, job_of(iris), epochs=1)
    with pytest.raises(StoreError, match="trained on other data"):
        headless.go_on(store, kept.record, dataset=load_dataset("digits"))
    assert store.find(kept.record.id).state is KeptState.STOPPED
    unknown, _ = trained(store, job_of(iris, source=""), epochs=1)
    with pytest.raises(StoreError, match="not known; give them"):
        headless.go_on(store, unknown.record)


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    with contextlib.closing(connect(tmp_path)) as database:
        row = "INSERT INTO steps VALUES ('a', 1, 1, 1, 1, '{}', NULL, NULL, NULL, NULL)"
        with pytest.raises(sqlite3.IntegrityError), transaction(database):
            [database.execute(row) for _ in range(2)]
        assert database.execute("SELECT count(*) FROM steps").fetchone()[0] == 0
        assert database.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert database.execute("PRAGMA synchronous").fetchone()[0] == 2
