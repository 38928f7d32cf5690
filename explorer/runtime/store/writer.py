"""Writing a run: who holds it commits its epochs one by one, each whole or not at all."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import time
import uuid
from contextlib import suppress
from pathlib import Path

import numpy as np
import safetensors.numpy
from jaxtyping import Float32

from explorer.core.errors import StoreError
from explorer.runtime.run import Job
from explorer.runtime.store.codes_file import append_codes
from explorer.runtime.store.lock import Ownership
from explorer.runtime.store.records import KeptState, run_row, step_row
from explorer.runtime.store.schema import connect, insert, sentences, transaction
from explorer.runtime.store.store import CLOUDS, ROWS, RunStore
from models import Autoencoder, OptimizerState, Step
from models.checkpoint import packed as packed_weights
from models.files import write_whole
from models.fit_state import packed as packed_state

# Of all weights of a run together. A longer run keeps those of every second, third, ... epoch, and
# of the last one always.
WEIGHTS_BYTES = 1 << 30


class Recording:
    """A run that this process owns. One thread at a time may use it.

    An epoch is committed by writing its files under other names, syncing and renaming them, and then adding
    the row that names them in one transaction. A process that is killed at any moment in between leaves the
    epoch before as the last one.
    """

    def __init__(self, store: RunStore, run: str, ownership: Ownership) -> None:
        self.run = run
        self.name = ""
        self._store = store
        self._folder = store.of(run)
        self._ownership: Ownership | None = ownership
        self._database = connect(store.folder)
        self._seen = 0
        self._seconds = self._before = 0.0  # of this process, and of those before it
        self._every = 1
        self._last = -1
        self._fit_state: str | None = None
        self._committed = 0  # bytes of the clouds' file that rows name

    @classmethod
    def begin(cls, store: RunStore, job: Job, device: str) -> Recording:
        """Put a new run into the store, with where it starts from as epoch 0, and own it.

        Raises
        ------
        StoreError, DiskFull
        """
        with sentences(store.folder):
            run = uuid.uuid4().hex[:12]
            store.of(run).mkdir(parents=True)
            ownership = Ownership.take(store.of(run))
            if ownership is None:
                raise StoreError(f"the run store {store.folder} is being swept; try again.")
            recording = cls(store, run, ownership)
            try:
                recording._enter(job, device)
            except BaseException:
                recording.close()
                raise
        return recording

    @classmethod
    def take_up(cls, store: RunStore, run: str, epochs: int | None = None) -> Recording:
        """Own a run of the store, by its id, to go on with it.

        Parameters
        ----------
        epochs
            How many in all, where not as many as were planned.

        Raises
        ------
        StoreError
            While another process trains it, or where it was deleted.
        """
        record = store.find(run)
        if record.trashed is not None:
            raise StoreError(f"{record.name!r} was deleted; restore it first.")
        ownership = Ownership.take(store.of(record.id))
        if ownership is None:
            raise StoreError(
                f"{record.name!r} is being trained by another process ({record.owner}); stop it there, or "
                "wait for its end."
            )
        with sentences(store.folder):
            recording = cls(store, record.id, ownership)
            try:
                recording._go_on(dict(record.plan) | ({} if epochs is None else {"epochs": epochs}))
            except BaseException:
                recording.close()
                raise
        return recording

    @property
    def epoch(self) -> int:
        """The last committed one."""
        return self._last

    def commit(
        self,
        step: Step,
        model: Autoencoder,
        state: OptimizerState | None,
        codes: Float32[np.ndarray, "n latent"] | None = None,
    ) -> None:
        """Keep a finished epoch: its step, the weights and the state at its end, and its cloud's codes.

        Raises
        ------
        DiskFull, StoreError
            Then nothing of it is kept, and what was committed before is.
        """
        with sentences(self._store.folder):
            try:
                self._commit(step, model, state, codes)
            except BaseException:
                with suppress(OSError, sqlite3.Error, StoreError):
                    self._forget_uncommitted()
                raise

    def end(self, state: KeptState, error: str | None = None) -> None:
        """Say how it ended, and let it go; does nothing once it is let go.

        Raises
        ------
        StoreError
            Where that cannot be written: then it is seen as interrupted.
        """
        if self._ownership is None:
            return
        try:
            with sentences(self._store.folder), transaction(self._database) as database:
                database.execute(
                    "UPDATE runs SET state = ?, error = ?, ended = ? WHERE id = ?",
                    (state.value, error, time.time(), self.run),
                )
        finally:
            self.close()

    def close(self) -> None:
        """Let it go without a word, as if the process had been killed. Idempotent."""
        self._database.close()
        if self._ownership is not None:
            self._ownership.release()
            self._ownership = None

    def _enter(self, job: Job, device: str) -> None:
        self.name = job.name or f"{job.dataset.name}, {job.model.name}"
        rows = None
        if job.indices is not None:
            rows, chosen = ROWS, np.asarray(job.indices, dtype=np.int64)
            write_whole(self._folder / ROWS, safetensors.numpy.save({"rows": chosen}))
        epochs = job.plan.epochs
        self._space(epochs, job.model)
        first = Step(0, epochs, 0, job.samples * epochs, {}, None, True, 0.0)
        names = self._write_files(0, job.model, job.start)
        row = run_row(self.run, self.name, job, device, owner(), rows)
        with transaction(self._database) as database:
            insert(database, "runs", row)
            self._name(database, first, *names, None)
        self._committed_as(first, names[1], None)

    def _go_on(self, plan: dict[str, object]) -> None:
        self._store.sweep_files(self.run)
        with transaction(self._database) as database:
            row = database.execute("SELECT name, fit_state FROM runs WHERE id = ?", (self.run,)).fetchone()
            database.execute(
                "UPDATE runs SET state = ?, error = NULL, ended = NULL, owner = ?, plan = ? WHERE id = ?",
                (KeptState.RUNNING.value, owner(), json.dumps(plan), self.run),
            )
        epochs = self._store.epochs(self.run)
        self.name, last = row["name"], epochs[-1]
        self._last, self._seen, self._fit_state = last.epoch, last.seen, row["fit_state"]
        self._before = last.seconds
        self._committed = max((sum(epoch.cloud) for epoch in epochs if epoch.cloud), default=0)
        if last.weights is not None:
            size = (self._folder / last.weights).stat().st_size
            self._every = 1 + size * int(str(plan["epochs"])) // WEIGHTS_BYTES

    def _commit(
        self, step: Step, model: Autoencoder, state: OptimizerState | None, codes: np.ndarray | None
    ) -> None:
        names = self._write_files(step.epoch, model, state)
        cloud = None if codes is None else append_codes(self._folder / CLOUDS, self._committed, codes)
        thinned = self._last if self._last > 0 and self._last % self._every else None
        with transaction(self._database) as database:
            old = None
            if thinned is not None:
                where = (self.run, thinned)
                found = database.execute("SELECT weights FROM steps WHERE run = ? AND epoch = ?", where)
                old = found.fetchone()["weights"]
                database.execute("UPDATE steps SET weights = NULL WHERE run = ? AND epoch = ?", where)
            self._name(database, step, *names, cloud)
        for name in (old, self._fit_state if self._fit_state != names[1] else None):
            if name is not None:
                with suppress(OSError):
                    (self._folder / name).unlink()
        self._committed_as(step, names[1], cloud)

    def _write_files(
        self, epoch: int, model: Autoencoder, state: OptimizerState | None
    ) -> tuple[str, str | None]:
        weights = f"epoch-{epoch:06}.safetensors"
        write_whole(self._folder / weights, packed_weights(model, run=self.run, epoch=epoch))
        if state is None:
            return weights, None
        name = f"state-{epoch:06}.safetensors"
        write_whole(self._folder / name, packed_state(state))
        return weights, name

    def _name(
        self,
        database: sqlite3.Connection,
        step: Step,
        weights: str,
        state: str | None,
        cloud: tuple[int, int] | None,
    ) -> None:
        passed = step.seconds - self._seconds
        rate = (step.seen - self._seen) / passed if passed > 0 else 0.0
        row = step_row(self.run, step, self._before, rate, weights, cloud)
        insert(database, "steps", row)
        changed = database.execute("UPDATE runs SET fit_state = ? WHERE id = ?", (state, self.run)).rowcount
        if not changed:
            raise StoreError("this run was deleted for good while it was trained; begin another.")

    def _committed_as(self, step: Step, state: str | None, cloud: tuple[int, int] | None) -> None:
        self._last, self._seen, self._seconds = step.epoch, step.seen, step.seconds
        self._fit_state = state
        self._committed = sum(cloud) if cloud else self._committed

    def _space(self, epochs: int, model: Autoencoder) -> None:
        size = sum(value.nbytes for value in model.state_dict().values())
        self._every = 1 + size * epochs // WEIGHTS_BYTES

    def _forget_uncommitted(self) -> None:
        clouds: Path = self._folder / CLOUDS
        if clouds.exists():
            os.truncate(clouds, self._committed)
        self._store.sweep_files(self.run)


def owner() -> str:
    """Return the name of this process, where the store names a run's owner."""
    return f"process {os.getpid()} on {platform.node()}"
