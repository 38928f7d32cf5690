"""A run of the store as the charts read it: with a step for each epoch that was committed."""

from __future__ import annotations

from dataclasses import replace

from explorer.core.datasets import Dataset
from explorer.runtime.run import Job, Run, RunState, Snapshot
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.records import EpochRecord, KeptState
from models import Step

_ENDS = {KeptState.DONE: RunState.DONE, KeptState.FAILED: RunState.FAILED}


def recorded(kept: KeptRun, dataset: Dataset, shown: Snapshot, epoch: int) -> Run:
    """Return a run that is over, with the steps and the weights that the store has of one.

    It trains nothing. Its job holds the weights that the run started from, so that what they knew can be
    compared with what is known now.

    Parameters
    ----------
    shown
        The model on the map with its codes, which is that of the `epoch`.

    Raises
    ------
    StoreError
        Where its files cannot be read.
    """
    record, steps = kept.record, recorded_steps(kept)
    plan = {name: record.plan[name] for name in ("batch_size", "learning_rate", "seed")}
    job = Job(
        kept.model(0),
        dataset,
        kept.rows(),
        max(1, record.epoch),
        **plan,
        name=record.name,
        kept=record.id,
        rest=record.rest or 0.0,
    )
    run = Run(job)
    run.kept = record.id
    for step in steps:
        run.steps.append(step)
    at = next((step for step in steps if step.epoch == epoch), None)
    run.snapshot.post(replace(shown, step=at))
    run.enter(_ENDS.get(record.state, RunState.STOPPED), None, record.error)
    run.settle()
    return run


def recorded_steps(kept: KeptRun) -> tuple[Step, ...]:
    """Return a step for each committed epoch of a run, with the means over it."""
    last = kept.epochs[-1]
    return tuple(_step(epoch, last) for epoch in kept.epochs if epoch.epoch)


def _step(epoch: EpochRecord, last: EpochRecord) -> Step:
    whole = last.epoch, epoch.seen, last.seen
    return Step(epoch.epoch, *whole, epoch.terms, epoch.held_out, True, epoch.seconds)
