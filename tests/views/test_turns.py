from __future__ import annotations

import asyncio
import sys
from threading import Event, Thread

from bokeh.document import Document
from bokeh.models import Div
from bokeh.server.session import ServerSession
from tornado.ioloop import IOLoop

from explorer.runtime.wakeups import Wakeups
from explorer.views.turns import turns


def test_no_ring_is_lost_while_the_document_holds_its_events() -> None:
    document = Document()
    many = [Div() for _ in range(20)]
    for model in many:
        document.add_root(model)
    ticked, done = Event(), Event()
    lost: list[int] = []

    def ring(member: object) -> None:
        for i in range(400):
            ticked.clear()
            member.ring()
            if not ticked.wait(5):
                lost.append(i)
                break
        done.set()

    def change_all() -> None:
        document.hold("combine")
        for model in many:
            model.text += "."
        document.unhold()

    async def busy() -> None:
        session = ServerSession("session", document, io_loop=IOLoop.current())
        member = Wakeups().join(turns(document), ticked.set)
        thread = Thread(target=ring, args=[member])
        thread.start()
        while not done.is_set():
            await session.with_document_locked(change_all)
            await asyncio.sleep(0)
        thread.join()
        session.destroy()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns at every other step
    try:
        asyncio.run(busy())
    finally:
        sys.setswitchinterval(interval)
    assert lost == []
