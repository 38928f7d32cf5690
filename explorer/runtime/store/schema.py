"""The store's SQLite file: its tables, its version, and its errors as sentences."""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from explorer.core.errors import DiskFull, StoreError

FILE = "runs.sqlite"
VERSION = 2
BUSY_SECONDS = 30.0  # that one process waits while another writes; a transaction takes milliseconds

_TABLES = (
    """CREATE TABLE runs (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, note TEXT NOT NULL,
        parent TEXT, parent_epoch INTEGER,
        dataset TEXT NOT NULL, model TEXT NOT NULL, plan TEXT NOT NULL,
        device TEXT NOT NULL, owner TEXT NOT NULL, state TEXT NOT NULL, error TEXT,
        created REAL NOT NULL, ended REAL, trashed REAL,
        rows TEXT, fit_state TEXT, way TEXT, rest REAL
    ) WITHOUT ROWID""",
    """CREATE TABLE steps (
        run TEXT NOT NULL, epoch INTEGER NOT NULL, seen INTEGER NOT NULL, seconds REAL NOT NULL,
        samples_per_second REAL NOT NULL, terms TEXT NOT NULL, held_out TEXT,
        weights TEXT, cloud_at INTEGER, cloud_bytes INTEGER,
        PRIMARY KEY (run, epoch)
    ) WITHOUT ROWID""",
)
# What makes a store of an earlier version one of this; of the runs in it they say nothing, as it did not.
_CHANGES = {1: ("ALTER TABLE runs ADD COLUMN way TEXT", "ALTER TABLE runs ADD COLUMN rest REAL")}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def connect(folder: Path) -> sqlite3.Connection:
    """Open the store of a folder, made where there is none; each commit outlasts a loss of power.

    Raises
    ------
    StoreError
        For a file that is damaged, cannot be written, or is of a newer version.
    """
    path = folder / FILE
    with sentences(folder):
        folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA synchronous=FULL")
            version = _version(connection)
            if version == 0:
                _into_wal(connection)
            if version < VERSION:
                version = _make(connection)
            if version > VERSION:
                raise StoreError(
                    f"the run store {path} has version {version}, this program reads {VERSION}; update the "
                    "program, or set EXPLORER_HOME to another folder."
                )
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All that is written within, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def insert(connection: sqlite3.Connection, table: str, values: Mapping[str, object]) -> None:
    """Add a row to one of the store's own tables; columns that are left out are NULL."""
    places = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", tuple(values.values()))


@contextmanager
def sentences(folder: Path) -> Iterator[None]:
    """Say in one sentence what the disk or the database had against it.

    Raises
    ------
    DiskFull
        Where there is no room.
    StoreError
        For any other trouble of theirs.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise _full(folder) from error
        raise StoreError(
            f"the run store {folder} cannot be used ({error.strerror or error}); check the folder, or set "
            "EXPLORER_HOME to another."
        ) from error
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_WRITE")):
            raise _full(folder) from error
        raise StoreError(
            f"the run store {folder / FILE} cannot be used ({error}); restore it, or set EXPLORER_HOME to "
            "another folder."
        ) from error


def _full(folder: Path) -> DiskFull:
    return DiskFull(
        f"there is no room left for the run store {folder}; free some, the epochs committed so far are kept."
    )


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _into_wal(connection: sqlite3.Connection) -> None:
    # Unlike every other statement this one does not wait for other processes.
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.01)


def _make(connection: sqlite3.Connection) -> int:
    with transaction(connection):
        version = _version(connection)  # another process may have been first
        changes = _TABLES if version == 0 else _CHANGES.get(version, ())
        for change in changes:
            connection.execute(change)
        if changes:
            connection.execute(f"PRAGMA user_version={VERSION}")
            version = VERSION
    return version
