"""The queue before the device, as much as one session may know of it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from explorer.core.datasets import dataset_names
from explorer.runtime.run import Run
from explorer.runtime.training.slot import TrainingSlot


@dataclass(frozen=True, slots=True)
class Place:
    """One run of the queue.

    Attributes
    ----------
    token
        Tells the runs of a process apart.
    position
        0 is the one that trains, 1 the next.
    name
        Another user's run on a file is only called a training: the file's name is private.
    own
        Whether it is this session's, to move and to cancel.
    whose
        The same in words.
    """

    token: int
    position: int
    name: str
    own: bool
    whose: str


def queue(slot: TrainingSlot, token: Hashable) -> tuple[Place, ...]:
    """Return what trains and what waits, where the session of that token waits for anything; else nothing."""
    runs = slot.queue
    if not any(run.owner == token and run.position for run in runs):
        return ()
    return tuple(_place(run, position, token) for position, run in enumerate(runs))


def find(slot: TrainingSlot, owner: Hashable, token: int) -> Run | None:
    """Return the owner's run of that token, while it waits or trains."""
    return next((run for run in slot.queue if run.token == token and run.owner == owner), None)


def _place(run: Run, position: int, token: Hashable) -> Place:
    own = run.owner == token
    known = own or run.job.source.partition(":")[0] in dataset_names()
    whose = "yours" if own else ("shared by all" if run.owner is None else "another session's")
    return Place(run.token, position, run.name if known else "a training", own, whose)
