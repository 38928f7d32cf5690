"""Undo in a real browser: by key and by button; what was reverted comes back."""

from __future__ import annotations

from explorer.runtime.training.slot import RunState
from tests.browser.tab import App, Tab, until


def _selected(app: App, count: int) -> None:
    until(lambda: app.session().state.selection.count == count, f"{count} selected")


def test_keys_undo_and_redo_and_say_what_they_did(tab: Tab, app: App) -> None:
    session, page = app.session(), tab.page
    tab.press_select(0)
    until(lambda: session.state.selection.count, "a selection")
    zeros = session.state.selection.count
    page.locator(".lx-legend button.toggle").nth(3).click()
    until(lambda: session.state.hidden == {3}, "a hidden class")
    page.locator(".lx-undo").wait_for()
    until(lambda: "the hidden classes" in page.locator(".lx-undo").get_attribute("aria-label"), "its name")
    page.keyboard.press("Control+z")
    until(lambda: session.state.hidden == frozenset(), "the class to be shown")
    until(lambda: "Undone: the hidden classes." in page.locator(".lx-notice").inner_text(), "the notice")
    page.keyboard.press("Control+z")
    _selected(app, 0)
    page.keyboard.press("Control+Shift+z")
    _selected(app, zeros)
    page.keyboard.press("Control+y")
    until(lambda: session.state.hidden == {3}, "the class to be hidden again")
    assert tab.problems == []


def test_in_a_field_the_keys_undo_what_was_typed(tab: Tab, app: App) -> None:
    session, page = app.session(), tab.page
    tab.press_select(0)
    until(lambda: session.state.selection.count, "a selection")
    zeros = session.state.selection.count
    tab.unfold("Combine, by expression")
    field = page.locator(".lx-expression input")
    field.click()
    page.keyboard.type("label")
    page.keyboard.press("Control+z")
    until(lambda: field.input_value() != "label", "the text to be undone")
    assert session.state.selection.count == zeros
    page.locator(".lx-undo").click()
    _selected(app, 0)


def test_what_was_reverted_stays_in_the_comparison_and_comes_back(tab: Tab, app: App) -> None:
    session, page = app.session(), tab.page
    session.settings.plan.param.update(epochs=2)
    page.locator(".lx-train").click()
    until(lambda: session.state.run and session.state.run.state is RunState.DONE, "the training")
    run = session.state.run
    page.locator(".lx-tab-compare").click()
    page.locator(".lx-compare [data-ready=true]").wait_for()
    assert page.locator(".lx-compare-bring-back").is_hidden()
    page.locator(".lx-revert button").click()
    until(lambda: session.state.run is not run, "the former model")
    page.locator(".lx-compare-bring-back").click()
    until(lambda: session.state.run is run, "the reverted model")
    page.locator(".lx-compare-bring-back").wait_for(state="hidden")
    page.keyboard.press("Control+z")
    until(lambda: session.state.run is not run, "the former model again")
    assert tab.problems == []
