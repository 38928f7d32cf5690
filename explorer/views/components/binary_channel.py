"""Sends the bytes of one property to the browser, past the bookkeeping of a whole document."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from bokeh.core.serialization import Buffer
from bokeh.protocol.messages.patch_doc import patch_doc
from panel.custom import JSComponent
from panel.io.document import dispatch_tornado
from tornado.websocket import WebSocketClosedError

# Below this a payload travels inside the message as base64: two pieces of a message fewer.
_INLINE = 8192


class Wire:
    """Gives payloads to one property of a component in its browser; on a slow line the newest wins.

    A patch by way of the parameter looks at every model of the document, twice, to write down one
    property; what is sent sixty times a second is not worth that. The parameter keeps its own value.
    Where there is no Bokeh server (a notebook's cell), the parameter is set.

    Parameters
    ----------
    component, name
        The component, and its property of type bytes.
    """

    def __init__(self, component: JSComponent, name: str) -> None:
        self._component = component
        self._name = name
        self._writing = 0
        self._waiting: bytes | None = None

    def send(self, payload: bytes) -> None:
        """Send it, or have it wait until the former one has left. On the document's own loop."""
        models = [model.data for model, _ in self._component._models.values()]
        sessions = [_session(model) for model in models]
        if not models or None in sessions:
            setattr(self._component, self._name, payload)
        elif self._writing:
            self._waiting = payload
        else:
            for model, session in zip(models, sessions, strict=True):
                message = _patch(model.id, self._name, payload)
                for connection in session._subscribed_connections:
                    self._write(connection, message)

    def _write(self, connection: Any, message: patch_doc) -> None:
        socket = connection._socket
        if socket.write_lock._block._value == 0:  # another message is half written: after it
            writes = [asyncio.ensure_future(socket.send_message(message))]
        else:
            try:
                writes = dispatch_tornado(connection, msg=message)
            except WebSocketClosedError:
                return  # the tab was closed; its session ends by itself
        self._writing += len(writes)
        for write in writes:
            write.add_done_callback(self._written)

    def _written(self, write: asyncio.Future[None]) -> None:
        self._writing -= 1
        if write.cancelled() or write.exception() is not None:
            self._waiting = None  # the tab was closed; its session ends by itself
        elif not self._writing and self._waiting is not None:
            payload, self._waiting = self._waiting, None
            self.send(payload)


def _session(model: Any) -> Any:
    context = model.document and model.document.session_context
    return context and context.session


def _patch(model: str, name: str, payload: bytes) -> patch_doc:
    buffer = Buffer(uuid4().hex, payload)
    inline = len(payload) <= _INLINE
    new = {"type": "bytes", "data": buffer.to_base64() if inline else buffer.ref}
    event = {"kind": "ModelChanged", "model": {"id": model}, "attr": name, "new": new}
    message = patch_doc(patch_doc.create_header(), {}, {"events": [event]})
    if not inline:
        message.add_buffer(buffer)
    return message
