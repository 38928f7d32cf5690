"""The runs of the store as a tree, as far as it is shown, read anew only where something has changed."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from explorer.core.datasets import findable
from explorer.core.errors import StoreError
from explorer.runtime.store import tree
from explorer.runtime.store.lock import owned
from explorer.runtime.store.records import EpochRecord, KeptState, RunRecord
from explorer.runtime.store.store import RunStore, matches
from explorer.runtime.store.tree import Branch


@dataclass(frozen=True, slots=True)
class Query:
    """A query: which runs to list.

    Attributes
    ----------
    search
        Words that all occur in the name, the note, the id, or the names of data set and model.
    trashed
        Those that were deleted, instead of those that were not.
    most
        How many rows at most.
    stamp
        Of data that are at hand: a run that was trained on them can be gone on with, wherever they are from.
    """

    search: str = ""
    trashed: bool = False
    most: int = 50
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One run with its last committed epoch, and where it stands in the tree."""

    record: RunRecord
    last: EpochRecord
    branch: Branch


@dataclass(frozen=True, slots=True)
class Listing:
    """The runs that the store held at one moment.

    Attributes
    ----------
    rows
        The first of the runs that were found: parents before their children, the newest family first.
    found, kept, trashed
        How many runs were found, how many are not deleted, and how many are.
    names
        Of all runs, by their ids.
    same_data
        The runs of the data at hand that have an epoch at least, not deleted, newest first.
    interrupted
        Those that a process has left in the middle, not deleted and with data that are found, newest first.
    running
        The ids of those that are being trained, by any process.
    error
        Why the store cannot be read; empty where it can.
    """

    query: Query
    version: Hashable
    rows: tuple[Row, ...] = ()
    found: int = 0
    kept: int = 0
    trashed: int = 0
    names: tuple[tuple[str, str], ...] = ()
    same_data: tuple[RunRecord, ...] = ()
    interrupted: tuple[RunRecord, ...] = ()
    running: tuple[str, ...] = ()
    error: str = ""


def listed(store: RunStore, query: Query, before: Listing | None = None) -> Listing | None:
    """List the runs of a store; None where that would give `before` again.

    Looking whether anything has changed opens no database: it costs two looks at files, and one for each
    run that was being trained. Where there is no store none is made.
    """
    version = store.version()
    same = before is not None and (before.query, before.version) == (query, version)
    if before is not None and same and all(owned(store.of(run)) for run in before.running):
        return None
    if not any(version):
        return Listing(query, version)
    try:
        return _read(store, query, version)
    except StoreError as error:
        return Listing(query, version, error=str(error))


def _read(store: RunStore, query: Query, version: Hashable) -> Listing:
    records = store.records(trashed=None)
    trashed = [record for record in records if record.trashed is not None]
    kept = [record for record in records if record.trashed is None]
    found = [record for record in (trashed if query.trashed else kept) if matches(record, query.search)]
    by_id, last = {record.id: record for record in found}, store.last_epochs()
    branches = tree.rows({record.id: record.parent for record in found})[: query.most]
    return Listing(
        query,
        version,
        tuple(Row(by_id[b.name], last[b.name], b) for b in branches if b.name in last),
        found=len(found),
        kept=len(kept),
        trashed=len(trashed),
        names=tuple((record.id, record.name) for record in records),
        same_data=tuple(r for r in kept if r.epoch and r.dataset["stamp"] == query.stamp),
        interrupted=tuple(record for record in kept if _left(record, query.stamp)),
        running=tuple(record.id for record in kept if record.state is KeptState.RUNNING),
    )


def _left(record: RunRecord, stamp: str) -> bool:
    at_hand = record.dataset["stamp"] == stamp or findable(record.dataset["source"])
    return record.state is KeptState.INTERRUPTED and record.resumable and at_hand
