from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from threading import Barrier, Thread

import pytest

from explorer.runtime.concurrency.wakeups import Wakeups


class Loop:
    """A loop run by hand: callbacks wait here until the test turns it."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def schedule(self, callback: Callable[[], None]) -> None:
        self.waiting.append(callback)

    def turn(self) -> int:
        waiting, self.waiting = self.waiting, []
        for callback in waiting:
            callback()
        return len(waiting)


class Counter:
    def __init__(self) -> None:
        self.ticks = 0

    def tick(self) -> None:
        self.ticks += 1


def test_a_ring_schedules_and_does_not_call() -> None:
    loop, counter, wakeups = Loop(), Counter(), Wakeups()
    member = wakeups.join(loop.schedule, counter.tick)
    member.ring()
    assert counter.ticks == 0
    assert loop.turn() == 1
    assert counter.ticks == 1


def test_a_burst_is_one_tick_and_the_next_ring_another() -> None:
    loop, counter, wakeups = Loop(), Counter(), Wakeups()
    member = wakeups.join(loop.schedule, counter.tick)
    for _ in range(100):
        member.ring()
    assert loop.turn() == 1
    member.ring()
    assert loop.turn() == 1
    assert counter.ticks == 2


def test_a_ring_during_the_body_schedules_one_more_tick() -> None:
    loop, wakeups, ticks = Loop(), Wakeups(), []

    def tick() -> None:
        ticks.append(len(ticks))
        if len(ticks) == 1:
            member.ring()
            member.ring()

    member = wakeups.join(loop.schedule, tick)
    member.ring()
    assert [loop.turn(), loop.turn(), loop.turn()] == [1, 1, 0]
    assert ticks == [0, 1]


def test_what_was_posted_before_a_ring_is_always_seen_by_a_later_tick() -> None:
    """A thread posts and rings while the loop turns: the last tick has seen the last post."""
    loop, wakeups, seen, posted = Loop(), Wakeups(), [0], [0]
    member = wakeups.join(loop.schedule, lambda: seen.append(posted[0]))
    rounds, start = 20_000, Barrier(2)

    def post() -> None:
        start.wait()
        for value in range(1, rounds + 1):
            posted[0] = value
            member.ring()

    writer = Thread(target=post)
    writer.start()
    start.wait()
    while writer.is_alive():
        # One callback at a time: replacing the list here would race with the thread that appends.
        if loop.waiting:
            loop.waiting.pop(0)()
    writer.join()
    loop.turn()
    assert seen[-1] == rounds


def test_ringing_the_house_rings_every_member_once_in_the_order_of_joining() -> None:
    loop, wakeups, order = Loop(), Wakeups(), []
    for name in "abc":
        wakeups.join(loop.schedule, lambda name=name: order.append(name))
    wakeups.ring()
    wakeups.ring()
    loop.turn()
    assert order == ["a", "b", "c"]


def test_who_has_left_is_never_called_even_where_a_tick_was_pending() -> None:
    loop, counter, wakeups = Loop(), Counter(), Wakeups()
    member = wakeups.join(loop.schedule, counter.tick)
    member.ring()
    member.leave()
    member.leave()
    loop.turn()
    member.ring()
    wakeups.ring()
    assert loop.turn() == 0
    assert counter.ticks == 0
    assert len(wakeups) == 0


def test_a_member_may_leave_and_another_join_during_a_tick() -> None:
    loop, wakeups, counter = Loop(), Wakeups(), Counter()

    def tick() -> None:
        member.leave()
        wakeups.join(loop.schedule, counter.tick)

    member = wakeups.join(loop.schedule, tick)
    wakeups.ring()
    loop.turn()
    wakeups.ring()
    assert loop.turn() == 1
    assert counter.ticks == 1
    assert len(wakeups) == 1


def test_an_owner_that_has_left_is_collected_while_its_bell_and_its_callback_are_still_held() -> None:
    loop, wakeups, owner = Loop(), Wakeups(), Counter()
    member = wakeups.join(loop.schedule, owner.tick)
    member.ring()
    alive = weakref.ref(owner)
    member.leave()
    del owner
    gc.collect()
    assert alive() is None
    assert loop.turn() == 1


def test_a_tick_that_raises_can_be_rung_again() -> None:
    loop, wakeups, ticks = Loop(), Wakeups(), []

    def tick() -> None:
        ticks.append(1)
        raise ValueError("a view broke")

    member = wakeups.join(loop.schedule, tick)
    for _ in range(2):
        member.ring()
        with pytest.raises(ValueError, match="a view broke"):
            loop.turn()
    assert len(ticks) == 2


def test_a_document_that_refuses_stops_neither_the_caller_nor_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop, counter, wakeups, refuse = Loop(), Counter(), Wakeups(), [True]

    def schedule(callback: Callable[[], None]) -> None:
        if refuse[0]:
            raise RuntimeError("the document is gone")
        loop.schedule(callback)

    wakeups.join(schedule, counter.tick)
    wakeups.join(loop.schedule, counter.tick)
    wakeups.ring()
    assert loop.turn() == 1
    assert "could not be scheduled" in caplog.text
    refuse[0] = False
    wakeups.ring()
    assert loop.turn() == 2


def test_a_schedule_that_calls_at_once_does_not_deadlock() -> None:
    wakeups, counter = Wakeups(), Counter()
    member = wakeups.join(lambda callback: callback(), counter.tick)
    member.ring()
    member.ring()
    assert counter.ticks == 2
