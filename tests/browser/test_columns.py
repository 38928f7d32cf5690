"""Ask for what is wrong: the expression's field, the ready-made selections, and the colour bar."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.core.columns.columns import values
from tests.browser.tab import App, Tab, until


@pytest.fixture
def tab(lasting_tab: Tab, app: App) -> Iterator[Tab]:
    """The page as the former test left it, coloured by label and with nothing selected."""
    session, page = app.session(), lasting_tab.page
    if session.state.selected is not None:
        page.locator(".lx-clear").click()
        until(lambda: session.state.selected is None, "nothing to be selected")
    lasting_tab.unfold("Combine, by expression")
    yield lasting_tab
    if session.state.colour_by != "label":
        lasting_tab.choose("lx-colour", "label")


def said(tab: Tab) -> str:
    return tab.page.locator(".lx-expression-message").inner_text()


def test_the_field_counts_while_one_types_and_says_what_is_wrong_below_it(tab: Tab, app: App) -> None:
    session, page = app.session(), tab.page
    box = page.locator(".lx-expression input")
    box.fill('label == "3" and z1 > 0')
    cloud = session.state.scene.cloud
    wanted = (cloud.labels == 3) & (cloud.mean[:, 0] > 0)
    until(lambda: said(tab) == f"{wanted.sum():,} would match", "the count")
    assert session.state.selected is None
    box.fill('lable == "3"')
    until(lambda: "did you mean label" in said(tab), "the hint")
    assert not page.locator(".lx-expression .refused").count()
    box.press("Enter")
    page.locator(".lx-expression .refused").wait_for()
    assert page.locator(".lx-error").is_hidden()
    assert session.state.error == ""
    box.fill('label == "3" and z1 > 0')
    box.press("Enter")
    until(lambda: session.state.selected is not None, "the selection")
    until(lambda: said(tab) == "", "the message to be gone")
    assert np.array_equal(session.state.selected, wanted)


def test_the_field_suggests_names_values_and_what_was_used_before(tab: Tab, app: App) -> None:
    page = tab.page
    box = page.locator(".lx-expression input")
    options = page.locator(".lx-suggestions li")
    box.fill("")
    box.press_sequentially("nea")
    until(lambda: options.locator(".text").all_inner_texts() == ["nearest_label"], "the name")
    box.press("ArrowDown")
    box.press("Enter")
    assert box.input_value() == "nearest_label"
    box.press_sequentially(" == ")
    until(lambda: options.count() == 8, "the values")
    options.nth(2).click()
    assert box.input_value() == 'nearest_label == "2"'
    until(lambda: options.count() == 0, "nothing more to suggest")
    box.press("Escape")
    text = 'split == "test" and z1 > 0'
    box.fill(text)
    box.press("Enter")
    until(lambda: app.session().state.selected is not None, "the selection")
    box.fill("")
    until(lambda: text in options.locator(".text").all_inner_texts(), "what was used before")
    box.press("Escape")
    until(lambda: not page.locator(".lx-suggestions").is_visible(), "the list to be closed")


def test_a_slow_column_is_computed_when_it_is_asked_for(tab: Tab, app: App, tmp_path: Path) -> None:
    session, page = app.session(), tab.page
    page.locator(".lx-another-class").click()
    until(lambda: session.state.selected is not None, "the neighbours of another class")
    scene = session.state.scene
    wanted = values(scene, "nearest_label").to_numpy() != values(scene, "label").to_numpy()
    assert np.array_equal(session.state.selected, wanted)
    page.locator(".lx-worst").click()
    until(lambda: session.state.selection.count == -(-len(wanted) // 100), "the worst hundredth")
    with page.expect_download() as waiting:
        page.locator(".lx-download").click()
    path = tmp_path / "selection.csv"
    waiting.value.save_as(path)
    table = pd.read_csv(path)
    assert {"kl", "error", "agreement", "nearest_label"} <= set(table.columns)
    assert table["error"].min() >= np.sort(values(scene, "error"))[-len(table)] - 1e-3
    page.locator(".lx-held-out").click()
    held_out = len(wanted) - scene.cloud.train
    until(lambda: session.state.selection.count == held_out, "what is held out")


def drag(tab: Tab, start: float, stop: float) -> None:
    """Press at a place of the colour bar, from 0 to 1, and move to another."""
    track = tab.page.locator(".lx-legend .track")
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    y = box["y"] + 0.7 * box["height"]
    tab.page.mouse.move(box["x"] + start * box["width"], y)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + stop * box["width"], y, steps=5)


def test_a_range_dragged_on_the_colour_bar_is_a_selection(tab: Tab, app: App) -> None:
    session, page = app.session(), tab.page
    tab.choose("lx-colour", "KL · kl")
    bars = page.locator(".lx-legend .histogram span")
    until(lambda: session.colour_range.distribution is not None, "the histogram")
    until(lambda: any(bars.evaluate_all("all => all.map((bar) => bar.offsetHeight)")), "the bars")
    drag(tab, 0.75, 0.25)
    shown = page.locator(".lx-range").inner_text()
    count = int(shown.rpartition(": ")[2].replace(",", ""))
    assert session.state.selected is None
    page.keyboard.press("Escape")
    page.mouse.up()
    assert page.locator(".lx-range").inner_text() == ""
    drag(tab, 0.75, 0.25)
    page.mouse.up()
    until(lambda: session.state.selected is not None, "the selection")
    assert session.state.selection.count == count
    kl, edges = session.state.colouring.values, session.colour_range.distribution.edges
    assert np.array_equal(session.state.selected, (kl >= edges[64]) & (kl < edges[192]))
    drag(tab, 0.5, 2.0)  # beyond the end is what the end holds: all that is greater
    page.mouse.up()
    until(lambda: np.array_equal(session.state.selected, kl >= edges[128]), "the greater half")


def test_a_bar_of_the_histogram_and_the_keyboard_select_too(tab: Tab, app: App) -> None:
    session, page = app.session(), tab.page
    tab.choose("lx-colour", "KL · kl")
    until(lambda: session.colour_range.distribution is not None, "the histogram")
    kl, edges = session.state.colouring.values, session.colour_range.distribution.edges
    track = page.locator(".lx-legend .track")
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    page.mouse.click(box["x"] + 10.5 / 32 * box["width"], box["y"] + 5)
    wanted = (kl >= edges[80]) & (kl < edges[88])
    until(lambda: np.array_equal(session.state.selected, wanted), "the bar's samples")
    track.focus()
    for key in ("ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft", "Enter"):
        page.keyboard.press(key)
    wanted = (kl >= edges[232]) & (kl < edges[248])
    until(lambda: np.array_equal(session.state.selected, wanted), "two bars by the keyboard")
    low, high = (page.locator(".lx-legend .numbers input").nth(index) for index in (0, 1))
    least, most = (round(float(value), 3) for value in np.quantile(kl, (0.5, 0.9)))
    low.fill(str(least))
    low.press("Enter")
    until(lambda: np.array_equal(session.state.selected, kl >= least), "what is greater")
    high.fill(str(most))
    high.press("Enter")
    until(lambda: np.array_equal(session.state.selected, (kl >= least) & (kl <= most)), "what lies between")
