"""Tasks of the run store for a worker: reading, packing, deleting. They take no session."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from explorer.core.comparison.side import Side
from explorer.core.datasets import Dataset
from explorer.core.errors import StoreError
from explorer.core.latent.cloud import encode
from explorer.runtime.run import Job
from explorer.runtime.store.archive import export_run, import_run
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.records import EpochRecord, KeptState, RunRecord
from explorer.runtime.store.store import RunStore

MOST_SENT = 100_000_000  # bytes of a run that goes through the browser, either way


@dataclass(frozen=True, slots=True)
class Chosen:
    """The run that is looked at, with its committed epochs."""

    record: RunRecord
    epochs: tuple[EpochRecord, ...]


def chosen(store: RunStore, run: str) -> Chosen:
    """Read a run, by its id, with its epochs."""
    record = store.find(run)
    return Chosen(record, store.epochs(record.id))


def resumable(store: RunStore, run: str, more: int) -> RunRecord:
    """Find a run that can be gone on with, by so many epochs or by those that are planned.

    Raises
    ------
    StoreError
        For one that is being trained, and one that has nothing left to do.
    """
    record = store.find(run)
    if more < 0 or not (more or record.epoch < record.plan["epochs"]):
        raise StoreError(f"{record.name!r} has all of its {record.epoch} epochs; say how many more.")
    if record.state is KeptState.RUNNING:
        raise StoreError(f"{record.name!r} is being trained ({record.owner}); stop it there, or wait.")
    return record


def deleted(store: RunStore, run: str) -> RunRecord:
    """Delete a run, so that it can be restored."""
    store.trash(run)
    return store.find(run)


def job(store: RunStore, run: str, dataset: Dataset, more: int) -> Job:
    """Return the job that goes on with a run: so many epochs more, or those that were planned."""
    record = store.find(run)
    return KeptRun(store, record).job(dataset, record.epoch + more if more else None)


def side(store: RunStore, run: str, epoch: int, dataset: Dataset) -> Side:
    """One end of a comparison: a run at an epoch, on the data that are on the map.

    Raises
    ------
    StoreError
        Where it is of other data, or its weights were not kept.
    """
    record = store.find(run)
    if record.dataset["stamp"] != dataset.stamp:
        raise StoreError(
            f"{record.name!r} is of the data {record.dataset['name']!r} and on the map are others, "
            f"{dataset.name!r}; open it, or compare runs of the same data."
        )
    kept = KeptRun(store, record)
    model = kept.model(epoch).eval()
    cloud = kept.cloud(epoch, dataset) or encode(model, dataset)
    return Side(f"{record.name}, epoch {epoch}", model, cloud)


def related(store: RunStore, one: str, other: str) -> bool:
    """Tell whether a code means the same to two runs: both were trained on from the same weights.

    A run that is not in the store, or was removed for good, is related to itself and to its children.
    """
    return not _lineage(store, one).isdisjoint(_lineage(store, other))


def _lineage(store: RunStore, run: str) -> set[str]:
    found: set[str] = set()
    while run and run not in found:
        found.add(run)
        try:
            run = store.find(run).parent or ""
        except StoreError:
            break
    return found


def packed(store: RunStore, run: str) -> tuple[str, bytes]:
    """A run as one file: its name, and what is in it.

    Raises
    ------
    StoreError
        Where that is more than a browser should be sent.
    """
    record = store.find(run)
    size = sum(path.stat().st_size for path in store.of(record.id).iterdir())
    if size > MOST_SENT:
        raise StoreError(
            f"{record.name!r} takes {size / 1e6:,.0f} MB, and a browser is sent {MOST_SENT / 1e6:.0f} MB at "
            f"most; use: latent-explorer runs export {record.id} FILE"
        )
    name = re.sub(r"[^\w.-]+", "-", record.name).strip("-.")[:60] or "run"
    with TemporaryDirectory() as folder:
        path = export_run(store, record.id, Path(folder, f"{name}-{record.id}.zip"))
        return path.name, path.read_bytes()


def taken(store: RunStore, path: Path) -> RunRecord:
    """Take a run out of a file into the store; the file is removed, whatever was in it."""
    try:
        return import_run(store, path)
    finally:
        path.unlink(missing_ok=True)
