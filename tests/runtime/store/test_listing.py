"""What the store holds, as rows of a tree: read anew when something has changed, and only then."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.runtime.run import Job
from explorer.runtime.store.listing import Listing, Query, listed
from explorer.runtime.store.lock import Ownership
from explorer.runtime.store.records import KeptState
from explorer.runtime.store.store import RunStore
from explorer.runtime.store.writer import Recording
from explorer.runtime.training import headless


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return load_dataset("iris")


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def job(data: Dataset, **more: object) -> Job:
    model = models.create("vae", shape=data.shape, width=0.25)
    return Job(model, data, **{"epochs": 2, "source": "iris", **more})


def trained(store: RunStore, data: Dataset, **more: object) -> str:
    run = headless.begin(store, job(data, **more))
    list(run)
    return run.run


def look(store: RunStore, query: Query | None = None, before: Listing | None = None) -> Listing:
    found = listed(store, query or Query(), before)
    assert found is not None
    return found


def settled(store: RunStore) -> Listing:
    """The listing once looking itself leaves the files as they are."""
    listing = look(store)
    while (again := listed(store, Query(), listing)) is not None:
        listing = again
    return listing


def test_where_there_is_no_store_none_is_made(store: RunStore) -> None:
    assert look(store).rows == ()
    assert not store.folder.exists()


def test_a_child_hangs_below_its_parent_with_its_last_figures(store: RunStore, iris: Dataset) -> None:
    old = trained(store, iris, name="old")
    trained(store, iris, name="other")
    child = trained(store, iris, name="child", parent=old, parent_epoch=1)
    listing = look(store)
    assert [(row.record.name, row.branch.depth) for row in listing.rows] == [
        ("old", 0),
        ("child", 1),
        ("other", 0),
    ]
    last = {row.record.id: row.last for row in listing.rows}
    assert last[child] == store.epochs(child)[-1]
    assert (listing.found, listing.kept, listing.trashed, listing.interrupted) == (3, 3, 0, ())
    store.trash(old)
    assert [(row.record.name, row.branch.depth) for row in look(store).rows] == [("child", 0), ("other", 0)]
    assert [row.record.name for row in look(store, Query(trashed=True)).rows] == ["old"]
    assert dict(look(store).names)[old] == "old"


def test_rows_are_bounded_and_counted(store: RunStore, iris: Dataset) -> None:
    for number in ("one", "two", "three", "four"):
        trained(store, iris, name=f"number {number}", epochs=1)
    listing = look(store, Query(most=3))
    assert (len(listing.rows), listing.found) == (3, 4)
    found = look(store, Query("two number"))
    assert [row.record.name for row in found.rows] == ["number two"]
    assert (found.found, found.kept) == (1, 4)


def test_it_is_read_anew_when_something_has_changed_and_only_then(store: RunStore, iris: Dataset) -> None:
    run = trained(store, iris)
    listing = settled(store)
    assert listed(store, Query(), listing) is None
    assert listed(store, Query("iris"), listing) is not None
    store.edit(run, note="seen")
    after = look(store, before=listing)
    assert after.rows[0].record.note == "seen"


def test_an_epoch_of_another_connection_is_seen(store: RunStore, iris: Dataset) -> None:
    run = headless.begin(store, job(iris, epochs=3))
    listing = look(store)
    assert listing.rows[0].record.state is KeptState.RUNNING
    for step in run:
        if step.epoch_done:
            listing = look(store, before=listing)
            assert listing.rows[0].record.epoch == step.epoch


def test_a_process_that_ends_without_a_word_is_noticed(store: RunStore, iris: Dataset) -> None:
    recording = Recording.begin(store, job(iris), "cpu")
    listing = settled(store)
    assert listing.interrupted == ()
    assert listing.running == (recording.run,)
    recording._ownership.release()  # all that the system does: no file changes
    after = look(store, before=listing)
    assert [record.id for record in after.interrupted] == [recording.run]
    held = Ownership.take(store.of(recording.run))
    assert look(store, before=None).interrupted == ()
    held.release()
    recording.close()


@pytest.mark.parametrize(
    ("source", "at_hand", "offered"),
    [("iris", False, True), ("", False, False), ("", True, True), ("mine.alone:load", False, False)],
)
def test_only_what_can_be_gone_on_with_is_offered(
    store: RunStore, iris: Dataset, source: str, at_hand: bool, offered: bool
) -> None:
    Recording.begin(store, job(iris, source=source), "cpu").close()
    listing = look(store, Query(stamp=iris.stamp if at_hand else "another"))
    assert bool(listing.interrupted) is offered
    store.trash(listing.rows[0].record.id)
    assert look(store, Query(stamp=iris.stamp)).interrupted == ()


def test_a_store_that_cannot_be_read_is_said_once(store: RunStore, iris: Dataset) -> None:
    trained(store, iris)
    with sqlite3.connect(store.folder / "runs.sqlite") as database:
        database.execute("PRAGMA user_version=99")
    listing = look(store)
    assert "has version 99" in listing.error
    assert "\n" not in listing.error
    while (again := listed(store, Query(), listing)) is not None:
        assert again == replace(listing, version=again.version)
        listing = again
