"""Which tab a page is of: a token that the tab keeps, by which its next page finds what this one trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import ref

from bokeh.document import Document

from explorer.session import Session

if TYPE_CHECKING:
    from explorer.views.page.workbench import Workbench

RETRY = 500  # milliseconds between two looks at whether the page before has gone
MOST_ATTEMPTS = 10  # after which it is another tab, which was opened as a copy of this one


class TabToken:
    """Asks the tab for the token of the page before, and gives it that of this one."""

    def __init__(self, session: Session, workbench: Workbench, document: Document) -> None:
        self._session = session
        self._workbench = workbench
        self._document = document
        self._connected = _connected(document)
        self._attempts = 0
        self._loaded = False
        workbench.param.watch(self._on_visit, "visit")

    def join(self) -> None:
        """Begin, now that the page has loaded: what is sent to it before gets lost. On its own loop."""
        self._loaded = True
        self._on_visit()

    def _on_visit(self, _: Any = None) -> None:
        # Nor does what a component's property is answered with while it changes reach the browser.
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
    """Whether a browser is at the document, without holding it."""
    found = ref(document)

    def connected() -> bool:
        at = found()
        context = None if at is None else at.session_context
        session = getattr(context, "session", None)
        return session is not None and not session.destroyed and session.connection_count > 0

    return connected
