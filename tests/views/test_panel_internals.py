from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import panel as pn
import pytest
from bokeh.client import pull_session
from bokeh.document import Document
from panel.io import document as panel_document

from explorer.views.panel_internals import install


class Connection:
    """A browser's end, to which writing a message ends when the test says so."""

    def __init__(self) -> None:
        self._socket = self.protocol = self
        self.messages: list[str] = []
        self.writes: list[asyncio.Future[None]] = []

    def create(self, kind: str, events: list[str]) -> str:
        return "+".join(events)

    def write(self, message: str) -> list[asyncio.Future[None]]:
        self.messages.append(message)
        self.writes.append(asyncio.get_running_loop().create_future())
        return [self.writes[-1]]


@pytest.fixture(autouse=True)
def _installed() -> None:
    install()


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Connection:
    handlers = panel_document.extra_socket_handlers
    monkeypatch.setitem(handlers, Connection, lambda connection, msg: connection.write(msg))
    return Connection()


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_patch_that_comes_as_another_has_just_been_written_is_delivered(connection: Connection) -> None:
    async def play() -> None:
        document = Document()
        panel_document.schedule_write_events(document, [connection], ["first"])
        await _settle()
        assert connection.messages == ["first"]
        # The writing ends and the next patch comes in one turn of the loop, before its task can begin.
        connection.writes[-1].set_result(None)
        panel_document.schedule_write_events(document, [connection], ["second"])
        await _settle()
        assert connection.messages == ["first", "second"]
        connection.writes[-1].set_result(None)
        await _settle()
        assert document not in panel_document._WRITE_BLOCK
        assert document not in panel_document._WRITE_MSGS

    asyncio.run(play())


def test_a_busy_queue_is_written_once_and_in_order(connection: Connection) -> None:
    install()  # once more changes nothing

    async def play() -> None:
        document = Document()
        for name in "abcdef":
            panel_document.schedule_write_events(document, [connection], [name])
            if name in "be":
                await asyncio.sleep(0)
            if name == "d" and connection.writes:
                connection.writes[0].set_result(None)
        await _settle()
        for write in connection.writes:
            if not write.done():
                write.set_result(None)
        await _settle()
        assert connection.messages == list("abcdef")

    asyncio.run(play())


def test_no_message_is_held_back_until_the_one_before_was_acknowledged() -> None:
    install()  # once more changes nothing

    async def play() -> None:
        server = pn.serve(
            lambda: pn.pane.HTML("page"), port=0, address="127.0.0.1", show=False, start=False, verbose=False
        )
        server.start()
        # One thread, since what is opened on a thread's event loop is closed there.
        on_its_thread = partial(asyncio.get_running_loop().run_in_executor, ThreadPoolExecutor(1))
        client = await on_its_thread(partial(pull_session, url=f"http://127.0.0.1:{server.port}/"))
        try:
            [session] = server.get_sessions()
            [connection] = session._subscribed_connections
            stream = connection._socket.ws_connection.stream
            assert stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        finally:
            await on_its_thread(client.close)
            server.stop()

    asyncio.run(play())
