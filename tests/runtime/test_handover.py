"""What a tab trains is found by the next session of that tab, by nobody else, and not for ever."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable, Iterator
from threading import Event

import pytest

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.runtime.base_models import Base, Choice
from explorer.runtime.handover import Desks, Work
from explorer.runtime.run import Job, Run, RunState
from explorer.runtime.training.slot import TrainingSlot

PATIENCE = 60.0


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return load_dataset("iris")


@pytest.fixture
def slot() -> Iterator[TrainingSlot]:
    slot = TrainingSlot("cpu")
    yield slot
    slot.close()


@pytest.fixture
def base() -> Base:
    return Base(Choice("iris"), lambda: None)


def here() -> bool:
    return True


def gone() -> bool:
    return False


@pytest.fixture
def start(slot: TrainingSlot, iris: Dataset) -> Callable[..., Run]:
    def begin(epochs: int = 1_000_000) -> Run:
        model = models.create("ae", shape=iris.shape, width=0.25)
        return slot.submit(Job(model, iris, epochs=epochs, batch_size=8), lambda: None, "somebody")

    return begin


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.005)


def test_a_token_is_long_and_of_one_desk() -> None:
    desks = Desks()
    tokens = {desks.open(gone).token for _ in range(100)}
    assert len(tokens) == 100
    assert min(len(token) for token in tokens) >= 20


def test_work_is_for_whoever_knows_the_token_once_no_page_is_at_it(
    base: Base, start: Callable[..., Run]
) -> None:
    desks, at_it = Desks(), [True]
    desk = desks.open(lambda: at_it[0])
    desk.work = Work(base, start())
    work = desk.work
    assert desks.claim("nobody's") is None
    assert desks.claim("") is None
    assert desks.occupied(desk.token)
    assert desks.claim(desk.token) is None, "its page is there: a copy of the tab takes nothing from it"
    at_it[0] = False
    assert desks.claim(desk.token) is work
    assert desks.claim(desk.token) is None, "it is claimed once"
    desks.leave(desk)
    assert not work.run.stopping, "it is another session's now"
    assert len(desks) == 0


def test_what_nobody_comes_back_for_is_stopped_after_the_grace(base: Base, start: Callable[..., Run]) -> None:
    desks = Desks(grace=0.05)
    desk = desks.open(here)
    first, second = start(), start()
    desk.work = Work(base, first, (second,))
    desks.leave(desk)
    desks.leave(desk)
    assert not first.stopping
    assert first.join(PATIENCE)
    assert second.join(PATIENCE)
    assert (first.state, second.state) == (RunState.STOPPED, RunState.STOPPED)
    assert len(desks) == 0


def test_within_the_grace_it_is_found_and_goes_on(base: Base, start: Callable[..., Run]) -> None:
    desks = Desks(grace=60.0)
    desk = desks.open(here)
    desk.work = Work(base, start())
    desks.leave(desk)
    work = desks.claim(desk.token)
    assert work is not None
    told = Event()
    work.run.hand_over(told.set, "the next")
    steps = len(work.run.steps)
    until(lambda: len(work.run.steps) > steps + 1, "it to go on")
    assert told.is_set()
    assert work.run.owner == "the next"
    assert desk._timer is not None
    assert desk._timer.finished.is_set(), "nobody is waited for any more"


def test_what_is_to_be_kept_goes_on_to_its_end_and_is_found_for_a_while(
    base: Base, start: Callable[..., Run]
) -> None:
    desks = Desks(grace=0.0, found=0.3)
    hold, kept = start(), start(epochs=3)
    desk = desks.open(here)
    desk.work = Work(base, kept, keep=True)
    desks.leave(desk)
    hold.stop()
    assert kept.join(PATIENCE)
    assert kept.state is RunState.DONE
    assert len(desks) == 1
    until(lambda: len(desks) == 0, "it to be forgotten")
    assert desks.claim(desk.token) is None


def test_what_is_kept_and_over_is_bounded_in_number(base: Base, start: Callable[..., Run]) -> None:
    desks = Desks(grace=60.0, found=60.0, most=2)
    left = []
    for _ in range(4):
        desk = desks.open(here)
        desk.work = Work(base, start(epochs=1), keep=True)
        left.append(desk)
        desks.leave(desk)
        assert desk.work.run.join(PATIENCE)
        until(lambda desk=desk: desk._timer is not None, "its end to be noticed")
    assert [desks.claim(desk.token) is None for desk in left] == [True, True, False, False]


def test_a_desk_without_work_leaves_nothing(base: Base) -> None:
    desks = Desks()
    for _ in range(10):
        desks.leave(desks.open(here))
    assert len(desks) == 0


def test_nothing_of_what_was_left_is_held_once_it_is_over(base: Base, start: Callable[..., Run]) -> None:
    desks = Desks(grace=0.0)
    desk = desks.open(here)
    desk.work = Work(base, start())
    run, its = weakref.ref(desk.work.run), weakref.ref(base)
    desks.leave(desk)
    assert run().join(PATIENCE)
    del desk, base

    def dead() -> bool:
        gc.collect()
        return run() is None

    until(dead, "the run to be let go")
    assert its() is not None, "the fixture has it"


def test_closing_waits_for_nobody(base: Base, start: Callable[..., Run]) -> None:
    desks = Desks(grace=60.0)
    desk, late = desks.open(here), desks.open(here)
    desk.work = late.work = Work(base, start())
    desks.leave(desk)
    desks.close()
    desks.leave(late)
    assert len(desks) == 0
    assert desk._timer.finished.is_set()
