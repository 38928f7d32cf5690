"""Tabs: each its own, none left behind."""

from __future__ import annotations

import os
import weakref

import psutil
import pytest
from playwright.sync_api import BrowserContext

from explorer.runtime.training.slot import RunState
from tests.browser.tab import App, Tab, until
from tests.endless import endless


def _two(context: BrowserContext, app: App) -> tuple[Tab, Tab]:
    first, second = (Tab(context.new_page()).open(app.url) for _ in range(2))
    return first, second


def _by_age(app: App) -> list[object]:
    return sorted(app.services.sessions, key=lambda session: session.token)


def test_two_tabs_have_their_own_cursors_selections_and_runs(context: BrowserContext, app: App) -> None:
    until(lambda: not app.alive(), "former sessions to end")
    first, second = _two(context, app)
    one, two = _by_age(app)
    first.page.mouse.move(*first.at(0.3, 0.3))
    until(lambda: first.frames > 0, "a frame in the first tab")
    assert second.frames == 0
    assert two.state.cursor is None
    first.press_select(2)
    until(lambda: one.state.selection.count > 0, "a selection in the first tab")
    assert two.state.selection.count == 0
    endless(one)
    first.page.locator(".lx-train").click()
    until(
        lambda: one.training.run is not None and one.training.run.snapshot.version > 0,
        "a run in the first tab",
    )
    until(
        lambda: one.state.scene.model is not two.state.scene.model, "the trained model on the first tab's map"
    )
    assert two.training.run is None
    second.page.locator(".lx-train").click()
    until(lambda: two.training.run is not None, "a run in the second tab")
    assert two.training.run.state is RunState.QUEUED
    one.training.run.stop()
    until(lambda: two.training.run.state is not RunState.QUEUED, "the second run to have its turn")
    assert first.problems == second.problems == []


def test_closing_the_tab_ends_its_training(context: BrowserContext, app: App) -> None:
    until(lambda: not app.alive(), "former sessions to end")
    tab = Tab(context.new_page()).open(app.url)
    session = app.session()
    endless(session)
    tab.page.locator(".lx-train").click()
    until(lambda: session.state.run and session.state.run.state is RunState.RUNNING, "the run")
    run = session.state.run
    del session
    tab.page.close()
    until(lambda: run.state is RunState.STOPPED, "the run to end with its tab")


@pytest.mark.timeout(1200)  # thirty pages, each in the time that one test has on a machine with other work
def test_thirty_tabs_leave_nothing_behind(context: BrowserContext, app: App) -> None:
    until(lambda: not app.alive(), "former sessions to end")
    process = psutil.Process(os.getpid())
    seen: list[weakref.ref[object]] = []
    memory: list[int] = []
    for _ in range(3):
        for visit in range(10):
            tab = Tab(context.new_page())
            if visit % 3 == 0:
                tab.open(app.url)
                tab.page.mouse.move(*tab.at(0.4, 0.5))
                until(lambda tab=tab: tab.frames > 0, "a frame")
            else:  # somebody who leaves before there is anything to see
                tab.page.goto(app.url)
                until(lambda: any(s.view.viewport is not None for s in app.services.sessions), "a look")
            seen.extend(weakref.ref(session) for session in app.services.sessions)
            tab.page.close()
            assert tab.problems == []
        until(lambda: not app.alive(), "the sessions of the closed tabs to end")
        memory.append(process.memory_info().rss)
    assert len({id(ref) for ref in seen}) >= 30
    assert all(ref() is None for ref in seen)
    # The first visits fill caches; after them ten more visits leave nothing of note.
    assert memory[-1] - memory[1] < 30 * 2**20, [m >> 20 for m in memory]
