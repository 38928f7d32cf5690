"""The brush in a real browser: exact at any zoom, combined, undone, taken home."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.core.selection.brush import Box, Lasso
from tests.browser.tab import App, Tab, until


@pytest.fixture
def tab(lasting_tab: Tab, app: App) -> Tab:
    """The page as the former test left it, with every sample on the map and none selected."""
    lasting_tab.page.locator(".bk-tool-icon-reset").click()
    if app.session().state.selected is not None:
        lasting_tab.page.locator(".lx-clear").click()
        until(lambda: app.session().state.selected is None, "nothing to be selected")
    return lasting_tab


def _inside(polygon: list[tuple[float, float]], xy: np.ndarray) -> np.ndarray:
    """Even-odd rule, point by point and edge by edge."""
    inside = np.zeros(len(xy), dtype=bool)
    for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        for i, (x, y) in enumerate(xy.astype(float)):
            if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
                inside[i] = not inside[i]
    return inside


def _draw(tab: Tab, tool: str, corners: list[tuple[float, float]]) -> None:
    tab.page.locator(f".bk-tool-icon-{tool}").click()
    tab.page.mouse.move(*tab.at(*corners[0]))
    tab.page.mouse.down()
    for corner in corners[1:]:
        tab.page.mouse.move(*tab.at(*corner), steps=3)
    tab.page.mouse.up()


def _count(tab: Tab, app: App, wanted: int) -> None:
    n = len(app.session().state.scene.cloud)
    until(
        lambda: tab.text("lx-selection").startswith(f"{wanted:,} of {n:,} selected"),
        f"{wanted} selected on the page",
    )


def _unfold(tab: Tab) -> None:
    if not tab.page.locator(".lx-random").is_visible():
        tab.unfold("Combine, by expression")


def test_lasso_selects_exactly_what_lies_inside(tab: Tab, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    session = app.session()
    shapes: list[object] = []
    brush = session.selection.brush
    monkeypatch.setattr(session.selection, "brush", lambda shape: (shapes.append(shape), brush(shape)))
    _draw(tab, "lasso-select", [(0.3, 0.2), (0.7, 0.25), (0.75, 0.7), (0.5, 0.45), (0.3, 0.75)])
    until(lambda: shapes, "the end of the shape")
    vertices = [tuple(map(float, v)) for v in np.asarray(shapes[-1].vertices)]
    expected = _inside(vertices, session.state.scene.xy)
    assert 0 < expected.sum() < len(expected)
    until(lambda: np.array_equal(session.state.selected, expected), "the selection")
    _count(tab, app, int(expected.sum()))


def test_box_after_zoom_counts_points_outside_the_pixels_too(tab: Tab, app: App) -> None:
    session = app.session()
    tab.page.mouse.move(*tab.at(0.5, 0.5))
    maps = tab.maps
    tab.page.mouse.wheel(0, -200)
    until(lambda: tab.maps > maps, "the zoomed map")
    ended: list[object] = []
    brush = session.selection.brush
    session.selection.brush = lambda shape: (ended.append(shape), brush(shape))
    _draw(tab, "box-select", [(0.25, 0.25), (0.75, 0.75)])
    until(lambda: ended, "the end of the shape")
    until(lambda: np.array_equal(session.state.selected, ended[0].mask(session.state.scene.places)), "it all")
    (x0, y1), (x1, y0) = (tab.plane(*tab.at(f, f)) for f in (0.25, 0.75))
    x, y = session.state.scene.xy.T
    slack = 0.01 * (x1 - x0)
    surely = (x > x0 + slack) & (x < x1 - slack) & (y > y0 + slack) & (y < y1 - slack)
    maybe = (x > x0 - slack) & (x < x1 + slack) & (y > y0 - slack) & (y < y1 + slack)
    assert surely.sum() > 0
    assert not (surely & ~session.state.selected).any()
    assert not (session.state.selected & ~maybe).any()


def test_invert_clear_and_undo(tab: Tab, app: App) -> None:
    session = app.session()
    n = len(session.state.scene.cloud)
    tab.press_select(0)
    zeros = int((session.state.scene.cloud.labels == 0).sum())
    _count(tab, app, zeros)
    tab.page.locator(".lx-invert").click()
    _count(tab, app, n - zeros)
    tab.page.locator(".lx-clear").click()
    _count(tab, app, 0)
    tab.page.locator(".lx-undo").click()
    _count(tab, app, n - zeros)
    tab.page.locator(".lx-undo").click()
    _count(tab, app, zeros)


def test_expression_selects_and_a_bad_one_says_what_to_do(tab: Tab, app: App) -> None:
    session = app.session()
    _unfold(tab)
    box = tab.page.locator(".lx-expression input")
    box.fill('label == "3" and z1 > 0')
    box.press("Enter")
    expected = (session.state.scene.cloud.labels == 3) & (session.state.scene.cloud.mean[:, 0] > 0)
    _count(tab, app, int(expected.sum()))
    assert np.array_equal(session.state.selected, expected)
    maps = tab.maps
    box.fill("__import__('os').getcwd()")
    box.press("Enter")
    refused = tab.page.locator(".lx-expression .refused")
    refused.wait_for()
    assert "is not allowed in a selection" in refused.inner_text()
    assert np.array_equal(session.state.selected, expected), "a bad expression must lose nothing"
    assert tab.maps >= maps


def test_random_selection_and_download(tab: Tab, app: App, tmp_path: Path) -> None:
    session = app.session()
    _unfold(tab)
    tab.page.locator(".lx-random").click()
    _count(tab, app, 100)
    with tab.page.expect_download() as waiting:
        tab.page.locator(".lx-download").click()
    path = tmp_path / "selection.csv"
    waiting.value.save_as(path)
    table = pd.read_csv(path)
    assert table["index"].tolist() == np.flatnonzero(session.state.selected).tolist()
    assert {"split", "label", "z1", "z2"} <= set(table.columns)


def test_a_selection_is_seen_while_its_shape_is_drawn_and_escape_takes_it_back(tab: Tab, app: App) -> None:
    session, page = app.session(), tab.page
    tab.press_select(0)
    until(lambda: session.state.selection.count, "a selection before")
    before = session.state.selected
    page.locator(".bk-tool-icon-lasso-select").click()
    page.mouse.move(*tab.at(0.1, 0.1))
    page.mouse.down()
    for corner in ((0.9, 0.1), (0.9, 0.9)):
        page.mouse.move(*tab.at(*corner), steps=20)
    until(lambda: session.state.selected is not before, "what lies in the part that is drawn")
    half = session.state.selection.count
    page.mouse.move(*tab.at(0.1, 0.9), steps=20)
    until(lambda: session.state.selection.count > half, "what lies in more of it")
    until(lambda: f"{session.state.selection.count:,} of" in tab.text("lx-selection"), "its size on the page")
    counted = page.locator(".lx-legend .count")
    until(
        lambda: (
            sum(int(text.split(" of ")[0].replace(",", "")) for text in counted.all_inner_texts())
            == session.state.selection.count
        ),
        "the same in the legend, class by class",
    )
    page.keyboard.press("Escape")
    until(lambda: session.state.selected is before, "what was selected before")
    page.mouse.up()
    page.mouse.move(*tab.at(0.5, 0.5))
    until(lambda: tab.text("lx-selection").startswith(f"{before.sum():,} of"), "its size")
    assert session.state.selected is before


def test_all_that_a_shape_selects_on_its_way_is_undone_at_once(tab: Tab, app: App) -> None:
    session = app.session()
    tab.press_select(1)
    until(lambda: session.state.selection.count, "a selection before")
    before, ended = session.state.selected, []
    brush = session.selection.brush
    session.selection.brush = lambda shape: (ended.append(shape), brush(shape))
    _draw(tab, "box-select", [(0.2, 0.2), (0.5, 0.5), (0.8, 0.8)])
    until(lambda: ended, "the end of the shape")
    inside = ended[0].mask(session.state.scene.places)
    until(lambda: np.array_equal(session.state.selected, inside), "the selection")
    tab.page.locator(".lx-undo").click()
    until(lambda: session.state.selected is before, "what was selected before")


def _steps(tab: Tab, keys: str, times: int) -> None:
    for _ in range(times):
        tab.page.keyboard.press(keys)


def test_a_box_and_a_lasso_are_drawn_by_key(tab: Tab, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    session, page = app.session(), tab.page
    ended: list[Box | Lasso] = []
    brush = session.selection.brush
    monkeypatch.setattr(session.selection, "brush", lambda shape: (ended.append(shape), brush(shape)))
    page.mouse.move(*tab.at(0.5, 0.5))
    page.get_by_role("button", name="Skip to the map").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("b")
    _steps(tab, "Shift+ArrowLeft", 4)
    page.keyboard.press("Enter")
    _steps(tab, "Shift+ArrowRight", 7)
    _steps(tab, "Shift+ArrowUp", 7)
    until(lambda: session.state.selection.count, "what lies in the box as it grows")
    page.keyboard.press("Enter")
    until(lambda: ended, "the end of the box")
    box, view = ended[0], tab.view
    assert box.x1 - box.x0 == pytest.approx(7 * 0.05 * (view[1] - view[0]), rel=1e-6)
    inside = box.mask(session.state.scene.places)
    until(lambda: np.array_equal(session.state.selected, inside), "what lies in the box")
    page.keyboard.press("l")
    page.keyboard.press("Enter")
    for key in ("Shift+ArrowLeft", "Shift+ArrowDown"):
        _steps(tab, key, 8)
        page.keyboard.press("Enter")
    until(lambda: not np.array_equal(session.state.selected, inside), "what lies in the lasso")
    page.keyboard.press("Escape")
    until(lambda: np.array_equal(session.state.selected, inside), "the lasso to be given up")
    page.keyboard.press("Enter")  # another one, to its end
    for key in ("Shift+ArrowLeft", "Shift+ArrowDown"):
        _steps(tab, key, 8)
        page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    until(lambda: len(ended) > 1, "the end of the lasso")
    assert len(ended[1].vertices) == 3
    page.keyboard.press("m")


def test_a_press_that_is_held_begins_a_lasso_and_a_shorter_one_moves_the_map(tab: Tab, app: App) -> None:
    session, page = app.session(), tab.page
    ended: list[Lasso] = []
    brush = session.selection.brush
    session.selection.brush = lambda shape: (ended.append(shape), brush(shape))
    page.locator("[role=application]").focus()
    page.keyboard.press("m")
    page.mouse.move(*tab.at(0.2, 0.2))
    page.mouse.down()
    page.locator(".lx-map[data-stroke=lasso]").wait_for()
    before = tab.view
    for corner in ((0.8, 0.2), (0.8, 0.8), (0.2, 0.8)):
        page.mouse.move(*tab.at(*corner), steps=5)
    until(lambda: session.state.selection.count, "what lies in the part that is drawn")
    page.mouse.up()
    until(lambda: ended, "the end of the shape")
    inside = ended[0].mask(session.state.scene.places)
    until(lambda: np.array_equal(session.state.selected, inside), "what lies inside")
    assert isinstance(ended[0], Lasso)
    assert (tab.view, session.state.picked) == (before, None)
    page.mouse.move(*tab.at(0.5, 0.5))
    page.mouse.down()
    page.mouse.move(*tab.at(0.6, 0.5), steps=3)
    page.mouse.up()
    until(lambda: tab.view != before, "the map to move")
    assert np.array_equal(session.state.selected, inside)


def test_a_brush_draws_after_a_press_that_rested(tab: Tab, app: App) -> None:
    session, page = app.session(), tab.page
    page.locator(".bk-tool-icon-box-select").click()
    page.mouse.move(*tab.at(0.1, 0.1))
    page.mouse.down()
    page.evaluate("() => new Promise((done) => setTimeout(done, 400))")  # longer than Bokeh's click
    page.mouse.move(*tab.at(0.9, 0.9), steps=5)
    page.mouse.up()
    until(lambda: session.state.selection.count, "the selection")
    assert session.state.picked is None
