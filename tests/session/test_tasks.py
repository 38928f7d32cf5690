"""What workers make comes back on the session's own thread, in the order in which it was made."""

from __future__ import annotations

import threading

import pytest

from explorer.core.errors import DataError
from explorer.runtime.concurrency.worker import Newest
from explorer.services import Services, Task
from explorer.session.tasks import Tasks

PATIENCE = 60.0


@pytest.fixture
def worker(services: Services) -> Newest[Task]:
    return services.extras


class Caller:
    """Errands with a bell that a test can wait for."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.bell = threading.Semaphore(0)
        self.tasks = Tasks(self.failures.append)
        self.tasks.join(self.bell.release)

    def rung(self, times: int = 1) -> None:
        for _ in range(times):
            assert self.bell.acquire(timeout=PATIENCE)


def test_a_result_waits_until_it_is_taken_over_on_the_own_thread(worker: Newest[Task]) -> None:
    caller, taken = Caller(), []
    where = []
    caller.tasks.send(
        worker,
        "sum",
        lambda: where.append(threading.get_ident()) or 7,
        lambda result: taken.append((result, threading.get_ident())),
    )
    caller.rung()
    assert taken == []
    caller.tasks.take_over()
    assert taken == [(7, threading.get_ident())]
    assert where != [threading.get_ident()]
    caller.tasks.take_over()
    assert len(taken) == 1


def test_a_newer_errand_of_one_name_replaces_what_has_not_begun(worker: Newest[Task]) -> None:
    caller, other, done = Caller(), Caller(), []
    begun, go_on = threading.Event(), threading.Event()
    other.tasks.send(worker, "long", lambda: begun.set() or go_on.wait(PATIENCE), done.append)
    assert begun.wait(PATIENCE)
    for number in range(3):
        caller.tasks.send(worker, "same", lambda number=number: number, done.append)
    caller.tasks.send(worker, "another", lambda: "another", done.append)
    go_on.set()
    caller.rung(2)
    caller.tasks.take_over()
    assert done == [2, "another"]


def test_a_failure_becomes_a_sentence_on_the_own_thread(
    worker: Newest[Task], caplog: pytest.LogCaptureFixture
) -> None:
    caller = Caller()

    def refuse() -> None:
        raise DataError("the file is empty; give another.")

    def break_down() -> None:
        raise ZeroDivisionError("a detail for the log")

    for name, work in (("shown", refuse), ("defect", break_down)):
        caller.tasks.send(worker, name, work, pytest.fail)
        caller.rung()
        assert len(caller.failures) == (name == "defect")
        caller.tasks.take_over()
    assert caller.failures == [
        "the file is empty; give another.",
        "Something failed unexpectedly (ZeroDivisionError); the log has the details.",
    ]
    assert "a detail for the log" in caplog.text


def test_after_the_end_no_bell_rings_and_nothing_waits(worker: Newest[Task]) -> None:
    caller, other, done = Caller(), Caller(), []
    begun, go_on = threading.Event(), threading.Event()
    caller.tasks.send(worker, "in hand", lambda: begun.set() or go_on.wait(PATIENCE), done.append)
    assert begun.wait(PATIENCE)
    caller.tasks.send(worker, "waiting", lambda: done.append("began"), done.append)
    caller.tasks.close()
    caller.tasks.close()
    go_on.set()
    other.tasks.send(worker, "after", lambda: None, lambda _: None)
    other.rung()  # by then the worker is past both
    assert done == []
    assert not caller.bell.acquire(blocking=False)
    assert caller.tasks.token != other.tasks.token
