from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event, Semaphore, Thread

import pytest

from explorer.runtime.concurrency.worker import Newest

PATIENCE = 30.0  # seconds until a test that hangs fails; no test waits this long when it passes


@dataclass(eq=False)
class Request:
    """A request that says what to do and is kept in `served` order by the worker under test."""

    name: str
    do: Callable[[], object] = lambda: None
    done: Event = field(default_factory=Event)


class Desk:
    """A worker that can be held: it stands at the gate before each request."""

    def __init__(self) -> None:
        self.served: list[str] = []
        self.errors: list[tuple[object, str, str]] = []
        self.arrived = Semaphore(0)
        self.gate = Semaphore(0)
        self.newest: Newest[Request] = Newest(self._work, "desk", self._on_error)

    def _work(self, request: Request) -> None:
        self.arrived.release()
        assert self.gate.acquire(timeout=PATIENCE)
        self.served.append(request.name)
        try:
            request.do()
        finally:
            request.done.set()

    def _on_error(self, owner: object, request: Request, error: Exception) -> None:
        self.errors.append((owner, request.name, str(error)))

    def hold(self) -> None:
        """Have the worker take one request and stand still with it."""
        self.newest.ask("holder", Request("hold"))
        assert self.arrived.acquire(timeout=PATIENCE)

    def finish(self, last: Request) -> None:
        """Open the gate for all and wait until `last` is served."""
        self.gate.release(100)
        assert last.done.wait(PATIENCE)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.gate.release(1_000)
    desk.newest.close()


def test_only_the_newest_of_an_owner_is_served(desk: Desk) -> None:
    desk.hold()
    requests = [Request(str(number)) for number in range(50)]
    for request in requests:
        desk.newest.ask("owner", request)
    desk.finish(requests[-1])
    assert desk.served == ["hold", "49"]


def test_owners_are_served_in_turn_however_often_one_asks(desk: Desk) -> None:
    desk.hold()
    for number in range(3):
        for owner in "abc":
            desk.newest.ask(owner, Request(f"{owner}{number}"))
        for _ in range(20):
            desk.newest.ask("a", Request(f"a{number}"))
    last = Request("c9")
    desk.newest.ask("c", last)
    desk.finish(last)
    assert desk.served == ["hold", "a2", "b2", "c9"]


def test_an_owner_that_asks_again_while_served_goes_behind_the_others(desk: Desk) -> None:
    again = Request("a1")
    desk.hold()
    desk.newest.ask("a", Request("a0", do=lambda: desk.newest.ask("a", again)))
    desk.newest.ask("b", Request("b0"))
    desk.finish(again)
    assert desk.served == ["hold", "a0", "b0", "a1"]


def test_an_error_is_reported_and_the_next_request_served(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ValueError("no such place")

    last = Request("good")
    desk.hold()
    desk.newest.ask("a", Request("bad", do=fail))
    desk.newest.ask("b", last)
    desk.finish(last)
    assert desk.errors == [("a", "bad", "no such place")]
    assert desk.served == ["hold", "bad", "good"]
    assert "no such place" in caplog.text


def test_a_failing_report_does_not_end_the_thread_either(caplog: pytest.LogCaptureFixture) -> None:
    served = Event()

    def work(request: str) -> None:
        if request == "bad":
            raise ValueError("bad")
        served.set()

    def on_error(owner: object, request: str, error: Exception) -> None:
        raise RuntimeError("nobody to tell")

    newest: Newest[str] = Newest(work, "desk", on_error)
    newest.ask("a", "bad")
    newest.ask("b", "good")
    assert served.wait(PATIENCE)
    newest.close()
    assert "nobody to tell" in caplog.text


def test_forgetting_drops_what_waits_and_nothing_else(desk: Desk) -> None:
    last = Request("b")
    desk.hold()
    desk.newest.ask("a", Request("a"))
    desk.newest.ask("b", last)
    desk.newest.forget("a")
    desk.newest.forget("nobody")
    desk.finish(last)
    assert desk.served == ["hold", "b"]


def test_closing_ends_the_thread_drops_what_waits_and_may_be_repeated() -> None:
    begun, go, served = Event(), Event(), []

    def work(request: str) -> None:
        begun.set()
        assert go.wait(PATIENCE)
        served.append(request)

    newest: Newest[str] = Newest(work, "desk")
    newest.ask("a", "in hand")
    assert begun.wait(PATIENCE)
    newest.ask("b", "waiting")
    closer = Thread(target=newest.close)
    closer.start()
    # `close` has dropped what waited before the request in hand may end.
    while newest._waiting:
        pass
    go.set()
    closer.join(PATIENCE)
    assert not closer.is_alive()
    newest.close()
    newest.ask("a", "late")
    assert served == ["in hand"]
    assert not newest._thread.is_alive()


def test_the_worker_may_close_itself() -> None:
    closed = Event()

    def work(request: str) -> None:
        newest.close()
        closed.set()

    newest: Newest[str] = Newest(work, "desk")
    newest.ask("a", "close")
    assert closed.wait(PATIENCE)
    newest.close()
    assert not newest._thread.is_alive()


def test_an_idle_worker_keeps_no_request_alive() -> None:
    class Asked:
        """Something that can be watched dying."""

    collected, served = Event(), Event()
    newest: Newest[Asked] = Newest(lambda request: served.set(), "desk")
    asked = Asked()
    watch = weakref.ref(asked, lambda _: collected.set())
    newest.ask("a", asked)
    assert served.wait(PATIENCE)
    del asked
    assert collected.wait(PATIENCE)
    assert watch() is None
    newest.close()
