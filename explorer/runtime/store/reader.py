"""Reading a run of the store: its weights, its clouds, and what it takes to go on."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import safetensors.numpy
from jaxtyping import Float32, Int64
from safetensors import SafetensorError

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import StoreError
from explorer.core.latent.cloud import Cloud, Stamp
from explorer.core.settings.training import TrainingMode
from explorer.runtime.run import Job
from explorer.runtime.store.codes_file import unpack_codes
from explorer.runtime.store.records import EpochRecord, RunRecord
from explorer.runtime.store.schema import sentences
from explorer.runtime.store.store import CLOUDS, RunStore
from explorer.runtime.store.tensorboard import Events
from models import Autoencoder, OptimizerState
from models.fit_state import unpacked

T = TypeVar("T")
_log = logging.getLogger(__name__)


class KeptRun:
    """A run of the store, as it was when it was opened; what is large is read when it is asked for."""

    def __init__(self, store: RunStore, record: RunRecord) -> None:
        self.record = record
        self.epochs: tuple[EpochRecord, ...] = store.epochs(record.id)
        self._store = store
        self._folder = store.of(record.id)

    def __repr__(self) -> str:
        record = self.record
        return f"<run {record.id} {record.name!r}, {record.state.value}, epoch {record.epoch}>"

    def epoch(self, number: int | None = None) -> EpochRecord:
        """That committed epoch; None is the last.

        Raises
        ------
        StoreError
            For one that was not committed.
        """
        last = self.epochs[-1]
        if number is None:
            return last
        found = next((epoch for epoch in self.epochs if epoch.epoch == number), None)
        if found is None:
            raise StoreError(f"{self.record.name!r} has no epoch {number}; choose from 0 to {last.epoch}.")
        return found

    def steps(self) -> pd.DataFrame:
        """A row an epoch: its figures, the terms in nats per sample, those held out under ``held_out_``."""
        rows = [
            {"epoch": epoch.epoch, "seen": epoch.seen, "seconds": epoch.seconds}
            | {"samples_per_second": epoch.samples_per_second}
            | dict(epoch.terms)
            | {f"held_out_{name}": value for name, value in (epoch.held_out or {}).items()}
            for epoch in self.epochs
            if epoch.epoch
        ]
        return (
            pd.DataFrame(rows).set_index("epoch") if rows else pd.DataFrame(index=pd.Index([], name="epoch"))
        )

    def tensorboard(self, folder: Path) -> Path:
        """Write TensorBoard event files of its epochs; the folder of its own that they are in.

        Parameters
        ----------
        folder
            What ``tensorboard --logdir`` is given; made where there is none.

        Raises
        ------
        StoreError
            Where it cannot be written.
        """
        events = Events(folder, self.record.id, self.record.name)
        try:
            for epoch in self.epochs[1:]:
                # Pauses between two processes are left out, as they are of `seconds`.
                when = self.record.created + epoch.seconds
                rate = epoch.samples_per_second
                events.add(epoch.epoch, epoch.terms, epoch.held_out, samples_per_second=rate, when=when)
        finally:
            events.close()
        return events.folder

    def model(self, number: int | None = None) -> Autoencoder:
        """The model at the end of an epoch; None is the last, 0 where the run started.

        Raises
        ------
        StoreError
            For an epoch whose weights were not kept.
        """
        epoch = self.epoch(number)
        if epoch.weights is None:
            with_weights = [other.epoch for other in self.epochs if other.weights is not None]
            near = min(with_weights, key=lambda other: abs(other - epoch.epoch))
            raise StoreError(
                f"of so long a run the weights of epoch {epoch.epoch} were not kept; epoch {near} is the "
                "nearest that was."
            )
        return models.load(self._folder / epoch.weights)

    def state(self) -> OptimizerState | None:
        """Return the optimizer's state at the last epoch; None where it had not begun."""
        return self._attached("fit_state", lambda path: unpacked(path.read_bytes(), path.name))

    def rows(self) -> Int64[np.ndarray, " chosen"] | None:
        """The rows of the training split that it is trained on; None for all."""
        return self._attached("rows", lambda path: safetensors.numpy.load(path.read_bytes())["rows"])

    def codes(self, number: int) -> Float32[np.ndarray, "n latent"] | None:
        """Return the codes at the end of an epoch, training split first; None where they were not taken.

        Within ``(high - low) / 131,070`` of what was encoded along each axis; on the sphere, where they are
        of length 1, within twice that distance.
        """
        place = self.epoch(number).cloud
        if place is None:
            return None
        with sentences(self._store.folder), (self._folder / CLOUDS).open("rb") as file:
            file.seek(place[0])
            codes = unpack_codes(file.read(place[1]))
        if models.spherical(self.record.model["name"]):
            codes /= np.linalg.norm(codes, axis=1, keepdims=True)
        return codes

    def cloud(self, number: int, dataset: Dataset) -> Cloud | None:
        """The same as a Cloud of its data set, without spreads; None where it was not taken."""
        codes = self.codes(number)
        if codes is None:
            return None
        self.check(dataset)
        return Cloud(
            mean=codes,
            spread=None,
            kl=None,
            labels=dataset.y,
            train=len(dataset.train),
            classes=dataset.classes,
            stamp=Stamp(dataset.stamp, f"{self.record.id}@{number}"),
            sphere=models.spherical(self.record.model["name"]),
            ordered=dataset.ordered,
        )

    def dataset(self, folder: Path | None = None, *, allow_import: bool = True) -> Dataset:
        """Load the data it is trained on; the parameters are those of `load_dataset`.

        Raises
        ------
        StoreError
            Where they cannot be found by themselves, or have changed.
        DataError
            As `load_dataset`.
        """
        source = self.record.dataset["source"]
        if not source:
            raise StoreError(
                f"where the data {self.record.dataset['name']!r} of {self.record.name!r} come from is not "
                "known; give them."
            )
        dataset = load_dataset(source, folder=folder, allow_import=allow_import)
        self.check(dataset)
        return dataset

    def check(self, dataset: Dataset) -> None:
        """Raise a `StoreError` where these are not the data it is trained on."""
        if dataset.stamp != self.record.dataset["stamp"]:
            raise StoreError(
                f"{self.record.name!r} was trained on other data than {dataset.name!r} holds now; give the "
                "data as they were, or begin a new run."
            )

    def job(self, dataset: Dataset, epochs: int | None = None) -> Job:
        """Return the job that goes on with it, up to so many epochs in all."""
        self.check(dataset)
        plan = dict(self.record.plan)
        if epochs is not None:
            plan["epochs"] = epochs
        state = self.state()
        if state is None and self.record.epoch:
            state = OptimizerState(self.record.epoch, {})
        return replace(
            Job(self.model(), dataset, self.rows(), **plan),
            name=self.record.name,
            source=self.record.dataset["source"],
            parent=self.record.parent,
            parent_epoch=self.record.parent_epoch,
            start=state,
            kept=self.record.id,
            rest=self.record.rest or 0.0,
            mode=self.record.mode or TrainingMode.FROM_SCRATCH,
        )

    def _attached(self, column: str, read: Callable[[Path], T]) -> T | None:
        while (name := self._named(column)) is not None:
            path = self._folder / name
            try:
                with sentences(self._store.folder):
                    try:
                        return read(path)
                    except FileNotFoundError:
                        # The training process has committed an epoch meanwhile, and removed the former one's.
                        if self._named(column) == name:
                            raise
            except (SafetensorError, KeyError) as error:
                raise StoreError(
                    f"{path.name} of {self.record.name!r} is damaged; begin a new run."
                ) from error
        return None

    def _named(self, column: str) -> str | None:
        with self._store.reading() as database:
            row = database.execute(f"SELECT {column} FROM runs WHERE id = ?", (self.record.id,)).fetchone()
        return None if row is None else row[column]


def newest_run(store: RunStore, dataset: Dataset, model: Autoencoder) -> KeptRun | None:
    """Return the newest finished run of these data and a model of that config.

    None where there is none, and where the store cannot be read, which is logged.
    """
    if not any(store.version()):
        return None  # to look makes no store
    config = json.loads(json.dumps(model.config))
    try:
        for run in store.records():
            if run.finished and run.dataset["stamp"] == dataset.stamp and run.model == config:
                return KeptRun(store, run)
    except StoreError as error:
        _log.warning("no run was looked for: %s", error)
    return None
