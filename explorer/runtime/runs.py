"""The runs from Python: a table of them, one of them, and going on with one."""

from __future__ import annotations

import pandas as pd

from explorer.core.datasets import Dataset
from explorer.core.folders import home_folder
from explorer.runtime.headless import Headless, go_on
from explorer.runtime.kept import KeptRun
from explorer.runtime.records import EpochRecord, RunRecord
from explorer.runtime.store import RUNS, RunStore

__all__ = ["open", "resume", "store", "table"]

COLUMNS = (
    "name", "state", "epoch", "epochs", "dataset", "model", "latent", "trained_on", "loss", "held_out_loss",
    "samples_per_second", "device", "created", "ended", "parent", "parent_epoch", "note", "error",
)  # fmt: skip


def store() -> RunStore:
    """The run store: the folder ``runs`` in `EXPLORER_HOME`, or in the user's own folder."""
    return RunStore(home_folder() / RUNS)


def table(search: str = "", *, trashed: bool = False) -> pd.DataFrame:
    """The runs, newest first: a row a run, by its id.

    Losses are those of the last committed epoch, in nats per sample.

    Parameters
    ----------
    search
        Words that all occur in the name, the note, the id, or the names of data set and model.
    trashed
        Those that were deleted, instead of those that were not.
    """
    kept = store()
    records, last = kept.records(search, trashed=trashed), kept.last_epochs()
    rows = {record.id: _row(record, last[record.id]) for record in records if record.id in last}
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS))
    frame.index.name = "run"
    for column in ("created", "ended"):
        frame[column] = pd.to_datetime(frame[column], unit="s", utc=True)
    return frame


def open(run: str | RunRecord) -> KeptRun:
    """A run by its id, the beginning of it, or its name.

    Raises
    ------
    StoreError
        Where there is none, or more than one.
    """
    kept = store()
    return KeptRun(kept, kept.find(run) if isinstance(run, str) else run)


def resume(run: str | RunRecord, *, dataset: Dataset | None = None, epochs: int | None = None) -> Headless:
    """Go on with a run: iterate over its Steps, each epoch of which is committed before it is seen.

    The weights at its end are those of a run that was never interrupted.

    Parameters
    ----------
    dataset
        The data, where they cannot be loaded as they were then.
    epochs
        How many in all, where not as many as were planned.

    Raises
    ------
    DataError, ModelError, StoreError
    """
    kept = store()
    record = kept.find(run) if isinstance(run, str) else run
    return go_on(kept, record, dataset=dataset, epochs=epochs)


def _row(record: RunRecord, last: EpochRecord) -> tuple[object, ...]:
    return (
        record.name,
        record.state.value,
        record.epoch,
        record.plan["epochs"],
        record.dataset["name"],
        record.model["name"],
        record.model["latent"],
        record.trained_on,
        last.terms.get("loss"),
        None if last.held_out is None else last.held_out.get("loss"),
        last.samples_per_second or None,
        record.device,
        record.created,
        record.ended,
        record.parent,
        record.parent_epoch,
        record.note,
        record.error,
    )
