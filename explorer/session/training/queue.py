"""Who trains and who waits, as much as one session may know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explorer.core.datasets import dataset_names
from explorer.runtime.run import Run

if TYPE_CHECKING:
    from explorer.session.session import Session


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
        Of somebody else's on data of their own only that it is one: a file's name is theirs.
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


def queue(session: Session) -> tuple[Place, ...]:
    """What trains and what waits, where this session waits for anything; else nothing."""
    runs = session.services.slot.queue
    if not any(run.owner == session.token and run.position for run in runs):
        return ()
    return tuple(_place(run, position, session) for position, run in enumerate(runs))


def find(session: Session, token: int) -> Run | None:
    """The session's own run of that token, while it waits or trains."""
    runs = session.services.slot.queue
    return next((run for run in runs if run.token == token and run.owner == session.token), None)


def _place(run: Run, position: int, session: Session) -> Place:
    own = run.owner == session.token
    known = own or run.job.source.partition(":")[0] in dataset_names()
    whose = "yours" if own else ("shared by all" if run.owner is None else "another session's")
    return Place(run.token, position, run.name if known else "a training", own, whose)
