"""The tab Samples, as a person uses it: looked through, sorted, pointed at, picked and thinned out."""

from __future__ import annotations

import pytest

from tests.browser.tab import App, Tab, until


@pytest.fixture
def opened(tab: Tab, app: App) -> Tab:
    tab.wait_for_rest(app.session())
    tab.page.get_by_role("tab", name="Samples").click()
    until(lambda: tab.page.locator(".lx-samples-grid .cell[data-index]").count(), "samples in the grid")
    return tab


def _shown(tab: Tab) -> list[int]:
    """The samples in sight, in their order."""
    return tab.page.locator(".lx-samples-grid").evaluate(
        """(grid) => [...grid.querySelectorAll(".cell:not([hidden])")].filter((cell) => cell.sample)
            .sort((a, b) => a.place - b.place).map((cell) => cell.sample.index)"""
    )


def test_all_samples_are_looked_through_and_only_those_in_sight_are_on_the_page(opened: Tab) -> None:
    grid = opened.page.locator(".lx-samples-grid")
    assert opened.text("lx-samples-count") == "1,797 samples in view"
    assert _shown(opened)[:3] == [0, 1, 2]
    grid.hover()
    opened.page.mouse.wheel(0, 100_000)
    until(lambda: 1796 in _shown(opened), "the last sample")
    assert opened.page.locator(".lx-samples-grid .cell").count() < 500


def test_a_selection_is_sorted_pointed_at_picked_and_thinned_out(opened: Tab, app: App) -> None:
    page, session = opened.page, app.session()
    opened.press_select(4)
    until(lambda: session.state.selection.count, "a selection")
    count = session.state.selection.count
    until(lambda: opened.text("lx-samples-count") == f"{count} samples selected", "the selected samples")
    page.get_by_label("Sort by").select_option("error")
    until(lambda: "by error" in opened.text("lx-samples-count"), "the order")
    page.locator(".lx-samples-direction").click()
    errors = []
    session.columns.values("error", errors.append)
    until(lambda: errors, "the errors")
    chosen = errors[0].to_numpy()[session.state.selected]
    worst = int(errors[0][session.state.selected].idxmax())
    until(lambda: _shown(opened)[:1] == [worst], "the worst first")
    assert errors[0][worst] == chosen.max()
    cell = page.locator(f'.lx-samples-grid .cell[data-index="{worst}"]')
    cell.hover()
    until(lambda: "reconstructed" in cell.get_attribute("class"), "its reconstruction")
    cell.click()
    until(lambda: session.state.picked is not None and session.state.picked.index == worst, "the pick")
    until(lambda: cell.get_attribute("aria-selected") == "true", "its mark in the grid")
    page.keyboard.press("Delete")
    until(lambda: session.state.selection.count == count - 1, "one sample less")
    until(lambda: worst not in _shown(opened), "the list without it")
    page.locator(".lx-undo").click()
    until(lambda: session.state.selection.count == count, "all of them again")


def test_the_grid_is_used_by_keyboard(opened: Tab, app: App) -> None:
    page, session = opened.page, app.session()
    page.locator('.lx-samples-grid .cell[data-index="0"]').focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    until(lambda: session.state.picked is not None and session.state.picked.index == 1, "the pick")
    page.keyboard.press("End")
    until(lambda: 1796 in _shown(opened), "the last sample")
    page.keyboard.press("Enter")
    until(lambda: session.state.picked.index == 1796, "the pick of the last")
