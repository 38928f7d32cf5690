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
from explorer.runtime.base import Base, Choice
from explorer.runtime.handover import Tabs, TabTrainings
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
    tabs = Tabs()
    tokens = {tabs.open(gone).token for _ in range(100)}
    assert len(tokens) == 100
    assert min(len(token) for token in tokens) >= 20


def test_work_is_for_whoever_knows_the_token_once_no_page_is_at_it(
    base: Base, start: Callable[..., Run]
) -> None:
    tabs, at_it = Tabs(), [True]
    tab = tabs.open(lambda: at_it[0])
    tab.work = TabTrainings(base, start())
    work = tab.work
    assert tabs.claim("nobody's") is None
    assert tabs.claim("") is None
    assert tabs.occupied(tab.token)
    assert tabs.claim(tab.token) is None, "its page is there: a copy of the tab takes nothing from it"
    at_it[0] = False
    assert tabs.claim(tab.token) is work
    assert tabs.claim(tab.token) is None, "it is claimed once"
    tabs.leave(tab)
    assert not work.run.stopping, "it is another session's now"
    assert len(tabs) == 0


def test_what_nobody_comes_back_for_is_stopped_after_the_grace(base: Base, start: Callable[..., Run]) -> None:
    tabs = Tabs(grace=0.05)
    tab = tabs.open(here)
    first, second = start(), start()
    tab.work = TabTrainings(base, first, (second,))
    tabs.leave(tab)
    tabs.leave(tab)
    assert not first.stopping
    assert first.join(PATIENCE)
    assert second.join(PATIENCE)
    assert (first.state, second.state) == (RunState.STOPPED, RunState.STOPPED)
    assert len(tabs) == 0


def test_within_the_grace_it_is_found_and_goes_on(base: Base, start: Callable[..., Run]) -> None:
    tabs = Tabs(grace=60.0)
    tab = tabs.open(here)
    tab.work = TabTrainings(base, start())
    tabs.leave(tab)
    work = tabs.claim(tab.token)
    assert work is not None
    told = Event()
    work.run.hand_over(told.set, "the next")
    steps = len(work.run.steps)
    until(lambda: len(work.run.steps) > steps + 1, "it to go on")
    assert told.is_set()
    assert work.run.owner == "the next"
    assert tab._timer is not None
    assert tab._timer.finished.is_set(), "nobody is waited for any more"


def test_what_is_to_be_kept_goes_on_to_its_end_and_is_found_for_a_while(
    base: Base, start: Callable[..., Run]
) -> None:
    tabs = Tabs(grace=0.0, found=0.3)
    hold, kept = start(), start(epochs=3)
    tab = tabs.open(here)
    tab.work = TabTrainings(base, kept, keep=True)
    tabs.leave(tab)
    hold.stop()
    assert kept.join(PATIENCE)
    assert kept.state is RunState.DONE
    assert len(tabs) == 1
    until(lambda: len(tabs) == 0, "it to be forgotten")
    assert tabs.claim(tab.token) is None


def test_what_is_kept_and_over_is_bounded_in_number(base: Base, start: Callable[..., Run]) -> None:
    tabs = Tabs(grace=60.0, found=60.0, most=2)
    left = []
    for _ in range(4):
        tab = tabs.open(here)
        tab.work = TabTrainings(base, start(epochs=1), keep=True)
        left.append(tab)
        tabs.leave(tab)
        assert tab.work.run.join(PATIENCE)
        until(lambda tab=tab: tab._timer is not None, "its end to be noticed")
    assert [tabs.claim(tab.token) is None for tab in left] == [True, True, False, False]


def test_a_desk_without_work_leaves_nothing(base: Base) -> None:
    tabs = Tabs()
    for _ in range(10):
        tabs.leave(tabs.open(here))
    assert len(tabs) == 0


def test_nothing_of_what_was_left_is_held_once_it_is_over(base: Base, start: Callable[..., Run]) -> None:
    tabs = Tabs(grace=0.0)
    tab = tabs.open(here)
    tab.work = TabTrainings(base, start())
    run, its = weakref.ref(tab.work.run), weakref.ref(base)
    tabs.leave(tab)
    assert run().join(PATIENCE)
    del tab, base

    def dead() -> bool:
        gc.collect()
        return run() is None

    until(dead, "the run to be let go")
    assert its() is not None, "the fixture has it"


def test_closing_waits_for_nobody(base: Base, start: Callable[..., Run]) -> None:
    tabs = Tabs(grace=60.0)
    tab, late = tabs.open(here), tabs.open(here)
    tab.work = late.work = TabTrainings(base, start())
    tabs.leave(tab)
    tabs.close()
    tabs.leave(late)
    assert len(tabs) == 0
    assert tab._timer.finished.is_set()
