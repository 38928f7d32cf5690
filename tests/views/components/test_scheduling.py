from __future__ import annotations

import asyncio
from threading import Thread

from bokeh.document import Document
from bokeh.server.session import ServerSession
from tornado.ioloop import IOLoop

from explorer.runtime.concurrency.wakeups import Wakeups
from explorer.views.components.scheduling import document_scheduler


def test_a_ring_from_a_thread_touches_no_event_that_the_document_holds() -> None:
    document = Document()

    async def play() -> None:
        session = ServerSession("session", document, io_loop=IOLoop.current())
        ticked = asyncio.Event()
        member = Wakeups().join(document_scheduler(document), ticked.set)

        def ring_while_it_holds() -> None:
            document.hold("combine")
            thread = Thread(target=member.ring)
            thread.start()
            thread.join()
            # What a thread adds to these while they are taken away is lost, and the tick with it.
            assert document.callbacks._held_events == []
            document.unhold()

        await session.with_document_locked(ring_while_it_holds)
        await asyncio.wait_for(ticked.wait(), 30)
        session.destroy()

    asyncio.run(play())


def test_a_document_that_has_gone_is_asked_for_nothing() -> None:
    failures: list[dict[str, object]] = []

    async def play() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: failures.append(context))
        document = Document()
        session = ServerSession("session", document, io_loop=IOLoop.current())
        schedule = document_scheduler(document)
        schedule(lambda: None)  # the session ends before the loop comes to it
        session.destroy()
        handled = asyncio.Event()
        loop.call_soon(handled.set)
        await asyncio.wait_for(handled.wait(), 30)

    asyncio.run(play())
    assert failures == []
