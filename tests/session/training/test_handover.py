"""A tab that comes again finds its own training, and only its own."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

from explorer.runtime.base import Choice
from explorer.runtime.run import Run, RunState
from explorer.services import Services
from tests.endless import endless
from tests.session.tab import PATIENCE, Tab


class Page:
    """A tab with a page that can come and go, as a browser's does."""

    def __init__(self, tab: Tab, former: str = "") -> None:
        self.tab = tab
        self.there = [True]
        self.former = former
        self.token = ""

    def arrive(self, *, patient: bool = True) -> str:
        there = self.there
        self.token = self.tab.session.arrive(self.former, lambda: there[0], patient=patient)
        return self.token

    def train(self) -> Run:
        training = self.tab.session.training
        endless(self.tab.session, batch_size=4)
        training.start()
        self.tab.until(lambda: training.run.snapshot.version > 0, "the run to show something")
        return training.run


@pytest.fixture
def page(opened: Callable[..., Tab]) -> Callable[..., Page]:
    def open_page(former: str = "", base: object = None) -> Page:
        return Page(opened(base).rest(), former)

    return open_page


@pytest.fixture(autouse=True)
def _end(services: Services) -> Iterator[None]:
    yield
    for run in services.slot.queue:
        run.stop()
        assert run.join(PATIENCE)


def test_a_page_that_is_loaded_anew_has_its_run_and_its_map(page: Callable[..., Page]) -> None:
    before = page()
    token = before.arrive()
    run = before.train()
    before.there[0] = False  # the connection is lost; the session is still there
    after = page(token)
    training = after.tab.session.training
    assert training.run is None
    assert after.arrive() not in ("", token)
    assert training.run is run
    scene = after.tab.session.state.scene
    after.tab.until(lambda: after.tab.session.state.scene is not scene, "the map to follow the run")
    before.tab.close()
    assert not run.stopping, "it is the new page's"
    steps = len(run.steps)
    after.tab.until(lambda: len(run.steps) > steps, "it to go on")
    training.stop()
    assert run.join(PATIENCE)
    last = run.snapshot.read()[1]
    after.tab.until(lambda: after.tab.session.state.scene.model is last.model, "the last epoch")
    training.revert()
    after.tab.until(lambda: after.tab.session.state.scene.model is run.job.model, "the model before")


def test_after_its_session_has_gone_too(services: Services, page: Callable[..., Page]) -> None:
    before = page()
    token, run = before.arrive(), before.train()
    before.tab.session.train()
    waiting = before.tab.session.training.queued
    before.tab.close()
    assert len(services.tabs) == 1
    after = page(token)
    after.arrive()
    training = after.tab.session.training
    assert (training.run, training.queued) == (run, waiting)
    assert (run.state, waiting[0].state) == (RunState.RUNNING, RunState.QUEUED)
    training.move(waiting[0], 1)
    waiting[0].stop()
    after.tab.until(lambda: not training.queued, "the cancelled one to go")


def test_a_run_that_waits_is_found_with_what_it_starts_from_on_the_map(
    opened: Callable[..., Tab], page: Callable[..., Page]
) -> None:
    hold, before = page(), page()
    token = before.arrive()
    hold.train()
    model = before.tab.session.state.scene.model
    before.tab.session.train()
    run = before.tab.session.state.run
    before.there[0] = False
    tab = Tab(before.tab.services, before.tab.services.bases.get(Choice("iris", model="ae")))
    after = Page(tab, token)
    after.arrive()  # before it has shown anything
    tab.rest()
    assert tab.session.state.run is run
    assert run.state is RunState.QUEUED
    assert tab.session.state.scene.model is model
    tab.close()


def test_a_model_on_its_way_is_found_and_comes_on_the_map(page: Callable[..., Page]) -> None:
    before = page()
    token, session = before.arrive(), before.tab.session
    former = session.state.scene.model
    endless(session, batch_size=4)
    session.draft.latent = 3
    session.model_choice.apply()
    before.tab.until(lambda: session.model_choice.coming, "its training")
    run = session.model_choice.coming
    before.there[0] = False
    after = page(token)
    after.arrive()
    assert after.tab.session.state.run is run
    after.tab.until(lambda: after.tab.session.state.scene.model.latent == 3, "the new model")
    before.tab.close()
    assert not run.stopping
    after.tab.session.revert()
    after.tab.until(lambda: after.tab.session.state.scene.model is former, "the model before")


def test_nobody_else_gets_it(page: Callable[..., Page]) -> None:
    one = page()
    token, run = one.arrive(), one.train()
    copy, guess, new = page(token), page("x" * 22), page()
    assert copy.arrive() == "", "a page is there: it comes again later"
    assert copy.arrive(patient=False) not in ("", token), "in the end it is a tab of its own"
    assert guess.arrive()
    assert new.arrive()
    for other in (copy, guess, new):
        assert other.tab.session.state.run is None
    assert one.tab.session.state.run is run
    assert len({one.token, copy.token, guess.token, new.token}) == 4


def test_who_trains_already_takes_nothing_over(page: Callable[..., Page]) -> None:
    before = page()
    token, run = before.arrive(), before.train()
    before.there[0] = False
    after = page(token)
    after.tab.session.train()
    own = after.tab.session.state.run
    after.arrive()
    assert after.tab.session.state.run is own
    before.tab.close()
    run.stop()


def test_a_closed_page_stops_its_training_unless_it_is_to_be_kept(
    services: Services, page: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.tabs, "_grace", 0.0)
    stopped = page()
    stopped.arrive()
    run = stopped.train()
    stopped.tab.close()
    assert run.join(PATIENCE)
    assert run.state is RunState.STOPPED
    assert services.store.find(run.kept).state.value == "stopped"
    kept = page()
    kept.arrive()
    kept.tab.session.settings.keep = True
    run = kept.train()
    kept.tab.close()
    steps = len(run.steps)
    again = page(kept.token)
    again.arrive()
    assert again.tab.session.state.run is run
    assert again.tab.session.settings.keep
    again.tab.until(lambda: len(run.steps) > steps, "it to go on")


def test_a_session_without_a_tab_ends_its_trainings_at_once(page: Callable[..., Page]) -> None:
    plain = page()
    run = plain.train()
    plain.tab.close()
    assert run.join(PATIENCE)
    assert run.state is RunState.STOPPED


def test_a_session_that_has_left_its_work_is_let_go(services: Services, page: Callable[..., Page]) -> None:
    tab = Tab(services, services.bases.get(Choice("iris", model="ae"))).rest()
    left = Page(tab)
    left.arrive()
    left.train()
    tab.close()
    gone = weakref.ref(tab.session)
    assert len(services.tabs) >= 1
    del tab, left
    end = time.monotonic() + PATIENCE
    while gone() is not None and time.monotonic() < end:  # a worker ends what it has in hand first
        gc.collect()
    assert gone() is None
