"""The token of a tab: the tab keeps it, and by it the next page finds the training of this one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ref

from bokeh.document import Document

from explorer.session import Session
from explorer.views.page.workbench import Workbench

RETRY = 500  # milliseconds until it is asked again whether the former page has gone
MOST_ATTEMPTS = 10  # after these the tab is another one, opened as a copy


class TabToken:
    """Asks the tab for the token of the former page, and gives it the token of this one."""

    def __init__(self, session: Session, workbench: Workbench, document: Document) -> None:
        self._session = session
        self._workbench = workbench
        self._document = document
        self._connected = _connected(document)
        self._attempts = 0
        self._loaded = False
        workbench.param.watch(self._on_visit, "visit")

    def join(self) -> None:
        """Begin once the page has loaded; a message sent earlier gets lost. On its own loop."""
        self._loaded = True
        self._on_visit()

    def _on_visit(self, _: Any = None) -> None:
        # An answer that is given while the property changes does not reach the browser either.
        if self._loaded and self._workbench.visit and not self._attempts:
            self._attempts = 1
            self._document.add_next_tick_callback(self._take_over)

    def _take_over(self) -> None:
        patient = self._attempts < MOST_ATTEMPTS
        workbench = self._workbench
        former = workbench.visit.removeprefix("tab:")
        token = self._session.arrive(former, self._connected, patient=patient)
        if token:
            workbench.token = token
        else:
            self._attempts += 1
            self._document.add_timeout_callback(self._take_over, RETRY)


def _connected(document: Document) -> Callable[[], bool]:
    """Return a function that tells whether a browser shows the document; it does not hold the document."""
    found = ref(document)

    def connected() -> bool:
        at = found()
        context = None if at is None else at.session_context
        session = getattr(context, "session", None)
        return session is not None and not session.destroyed and session.connection_count > 0

    return connected
