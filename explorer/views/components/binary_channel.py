"""Binary messages to the browser: their form, and a channel past the bookkeeping of a whole document."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from bokeh.core.serialization import Buffer, Ref
from bokeh.core.types import ID
from bokeh.document.json import ModelChanged
from bokeh.protocol.messages.patch_doc import patch_doc
from panel.custom import JSComponent
from tornado.websocket import WebSocketClosedError

from explorer.views.panel_internals import connections, rendered_models, write

# Below this a payload travels inside the message as base64: two pieces of a message fewer.
_INLINE = 8192


def pack(head: Mapping[str, object], body: bytes) -> bytes:
    """Pack a head and raw bytes: the head's length (4 bytes, little-endian), its JSON, the bytes.

    `messages.js` unpacks them.

    Raises
    ------
    ValueError
        If the head has a number that no browser parses: JSON has no NaN and no infinity.
    """
    text = json.dumps(head, allow_nan=False).encode()
    return struct.pack("<I", len(text)) + text + body


class BinaryChannel:
    """Sends payloads to one property of a component in its browser; on a slow line the newest wins.

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
        self._writing = 0  # writes that have begun and not ended
        self._waiting: bytes | None = None

    def send(self, payload: bytes) -> None:
        """Send it, or let it wait until the former one has left. On the document's own loop."""
        models = rendered_models(self._component)
        lines = [connections(model) for model in models]
        if not models or None in lines:
            setattr(self._component, self._name, payload)
        elif self._writing:
            self._waiting = payload
        else:
            for model, line in zip(models, lines, strict=True):
                message = _patch(model.id, self._name, payload)
                for connection in line or ():
                    self._write(connection, message)

    def _write(self, connection: Any, message: patch_doc) -> None:
        try:
            writes = write(connection, message)
        except WebSocketClosedError:
            return  # the tab was closed; its session ends by itself
        self._writing += len(writes)
        for each in writes:
            each.add_done_callback(self._on_written)

    def _on_written(self, write: asyncio.Future[None]) -> None:
        self._writing -= 1
        if write.cancelled() or write.exception() is not None:
            self._waiting = None  # the tab was closed; its session ends by itself
        elif not self._writing and self._waiting is not None:
            payload, self._waiting = self._waiting, None
            self.send(payload)


def _patch(model: ID, name: str, payload: bytes) -> patch_doc:
    buffer = Buffer(ID(uuid4().hex), payload)
    inline = len(payload) <= _INLINE
    new = {"type": "bytes", "data": buffer.to_base64() if inline else buffer.ref}
    event = ModelChanged(kind="ModelChanged", model=Ref(id=model), attr=name, new=new)
    message = patch_doc(patch_doc.create_header(), {}, {"events": [event]})
    if not inline:
        message.add_buffer(buffer)
    return message
