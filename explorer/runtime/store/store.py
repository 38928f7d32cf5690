"""The run store: every training with its epochs, in one folder that several processes may use.

Runs and steps are rows of one SQLite file; weights, the state of the last epoch's optimizer and the epochs'
clouds are files in a folder for each run. A file counts once a row names it: what no row names is what a
process left that was killed, is never read, and is swept away.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from explorer.core.errors import StoreError
from explorer.runtime.store.lock import Ownership, owned
from explorer.runtime.store.records import EpochRecord, KeptState, RunRecord, epoch_record, run_record
from explorer.runtime.store.schema import FILE, connect, sentences, transaction

RUNS = "runs"  # the store's folder in `EXPLORER_HOME`
CLOUDS = "clouds.bin"
ROWS = "rows.safetensors"
SHORTEST = 4  # characters of an id that are enough to name a run by, where no other begins so

_LAST = """SELECT steps.* FROM runs JOIN steps ON run = id
    AND epoch = (SELECT max(epoch) FROM steps WHERE run = id)"""
_RUNS = "SELECT runs.*, (SELECT max(epoch) FROM steps WHERE run = id) AS epoch FROM runs"


class RunStore:
    """The runs of a folder.

    Reading and editing is open to every process and thread. Trained is a run by its owner alone
    (`explorer.runtime.store.writer`).

    Parameters
    ----------
    folder
        Made when the first run is.

    Raises
    ------
    StoreError
        By each method, in a sentence, where the folder cannot be used or is of a newer version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, run: str) -> Path:
        """The folder of a run's files."""
        return self.folder / run

    def records(self, search: str = "", *, trashed: bool | None = False) -> tuple[RunRecord, ...]:
        """The runs, newest first.

        Parameters
        ----------
        search
            Words that all occur in the name, the note, the id, or the names of data set and model.
        trashed
            Those that were deleted, instead of those that were not; None is both.
        """
        with self.reading() as database:
            rows = database.execute(f"{_RUNS} ORDER BY created DESC, id").fetchall()
        wanted = [row for row in rows if trashed is None or (row["trashed"] is not None) == trashed]
        return tuple(record for row in wanted if matches(record := self._record(row), search))

    def last_epochs(self) -> dict[str, EpochRecord]:
        """The last committed epoch of every run, by the run's id."""
        with self.reading() as database:
            rows = database.execute(_LAST).fetchall()
        return {row["run"]: epoch_record(row) for row in rows}

    def version(self) -> tuple[tuple[int, int] | None, ...]:
        """A value that differs whenever a row has been written since, by any process.

        Reads the file directly; the database stays closed. It may differ, too, where nothing was written.
        """
        database, log = self.folder / FILE, self.folder / f"{FILE}-wal"
        return tuple(_stamp(path) for path in (database, log))

    def find(self, run: str) -> RunRecord:
        """The run of that id, beginning of an id, or name; a deleted one by its id only.

        Raises
        ------
        StoreError
            Where there is none, or more than one.
        """
        with self.reading() as database:
            row = database.execute(f"{_RUNS} WHERE id = ?", (run,)).fetchone()
            if row is not None:
                return self._record(row)
            rows = database.execute(f"{_RUNS} WHERE trashed IS NULL").fetchall()
        named = [row for row in rows if row["name"] == run]
        found = named or [row for row in rows if len(run) >= SHORTEST and row["id"].startswith(run)]
        if len(found) == 1:
            return self._record(found[0])
        if found:
            ids = ", ".join(row["id"] for row in found[:5])
            raise StoreError(f"{len(found)} runs are called {run!r}; name one by its id: {ids}.")
        raise StoreError(f"there is no run {run!r}; `latent-explorer runs` lists those there are.")

    def epochs(self, run: str) -> tuple[EpochRecord, ...]:
        """The committed epochs of the run of that id, epoch 0 first."""
        with self.reading() as database:
            rows = database.execute("SELECT * FROM steps WHERE run = ? ORDER BY epoch", (run,)).fetchall()
        return tuple(epoch_record(row) for row in rows)

    def edit(self, run: str, *, name: str | None = None, note: str | None = None) -> None:
        """Give the run of that id another name or note."""
        for column, value in (("name", name), ("note", note)):
            if value is not None:
                self._write(f"UPDATE runs SET {column} = ? WHERE id = ?", value, run)

    def trash(self, run: str) -> None:
        """Delete the run of that id, so that `restore` brings it back until `sweep`.

        Raises
        ------
        StoreError
            While it is being trained.
        """
        record = self.find(run)
        if record.state is KeptState.RUNNING:
            raise StoreError(f"{record.name!r} is being trained ({record.owner}); stop it first.")
        self._write("UPDATE runs SET trashed = ? WHERE id = ?", time.time(), record.id)

    def restore(self, run: str) -> None:
        """Undo `trash`."""
        self._write("UPDATE runs SET trashed = NULL WHERE id = ?", self.find(run).id)

    def sweep(self, older_than: float = 0.0) -> int:
        """Remove for good what was deleted and what no row names; returns how many runs that were.

        Parameters
        ----------
        older_than
            Seconds since it was deleted.
        """
        with self.writing() as database:
            before = time.time() - older_than
            rows = database.execute("SELECT id FROM runs WHERE trashed <= ?", (before,)).fetchall()
            gone = [row["id"] for row in rows if not owned(self.of(row["id"]))]
            for run in gone:
                database.execute("DELETE FROM steps WHERE run = ?", (run,))
                database.execute("DELETE FROM runs WHERE id = ?", (run,))
        for folder in [path for path in self.folder.iterdir() if path.is_dir()]:
            self._sweep_folder(folder)
        return len(gone)

    def _sweep_folder(self, folder: Path) -> None:
        ownership = Ownership.take(folder, patience=0.0)
        if ownership is None:
            return  # another process uses it
        try:
            with self.reading() as database:
                known = database.execute("SELECT 1 FROM runs WHERE id = ?", (folder.name,)).fetchone()
            if known is None:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                self.sweep_files(folder.name)
        finally:
            ownership.release()

    def sweep_files(self, run: str) -> None:
        """Remove what no row names from the folder of a run that the caller owns."""
        with self.reading() as database:
            row = database.execute("SELECT rows, fit_state FROM runs WHERE id = ?", (run,)).fetchone()
        epochs = self.epochs(run)
        named = {row["rows"], row["fit_state"], *(epoch.weights for epoch in epochs)}
        for path in self.of(run).iterdir():
            if path.suffix != ".safetensors" and not path.name.startswith("."):
                continue
            if path.name not in named:
                with suppress(OSError):
                    path.unlink()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One view of the database, as it is at the first query."""
        with sentences(self.folder), closing(connect(self.folder)) as database:
            database.execute("BEGIN")
            yield database
            database.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing."""
        with sentences(self.folder), closing(connect(self.folder)) as database, transaction(database):
            yield database

    def _record(self, row: sqlite3.Row) -> RunRecord:
        running = row["state"] == KeptState.RUNNING.value
        return run_record(row, row["epoch"] or 0, running and owned(self.of(row["id"])))

    def _write(self, statement: str, *values: object) -> None:
        with self.writing() as database:
            changed = database.execute(statement, values).rowcount
        if not changed:
            raise StoreError(
                f"there is no such run as {values[-1]!r}; `latent-explorer runs` lists those there are."
            )


def _stamp(path: Path) -> tuple[int, int] | None:
    """When a file was written last and how long it is; None for one that is empty or not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size) if found.st_size else None


def matches(record: RunRecord, search: str) -> bool:
    """Tell whether all words occur in a run's name, note, id, or the names of data set and model."""
    words = search.casefold().split()
    text = _text(record) if words else ""
    return all(word in text for word in words)


def _text(record: RunRecord) -> str:
    parts = (record.name, record.note, record.id, record.dataset["name"], record.model["name"])
    return " ".join(str(part) for part in parts).casefold()
