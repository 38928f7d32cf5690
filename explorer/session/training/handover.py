"""Hand the trainings of a session over to the next session of the same browser tab."""

from __future__ import annotations

from collections.abc import Callable

from explorer.runtime.handover import Tab, Tabs, TabTrainings


class Handover:
    """Keeps the trainings of a session where the next session of its tab finds them."""

    def __init__(self, tabs: Tabs) -> None:
        self._tabs = tabs
        self._tab: Tab | None = None

    def arrive(
        self, former: str, connected: Callable[[], bool], *, patient: bool, busy: bool
    ) -> tuple[str, TabTrainings | None]:
        """Open the tab, and take over the trainings of the session before. On the session's own thread.

        Parameters
        ----------
        former
            The token that the tab was given before; empty for a new tab.
        connected
            Whether the session's page is there; it must not hold the session.
        patient
            Whether to try again where a page still seems to be connected to the former session: a page that
            is loaded anew may come before its connection is known to be lost.
        busy
            Whether this session trains already, and takes nothing over.

        Returns
        -------
        token
            For the tab to keep; empty where it is to try again.
        work
            The trainings of the session before; None where there are none.
        """
        if self._tab is None:
            self._tab = self._tabs.open(connected)
        work = None
        if former and former != self._tab.token and not busy:
            if patient and self._tabs.occupied(former):
                return "", None
            work = self._tabs.claim(former)
        return self._tab.token, work

    def note(self, work: TabTrainings | None) -> None:
        """Note what the next session would find."""
        if self._tab is not None:
            self._tab.work = work

    def leave(self, work: TabTrainings | None) -> bool:
        """Leave the tab at the session's end; return whether it sees to the trainings. Any thread."""
        if self._tab is None:
            return False
        if not self._tab.taken:
            self.note(work)
        self._tabs.leave(self._tab)
        return True
