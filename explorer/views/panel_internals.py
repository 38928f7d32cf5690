"""Mends how messages are delivered: all of them, and at once."""

from __future__ import annotations

from functools import wraps
from typing import Any

from bokeh.document import Document
from bokeh.server.views.ws import WSHandler
from panel.io import document as panel_document


def deliver_all() -> None:
    """Have Panel deliver every patch that it has put off. Idempotent.

    While a socket is busy Panel queues its patches, and each patch starts a task that writes the queue.
    A task that ends takes the document's mark "being written" away, and the next one, which finds no
    mark, leaves without a word. What was queued while the first was writing then lies there until
    something else is queued: a page may wait for its last patch for ever. Here a task that leaves
    something behind starts one more.
    """
    write = panel_document._dispatch_msgs
    if hasattr(write, "__wrapped__"):
        return

    @wraps(write)
    async def write_all(document: Document) -> None:
        await write(document)
        if document in panel_document._WRITE_MSGS and document not in panel_document._WRITE_BLOCK:
            panel_document._WRITE_BLOCK[document] = True
            panel_document._dispatch_write_task(document, write_all, document)

    panel_document._dispatch_msgs = write_all


def deliver_at_once() -> None:
    """Have every WebSocket of a Bokeh server send a message when it is written. Idempotent.

    By default the system holds a small message back until the browser has acknowledged the one before, and
    the browser's system waits 40 ms before it does (Nagle's algorithm, and delayed acknowledgement). A frame
    that came right after something else was that late: one in five while a training was watched.
    """
    connect = WSHandler.open
    if connect.__module__ == __name__:
        return

    def open_at_once(handler: WSHandler, *args: Any, **named: Any) -> None:
        handler.set_nodelay(True)
        connect(handler, *args, **named)

    WSHandler.open = open_at_once
