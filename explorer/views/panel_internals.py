"""Private parts of Panel, Bokeh, Tornado and Param: everything here uses names that they may change.

Each says where upstream it was seen: Panel 1.9.4, Bokeh 3.9.2, Tornado 6.6.1, Param 2.4.2. No other module
touches such names; a test sees to that. Nothing is changed by an import: `install` is called by the
composition of a page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import wraps
from typing import Any

import panel as pn
from bokeh.document import Document
from bokeh.model import Model
from bokeh.protocol.messages.patch_doc import patch_doc
from bokeh.server.views.ws import WSHandler
from panel.custom import JSComponent
from panel.io import document as panel_document
from panel.io.document import dispatch_tornado
from panel.util import edit_readonly

# -- delivery of messages -----------------------------------------------------------------------------


def install() -> None:
    """Mend how a server delivers messages: all of them, and at once. Idempotent."""
    deliver_all()
    deliver_at_once()


def deliver_all() -> None:
    """Make Panel deliver every patch that it has put off. Idempotent.

    While a socket is busy Panel queues its patches, and each patch starts a task that writes the queue.
    A task that ends takes the document's mark "being written" away, and the next one, which finds no
    mark, returns without writing. What was queued while the first was writing then lies there until
    something else is queued: a page may wait for its last patch for ever. Here a task that leaves
    something behind starts one more.

    Notes
    -----
    Panel 1.9.4: `_dispatch_msgs`, `_dispatch_write_task`, `_WRITE_MSGS` and `_WRITE_BLOCK` of
    https://github.com/holoviz/panel/blob/v1.9.4/panel/io/document.py
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
    """Make every WebSocket of a Bokeh server send a message when it is written. Idempotent.

    By default the system holds a small message back until the browser has acknowledged the one before, and
    the browser's system waits 40 ms before it does (Nagle's algorithm, and delayed acknowledgement). A frame
    that came right after something else was that late: one in five while a training was watched.

    Notes
    -----
    Bokeh 3.9.2: `WSHandler.open` is replaced, which is public but not meant for that, of
    https://github.com/bokeh/bokeh/blob/3.9.2/src/bokeh/server/views/ws.py
    """
    connect = WSHandler.open
    if connect.__module__ == __name__:
        return

    def open_at_once(handler: WSHandler, *args: Any, **named: Any) -> None:
        handler.set_nodelay(True)
        connect(handler, *args, **named)

    WSHandler.open = open_at_once  # type: ignore[method-assign]  # to replace it is what this is for


# -- a message past the bookkeeping of a document -----------------------------------------------------


def rendered_models(component: JSComponent) -> list[Model]:
    """Return the data models of a component, one for each document that it was rendered in.

    Notes
    -----
    Panel 1.9.4: `Renderable._models` of
    https://github.com/holoviz/panel/blob/v1.9.4/panel/viewable.py
    """
    return [model.data for model, _ in component._models.values()]


def connections(model: Model) -> list[Any] | None:
    """Return the connections of the server's session that shows a model; None where there is no server.

    Notes
    -----
    Bokeh 3.9.2: `ServerSession._subscribed_connections` of
    https://github.com/bokeh/bokeh/blob/3.9.2/src/bokeh/server/session.py
    """
    context = model.document and model.document.session_context
    session = getattr(context, "session", None)
    return list(session._subscribed_connections) if session else None


def write(connection: Any, message: patch_doc) -> Sequence[asyncio.Future[None]]:
    """Begin to write a message to a connection, after the one that is half written, if there is one.

    Raises
    ------
    tornado.websocket.WebSocketClosedError
        Where the tab was closed.

    Notes
    -----
    Bokeh 3.9.2: `ServerConnection._socket` and the `write_lock` of its `WSHandler`, of
    https://github.com/bokeh/bokeh/blob/3.9.2/src/bokeh/server/connection.py and `views/ws.py` beside it.
    Tornado 6.6.1: `Lock._block._value`, 0 while the lock is held, of
    https://github.com/tornadoweb/tornado/blob/v6.6.1/tornado/locks.py
    Panel 1.9.4: `dispatch_tornado`, which takes no lock, of `panel/io/document.py`.
    """
    socket = connection._socket
    if socket.write_lock._block._value == 0:
        return [asyncio.ensure_future(socket.send_message(message))]
    return dispatch_tornado(connection, msg=message)


# -- components that update with less work ------------------------------------------------------------


class MarksOwnData:
    """A component that looks for unmarked data models only among its own, after each change.

    After every change Panel looks through all that a component refers to for data models which do not yet
    bear the mark of their page. Below a component that holds plots these are hundreds of models, and it
    takes more than the change (20 ms; a training beside it waits). What is held marks itself when it is
    made.

    Notes
    -----
    Panel 1.9.4: `_patch_datamodel_ref` of
    https://github.com/holoviz/panel/blob/v1.9.4/panel/reactive.py
    """

    @classmethod
    def _patch_datamodel_ref(cls, props: Any, ref: str) -> None:
        mark = f"__ref:{ref}"
        if mark not in props.tags:
            props.tags.append(mark)


class TextPane(pn.pane.HTML):
    """HTML that sends its text when that changes, and no other property.

    In a notebook style sheets ask the web, and to find out takes 8 ms, in which a training waits.

    Notes
    -----
    Panel 1.9.4: `_update` and `_transform_object` of
    https://github.com/holoviz/panel/blob/v1.9.4/panel/pane/markup.py
    """

    def _update(self, ref: str, model: Any) -> None:
        model.text = self._transform_object(self.object)["object"]


# -- the end of a session -----------------------------------------------------------------------------


def is_destroyed(document: Document) -> bool:
    """Return True once the session of a document has ended, after which it takes no callback.

    Notes
    -----
    Bokeh 3.9.2: `DocumentCallbackManager.destroy` removes `_change_callbacks`, of
    https://github.com/bokeh/bokeh/blob/3.9.2/src/bokeh/document/callbacks.py
    """
    return not hasattr(document.callbacks, "_change_callbacks")


def release_plots(pane: pn.pane.HoloViews) -> None:
    """Release the plots of a pane. Idempotent.

    HoloViews keeps the callbacks of every plot in a dictionary of the class until `cleanup` is called.

    Notes
    -----
    Panel 1.9.4: `HoloViews._plots` of
    https://github.com/holoviz/panel/blob/v1.9.4/panel/pane/holoviews.py
    """
    for plot, _ in tuple(pane._plots.values()):
        plot.cleanup()
    pane._plots.clear()


def unfollow_busy(page: Any) -> None:
    """Make a page no longer follow `state.busy`.

    HoloViews turns it on and off at each move of the pointer: two walks over all models, and two
    messages, for an indicator that is not shown. And the process-wide state holds all that follow it, so
    that no page, and no session, would ever be collected.

    Notes
    -----
    Param 2.4.2: `_param__private.ref_watchers` of
    https://github.com/holoviz/param/blob/v2.4.2/param/parameterized.py
    """
    for _, watcher in page._param__private.ref_watchers:
        if watcher.inst is pn.state:
            pn.state.param.unwatch(watcher)
    with edit_readonly(page):
        page.busy = False
