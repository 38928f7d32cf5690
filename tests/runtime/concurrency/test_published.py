from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from threading import Barrier, Thread
from types import FrameType

import pytest

from explorer.runtime.concurrency.published import Log, Published


@pytest.fixture
def restless() -> Iterator[None]:
    """Have new threads change places at every line, so that races show.

    CPython switches threads rarely and only at some byte codes; a sleep of nothing gives way at once.
    """

    def trace(frame: FrameType, event: str, argument: object) -> Callable[..., object]:
        time.sleep(0)
        return trace

    before = threading.gettrace()
    threading.settrace(trace)
    yield
    threading.settrace(before)


def test_nothing_posted_reads_as_version_zero() -> None:
    published: Published[str] = Published()
    assert published.read() == (0, None)
    assert published.version == 0


def test_the_last_value_is_read_with_its_own_version() -> None:
    published: Published[str] = Published()
    assert [published.post(word) for word in ("a", "b", "c")] == [1, 2, 3]
    assert published.read() == (3, "c") == published.read()
    assert published.version == 3


def test_none_is_a_value_like_any_other() -> None:
    published: Published[None] = Published()
    published.post(None)
    assert published.version == 1


def test_a_reader_never_sees_one_values_version_beside_another_value() -> None:
    """Reads between every two lines of `post`, where another thread could come in."""
    published: Published[int] = Published()
    read: list[tuple[int, int | None]] = []

    def look(frame: FrameType, event: str, argument: object) -> Callable[..., object]:
        read.append(published.read())
        return look

    before = sys.gettrace()
    sys.settrace(lambda frame, *_: look if frame.f_code is Published.post.__code__ else None)
    try:
        for value in (1, 2, 3):
            published.post(value)
    finally:
        sys.settrace(before)
    assert len(read) > 10
    assert set(read) <= {(0, None), (1, 1), (2, 2), (3, 3)}


def test_writers_that_race_lose_no_version(restless: None) -> None:
    published: Published[int] = Published()
    start = Barrier(4)
    versions: list[int] = []

    def post() -> None:
        start.wait()
        versions.extend([published.post(0) for _ in range(250)])

    writers = [Thread(target=post) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(versions) == list(range(1, 1_001))


def test_a_log_gives_each_entry_exactly_once_to_a_reader_that_keeps_its_index() -> None:
    log: Log[int] = Log()
    total, seen = 2_000, []
    start = Barrier(2)

    def read() -> None:
        start.wait()
        while len(seen) < total:
            seen.extend(log.since(len(seen)))

    reader = Thread(target=read)
    reader.start()
    start.wait()
    for entry in range(total):
        log.append(entry)
    reader.join()
    assert seen == list(range(total))


def test_a_log_says_what_came_since_and_nothing_past_its_end() -> None:
    log: Log[str] = Log()
    assert log.since(0) == ()
    assert [log.append(word) for word in "abc"] == [1, 2, 3]
    assert log.since(1) == ("b", "c")
    assert log.since(3) == log.since(9) == ()
    assert log.since(-2) == ("a", "b", "c")
    assert len(log) == 3
