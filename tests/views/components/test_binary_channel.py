"""Binary messages: their form, and a channel on which the newest wins."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from bokeh.document import Document
from hypothesis import given
from hypothesis import strategies as st
from tornado.websocket import WebSocketClosedError

from explorer.views import panel_internals
from explorer.views.components.binary_channel import BinaryChannel, pack
from explorer.views.map.latent_map import MapChannel


class Line:
    """A connection whose writes end when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.messages: list[Any] = []
        self.writes: list[asyncio.Future[None]] = []
        lock = SimpleNamespace(_block=SimpleNamespace(_value=1))
        self._socket = SimpleNamespace(write_lock=lock)
        monkeypatch.setattr(panel_internals, "dispatch_tornado", self.write)

    def write(self, connection: Any, msg: Any) -> list[asyncio.Future[None]]:
        assert connection is self
        self.messages.append(msg)
        self.writes.append(asyncio.get_running_loop().create_future())
        return [self.writes[-1]]

    async def end(self, error: Exception | None = None) -> None:
        write = self.writes[-1]
        if error is None:
            write.set_result(None)
        else:
            write.set_exception(error)
        await asyncio.sleep(0)


def _wired(line: Line) -> BinaryChannel:
    session = SimpleNamespace(_subscribed_connections={line})
    document = SimpleNamespace(session_context=SimpleNamespace(session=session))
    model = SimpleNamespace(data=SimpleNamespace(id="p1", document=document))
    return BinaryChannel(SimpleNamespace(_models={"root": (model, None)}), "pixels")


def _sent(message: Any) -> bytes:
    """Return what a document makes of a message."""
    document, component = Document(), MapChannel._data_model()
    document.add_root(component)
    message.content["events"][0]["model"]["id"] = component.id
    document.apply_json_patch(message.payload)
    return component.pixels


@pytest.mark.parametrize("payload", [b"", b"frame", bytes(range(256)) * 200])
def test_a_document_reads_what_was_sent(monkeypatch: pytest.MonkeyPatch, payload: bytes) -> None:
    async def play() -> None:
        line = Line(monkeypatch)
        _wired(line).send(payload)
        assert _sent(line.messages[0]) == payload

    asyncio.run(play())


def test_on_a_slow_line_only_the_newest_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        line = Line(monkeypatch)
        wired = _wired(line)
        for payload in (b"first", b"second", b"third"):
            wired.send(payload)
        assert len(line.messages) == 1
        await line.end()
        await line.end()
        assert [_sent(message) for message in line.messages] == [b"first", b"third"]

    asyncio.run(play())


def test_what_waits_for_a_closed_tab_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        line = Line(monkeypatch)
        wired = _wired(line)
        wired.send(b"first")
        wired.send(b"second")
        await line.end(ConnectionError())
        assert len(line.messages) == 1

    asyncio.run(play())


def test_without_a_server_the_parameter_is_set() -> None:
    component = SimpleNamespace(_models={}, pixels=b"")
    BinaryChannel(component, "pixels").send(b"map")
    assert component.pixels == b"map"


def test_a_tab_that_has_just_been_closed_costs_no_other_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        line = Line(monkeypatch)
        sent = _wired(line)

        def closed(connection: Any, msg: Any) -> list[asyncio.Future[None]]:
            raise WebSocketClosedError

        monkeypatch.setattr(panel_internals, "dispatch_tornado", closed)
        sent.send(b"lost")
        monkeypatch.setattr(panel_internals, "dispatch_tornado", line.write)
        sent.send(b"arrives")
        assert [_sent(message) for message in line.messages] == [b"arrives"]

    asyncio.run(play())


HEADS = st.dictionaries(
    st.text(),
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(), st.floats(allow_nan=False, allow_infinity=False)
    ),
)


@given(HEADS, st.binary())
def test_head_and_body_come_back(head: dict[str, object], body: bytes) -> None:
    packed = pack(head, body)
    size = packed[0] + 256 * packed[1] + 65_536 * packed[2] + 16_777_216 * packed[3]
    assert json.loads(packed[4 : 4 + size].decode("ascii")) == head
    assert packed[4 + size :] == body


def test_a_number_that_no_browser_parses_is_refused() -> None:
    # JSON.parse throws on NaN, and the page would stand still without a word.
    with pytest.raises(ValueError, match="JSON"):
        pack({"error": float("nan")}, b"")
