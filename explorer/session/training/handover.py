"""Which tab a session is of, and what it takes over from the session that the tab had before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from explorer.runtime.handover import Tab, TabTrainings

if TYPE_CHECKING:
    from explorer.session.training.training import Training


class Handing:
    """Leaves what a session trains where the next session of its tab finds it, and takes it up there."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._tab: Tab | None = None

    def arrive(self, former: str, connected: Callable[[], bool], *, patient: bool) -> str:
        """Sit down at a tab, and take over the work of the one before. On the session's own thread.

        Parameters
        ----------
        former
            The token that the tab was given before; empty for a new tab.
        connected
            Whether the session's page is there; it must not hold the session.
        patient
            Whether to come again where a page still seems to be at the former tab: a page that is loaded
            anew may come before its connection is known to be lost.

        Returns
        -------
        str
            The token of the new tab, for the tab to keep; empty where it is to come again.
        """
        training = self._training
        tabs = training.session.services.tabs
        if self._tab is None:
            self._tab = tabs.open(connected)
        if former and former != self._tab.token and not training.busy:
            if patient and tabs.occupied(former):
                return ""
            work = tabs.claim(former)
            if work is not None:
                self._take(work)
        return self._tab.token

    def note(self) -> None:
        """Put on the tab what there is to be found."""
        if self._tab is not None:
            self._tab.work = self._training.work

    def leave(self) -> bool:
        """The session ends; whether its trainings are seen to. Any thread."""
        if self._tab is None:
            return False
        if not self._tab.taken:
            self.note()
        self._training.session.services.tabs.leave(self._tab)
        return True

    def _take(self, work: TabTrainings) -> None:
        training = self._training
        session = training.session
        training.take_over(work)
        for run in work.runs:
            run.hand_over(session.errands.ring, session.token)
