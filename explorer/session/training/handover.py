"""Which tab a session is of, and what it takes over from the session that the tab had before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from explorer.runtime.handover import Desk, Work

if TYPE_CHECKING:
    from explorer.session.training.training import Training


class Handing:
    """Leaves what a session trains where the next session of its tab finds it, and takes it up there."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._desk: Desk | None = None

    def arrive(self, former: str, connected: Callable[[], bool], *, patient: bool) -> str:
        """Sit down at a desk, and take over the work of the one before. On the session's own thread.

        Parameters
        ----------
        former
            The token that the tab was given before; empty for a new tab.
        connected
            Whether the session's page is there; it must not hold the session.
        patient
            Whether to come again where a page still seems to be at the former desk: a page that is loaded
            anew may come before its connection is known to be lost.

        Returns
        -------
        str
            The token of the new desk, for the tab to keep; empty where it is to come again.
        """
        training = self._training
        desks = training.session.services.desks
        if self._desk is None:
            self._desk = desks.open(connected)
        if former and former != self._desk.token and not training.busy:
            if patient and desks.occupied(former):
                return ""
            work = desks.claim(former)
            if work is not None:
                self._take(work)
        return self._desk.token

    def note(self) -> None:
        """Put on the desk what there is to be found."""
        if self._desk is not None:
            self._desk.work = self._training.work

    def leave(self) -> bool:
        """The session ends; whether its trainings are seen to. Any thread."""
        if self._desk is None:
            return False
        if not self._desk.taken:
            self.note()
        self._training.session.services.desks.leave(self._desk)
        return True

    def _take(self, work: Work) -> None:
        training = self._training
        session = training.session
        training.take_over(work)
        for run in work.runs:
            run.hand_over(session.errands.ring, session.token)
