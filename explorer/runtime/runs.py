"""The runs from Python: a table of them, one of them, and going on with one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from explorer.core.datasets import Dataset
from explorer.core.paths import home_folder
from explorer.core.progress import Progress, silent
from explorer.core.settings.training import TrainingMode
from explorer.runtime.run import Job
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.records import EpochRecord, RunRecord
from explorer.runtime.store.store import RUNS, RunStore
from explorer.runtime.training import headless
from explorer.runtime.training.headless import Headless, go_on
from models import Autoencoder

__all__ = ["begin", "film", "fine_tune", "open", "resume", "store", "table"]

COLUMNS = (
    "name", "state", "epoch", "epochs", "dataset", "model", "latent", "way", "trained_on", "rest", "loss",
    "held_out_loss", "samples_per_second", "device", "created", "ended", "parent", "parent_epoch",
    "note", "error",
)  # fmt: skip


def store() -> RunStore:
    """The run store: the folder ``runs`` in `EXPLORER_HOME`, or in the user's own folder."""
    return RunStore(home_folder() / RUNS)


def table(search: str = "", *, trashed: bool = False) -> pd.DataFrame:
    """The runs, newest first: a row a run, by its id.

    Losses are those of the last committed epoch, in nats per sample; `way` is "fine-tune" or "from scratch",
    `trained_on` how many samples were trained on or selected for it, and `rest` what each of the others
    counted.

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


def resume(
    run: str | RunRecord,
    *,
    dataset: Dataset | None = None,
    epochs: int | None = None,
    tensorboard: Path | None = None,
) -> Headless:
    """Go on with a run: iterate over its Steps, each epoch of which is committed before it is seen.

    The weights at its end are those of a run that was never interrupted.

    Parameters
    ----------
    dataset
        The data, where they cannot be loaded as they were then.
    epochs
        How many in all, where not as many as were planned.
    tensorboard
        The folder to write TensorBoard event files of the epochs to come into; None writes none.

    Raises
    ------
    DataError, ModelError, StoreError
    """
    kept = store()
    record = kept.find(run) if isinstance(run, str) else run
    return go_on(kept, record, dataset=dataset, epochs=epochs, tensorboard=tensorboard)


def begin(
    model: Autoencoder,
    dataset: Dataset,
    *,
    rows: Sequence[int] | np.ndarray | None = None,
    rest: float = 0.0,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    seed: int = 0,
    name: str = "",
    source: str = "",
    tensorboard: Path | None = None,
) -> Headless:
    """Train a clone of a model as a new run of the store: iterate over its Steps.

    Parameters
    ----------
    rows, rest
        Rows of the training split to train on, by default all; and what each of the others counts beside
        them, from 0 (only these) to 1 (all alike).
    epochs, batch_size, learning_rate, seed
        As `models.fit` takes them.
    source
        What `load_dataset` takes to find the data again; without it they are asked for.
    tensorboard
        The folder to write TensorBoard event files into; None writes none.

    Raises
    ------
    DataError, ModelError, StoreError
    """
    chosen = None if rows is None else np.asarray(rows, dtype=np.int64)
    job = Job(
        model,
        dataset,
        chosen,
        rest=rest,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        name=name,
        source=source,
        tensorboard=tensorboard,
    )
    return headless.begin(store(), job)


def fine_tune(
    run: str | RunRecord,
    dataset: Dataset | None = None,
    *,
    epoch: int | None = None,
    rows: Sequence[int] | np.ndarray | None = None,
    rest: float = 0.0,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    seed: int = 0,
    name: str = "",
    tensorboard: Path | None = None,
) -> Headless:
    """Begin a run that goes on from the weights of another, and from its optimizer's state.

    That state is kept of a run's last epoch; from an earlier one the optimizer starts afresh.

    Parameters
    ----------
    dataset
        The data, where they cannot be loaded as they were then.
    epoch
        Of the run that it goes on from; None is the last.

    The other parameters are those of `begin`.

    Raises
    ------
    DataError, ModelError, StoreError
    """
    kept = open(run)
    data = dataset or kept.dataset()
    kept.check(data)
    at = kept.epoch(epoch).epoch
    state = kept.state() if at == kept.record.epoch else None
    return headless.begin(
        store(),
        Job(
            kept.model(at),
            data,
            None if rows is None else np.asarray(rows, dtype=np.int64),
            rest=rest,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
            name=name or f"{kept.record.name}, fine-tuned",
            source=kept.record.dataset["source"],
            parent=kept.record.id,
            parent_epoch=at,
            start=None if state is None else state.anew(),
            mode=TrainingMode.FINE_TUNE,
            tensorboard=tensorboard,
        ),
    )


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
    progress: Progress = silent,
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
    # Filming draws, which no other use of the runs needs.
    from explorer.runtime.replay.film import Shot, film_kept

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
        None if record.mode is None else record.mode.value,
        record.samples,
        record.rest,
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
