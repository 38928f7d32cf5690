"""Records of the run store, of runs and of epochs: frozen values."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import models
from explorer.core.settings.training import TrainingMode, trained_on
from explorer.runtime.run import Job
from models import Step
from models.autoencoder import CONVENTIONS, likelihood


class KeptState(Enum):
    """The state of a run of the store; `INTERRUPTED` is one whose process ended without a word."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run.

    Attributes
    ----------
    parent, parent_epoch
        The run it started from, by its id, and that run's epoch; None for one from scratch.
    dataset
        ``name``, ``source`` (what `load_dataset` takes), ``stamp``, ``train`` and ``test`` samples.
    model, plan
        What `models.create` takes; ``epochs``, ``batch_size``, ``learning_rate``, ``seed``.
    owner
        Host and process that trained it last.
    created, ended, trashed
        Seconds since 1970.
    epoch
        The last committed one.
    chosen, rest
        How many samples were selected to train on, and what each of the others counted, where it is not
        trained on all; else None.
    mode
        Whether it went on from weights that were there; None for a run of a store that did not say.
    """

    id: str
    name: str
    note: str
    parent: str | None
    parent_epoch: int | None
    dataset: Mapping[str, Any]
    model: Mapping[str, Any]
    plan: Mapping[str, Any]
    device: str
    owner: str
    state: KeptState
    error: str | None
    created: float
    ended: float | None
    trashed: float | None
    epoch: int
    chosen: int | None
    rest: float | None
    mode: TrainingMode | None

    @property
    def samples(self) -> int:
        """The number of samples it is trained on."""
        return int(self.dataset["train"]) if self.chosen is None else self.chosen

    @property
    def convention(self) -> str:
        """The likelihood that its losses are of, in words; empty for a user's own model."""
        return CONVENTIONS[likelihood(self.model)] if self.model["name"] in models.names() else ""

    @property
    def finished(self) -> bool:
        """True where it came to its end or was stopped, after an epoch at least."""
        return self.epoch > 0 and self.state in (KeptState.DONE, KeptState.STOPPED)

    @property
    def resumable(self) -> bool:
        """True where there are epochs left, and no process trains them."""
        return self.state is not KeptState.RUNNING and self.epoch < self.plan["epochs"]

    @property
    def trained_on(self) -> str:
        """The samples it learned from, in words."""
        return trained_on(self.dataset["train"], self.chosen, self.rest or 0.0)


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One committed epoch; epoch 0 is where the run started.

    Attributes
    ----------
    seen, terms, held_out
        As the `models.Step` that closed it has them.
    seconds
        Of training up to its end, pauses between two processes left out.
    samples_per_second
        Over this epoch.
    weights
        Its file's name; None where they were not kept.
    cloud
        Where its codes are, as offset and length in bytes; None where they were not taken.
    """

    epoch: int
    seen: int
    seconds: float
    samples_per_second: float
    terms: Mapping[str, float]
    held_out: Mapping[str, float] | None
    weights: str | None
    cloud: tuple[int, int] | None


def run_record(row: sqlite3.Row, epoch: int, owned: bool) -> RunRecord:
    """Read a row of the table of runs."""
    state = KeptState(row["state"])
    if state is KeptState.RUNNING and not owned:
        state = KeptState.INTERRUPTED
    dataset = json.loads(row["dataset"])
    chosen = dataset.pop("chosen")
    given = {name: row[name] for name in ("id", "name", "note", "parent", "parent_epoch", "device", "owner")}
    times = {name: row[name] for name in ("error", "created", "ended", "trashed")}
    return RunRecord(
        **given,
        **times,
        dataset=dataset,
        model=json.loads(row["model"]),
        plan=json.loads(row["plan"]),
        state=state,
        epoch=epoch,
        chosen=chosen,
        rest=row["rest"],
        mode=None if row["way"] is None else TrainingMode(row["way"]),
    )


def epoch_record(row: sqlite3.Row) -> EpochRecord:
    """Read a row of the table of steps."""
    return EpochRecord(
        row["epoch"],
        row["seen"],
        row["seconds"],
        row["samples_per_second"],
        json.loads(row["terms"]),
        None if row["held_out"] is None else json.loads(row["held_out"]),
        row["weights"],
        None if row["cloud_at"] is None else (row["cloud_at"], row["cloud_bytes"]),
    )


def run_row(run: str, name: str, job: Job, device: str, owner: str, rows: str | None) -> dict[str, object]:
    """The columns of a run that begins."""
    data, plan = job.dataset, job.plan
    chosen = None if job.indices is None else len(job.indices)
    dataset = {"name": data.name, "source": job.source, "stamp": data.stamp, "train": len(data.train)}
    dataset |= {"test": len(data.test), "chosen": chosen}
    settings: dict[str, float] = {"epochs": plan.epochs, "batch_size": plan.batch_size}
    settings |= {"learning_rate": plan.learning_rate, "seed": job.seed}
    return {
        "id": run,
        "name": name,
        "note": "",
        "parent": job.parent,
        "parent_epoch": job.parent_epoch,
        "dataset": json.dumps(dataset),
        "model": json.dumps(job.model.config),
        "plan": json.dumps(settings),
        "device": device,
        "owner": owner,
        "state": KeptState.RUNNING.value,
        "created": time.time(),
        "rows": rows,
        "way": job.mode.value,
        "rest": None if chosen is None else job.rest,
    }


def step_row(
    run: str, step: Step, before: float, rate: float, weights: str, cloud: tuple[int, int] | None
) -> dict[str, object]:
    """The columns of an epoch; `before` are the seconds of earlier processes."""
    at, size = cloud or (None, None)
    return {
        "run": run,
        "epoch": step.epoch,
        "seen": step.seen,
        "seconds": before + step.seconds,
        "samples_per_second": rate,
        "terms": json.dumps(dict(step.terms)),
        "held_out": None if step.held_out is None else json.dumps(dict(step.held_out)),
        "weights": weights,
        "cloud_at": at,
        "cloud_bytes": size,
    }
