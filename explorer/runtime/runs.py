"""The runs from Python: a table of them, one of them, and going on with one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from explorer.core.datasets import Dataset
from explorer.core.folders import home_folder
from explorer.runtime.headless import Headless, go_on
from explorer.runtime.kept import KeptRun
from explorer.runtime.records import EpochRecord, RunRecord
from explorer.runtime.store import RUNS, RunStore

__all__ = ["film", "open", "resume", "store", "table"]

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


def film(
    run: str | RunRecord | KeptRun,
    path: str | Path,
    *,
    dataset: Dataset | None = None,
    projection: str = "",
    colour_by: str = "label",
    width: int = 720,
    height: int = 640,
    fps: int = 20,
    speed: float = 4.0,
    aligned: bool = True,
    theme: str = "light",
    progress: Callable[[float], object] = lambda share: None,
) -> Path:
    """Film how a run's map evolved, as a GIF or an MP4 by the ending of the path; returns the path.

    Parameters
    ----------
    dataset
        The data, where they cannot be loaded as they were then.
    projection
        One with a formula, by its name; by default what the page opens with.
    colour_by
        As on the page: ``label``, ``split``, a column.
    width, height
        Of a frame, in pixels.
    fps, speed
        Frames, and epochs, per second.
    aligned
        Whether each epoch's map is turned to match the last one's, so that what moves is what was learned.
    theme
        ``light`` or ``dark``.
    progress
        Told the share that is done, in (0, 1].

    Raises
    ------
    ExplorerError, DataError, StoreError
        For an ending, a size or a projection that there is not, and for a run of one epoch.
    """
    # Filming draws, which nobody else who asks for runs needs.
    from explorer.runtime.filming import Shot, film_kept

    kept = run if isinstance(run, KeptRun) else open(run)
    path = Path(path)
    film_kept(
        kept,
        path,
        Shot(width, height, fps, speed, aligned),
        dataset=dataset,
        projection=projection,
        colour_by=colour_by,
        theme=theme,
        progress=progress,
    )
    return path


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
