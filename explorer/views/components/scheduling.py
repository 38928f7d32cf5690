"""Callbacks from any thread on the loop that owns a document."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bokeh.document import Document

from explorer.views.panel_internals import is_destroyed


def document_scheduler(document: Document) -> Callable[[Callable[[], None]], object]:
    """Return a function that schedules a callback under the document's lock; any thread may call it.

    Call this on the document's own event loop.

    Notes
    -----
    The document's `add_next_tick_callback` is not safe on other threads: while the document holds its
    events, the event that registers the callback is put among them, and a thread that does so in the
    very moment in which they are taken away loses it. The callback then never runs. So only the loop,
    whose `call_soon_threadsafe` loses nothing, is asked from outside.
    """
    loop = asyncio.get_running_loop()

    def schedule(callback: Callable[[], None]) -> None:
        loop.call_soon_threadsafe(_add, document, callback)

    return schedule


def _add(document: Document, callback: Callable[[], None]) -> None:
    if not is_destroyed(document):  # as it may have been since the thread asked: its page has gone
        document.add_next_tick_callback(callback)
