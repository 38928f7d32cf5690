"""The drawer's tabs, bars that are dragged, and traversals, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator

from explorer.runtime.base import Choice
from tests.browser.tab import App, Tab, at_rest, until


@pytest.fixture(scope="module")
def deep(serve: Callable[..., App]) -> App:
    """Digits under a trained VAE of ten dimensions."""
    app = serve(Choice("digits", latent=10, options=(("body", "dense"), ("width", 0.5))))
    until(lambda: at_rest(app.services.first), "the training")
    return app


@pytest.fixture(scope="module")
def lasting(browser: Browser, deep: App) -> Iterator[Tab]:
    """One page for all of these tests: a person does not load it anew either."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield Tab(context.new_page()).open(deep.url)
    context.close()


@pytest.fixture
def tab(lasting: Tab) -> Iterator[Tab]:
    yield lasting
    assert lasting.problems == []


def pixels(canvas: Locator) -> list[int]:
    return canvas.evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")


def shows(tab: Tab, sample: np.ndarray) -> bool:
    shown = np.array(pixels(tab.page.locator(".lx-axes-frame")))[::4] / 255
    return shown.shape == sample[0].ravel().shape and np.abs(shown - sample[0].ravel()).max() < 0.003


def open_axes(tab: Tab, app: App, *, pick: bool = True) -> None:
    session = app.session()
    if pick:
        tab.page.mouse.click(*tab.at(0.4, 0.5))
        until(lambda: session.state.picked is not None, "the pick")
    tab.page.locator(".lx-tab-axes").click()
    tab.page.locator(".lx-axes-frame:not([data-frames='0'])").wait_for()


def settled(tab: Tab, app: App) -> Callable[[], bool]:
    """Tell whether what is drawn is what the decoder says of the code that the session holds."""

    def drawn() -> bool:
        inspecting = app.session().latent_axes
        frame = inspecting.frame.read()[1]
        return frame.code is inspecting.code and shows(tab, frame.sample)

    return drawn


def test_the_drawer_opens_by_its_handle_and_its_tabs_by_keyboard(tab: Tab) -> None:
    page = tab.page
    handle = page.locator(".lx-drawer")
    assert handle.get_attribute("aria-expanded") == "true", "the curves of the stored run"
    handle.click()
    until(lambda: handle.get_attribute("aria-expanded") == "false", "the drawer to be closed")
    handle.click()
    page.locator(".lx-metrics canvas").first.wait_for()
    assert page.locator(".lx-axes-frame").count() == 0, "a tab is made when it is opened first"
    page.locator(".lx-tab-train").focus()
    for _ in range(2):  # past Compare
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator(".lx-axes .slider").first.wait_for()
    assert not page.locator(".lx-metrics").is_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    page.locator(".lx-cell").first.wait_for()
    assert page.locator("[role=tab][aria-selected=true]").inner_text() == "Traversals"
    handle.click()
    until(lambda: handle.get_attribute("aria-expanded") == "false", "the drawer to close")
    assert not page.locator(".lx-cell").first.is_visible()


def test_bars_begin_at_the_mean_code_and_say_so(tab: Tab, deep: App) -> None:
    open_axes(tab, deep, pick=False)
    until(lambda: "mean code" in tab.text("lx-axes-start"), "where the bars begin")
    axes = deep.session().latent_axes.axes
    assert tab.text("lx-axes-summary") == axes.sentence
    assert f"{axes.active.sum()} of 10 axes active" in axes.sentence
    order = tab.page.locator(".lx-axes .slider").evaluate_all("all => all.map(s => Number(s.dataset.axis))")
    assert order == axes.order.tolist()
    marks = tab.page.locator(".lx-axes .mark")
    assert marks.count() == (~axes.active).sum()
    assert set(marks.all_inner_texts()) <= {"inactive"}


def test_a_dragged_bar_is_decoded_under_the_hand(tab: Tab, deep: App) -> None:
    open_axes(tab, deep)
    inspecting = deep.session().latent_axes
    until(settled(tab, deep), "the picked sample's code")
    axis = int(inspecting.axes.order[0])
    bar = tab.page.locator(f".lx-axes .slider[data-axis='{axis}']")
    before, frames, began = pixels(tab.page.locator(".lx-axes-frame")), _frames(tab), inspecting.code
    box = bar.bounding_box()
    y = box["y"] + box["height"] / 2
    tab.page.mouse.move(box["x"] + 0.3 * box["width"], y)
    tab.page.mouse.down()
    for share in (0.4, 0.5, 0.6, 0.7, 0.8):
        tab.page.mouse.move(box["x"] + share * box["width"], y)
        until(lambda frames=frames: _frames(tab) > frames, "a frame while the hand drags")
        frames = _frames(tab)
    tab.page.mouse.up()
    low, high = inspecting.axes.low[axis], inspecting.axes.high[axis]
    wanted = low + 0.8 * (high - low)
    until(lambda: abs(inspecting.code[axis] - wanted) < 0.02 * (high - low), "the code to follow the hand")
    until(settled(tab, deep), "the frame of the last place")
    assert pixels(tab.page.locator(".lx-axes-frame")) != before
    assert (np.delete(inspecting.code, axis) == np.delete(began, axis)).all()
    assert float(bar.get_attribute("aria-valuenow")) == pytest.approx(inspecting.code[axis], abs=1e-3)
    bar.dblclick(position={"x": 4, "y": 8})
    until(lambda: inspecting.code[axis] == began[axis], "the axis to go back")
    tab.page.locator(".lx-axes-reset").click()
    until(lambda: inspecting.code is inspecting.start.code, "all to go back")
    until(lambda: pixels(tab.page.locator(".lx-axes-frame")) == before, "the picked sample again")


def _frames(tab: Tab) -> int:
    return int(tab.page.locator(".lx-axes-frame").get_attribute("data-frames"))


def test_bars_move_by_keyboard(tab: Tab, deep: App) -> None:
    open_axes(tab, deep)
    inspecting = deep.session().latent_axes
    until(settled(tab, deep), "the picked sample's code")
    axis, began = int(inspecting.axes.order[0]), inspecting.code
    bar = tab.page.locator(f".lx-axes .slider[data-axis='{axis}']")
    bar.focus()
    step = (inspecting.axes.high[axis] - inspecting.axes.low[axis]) / 100
    tab.page.keyboard.press("ArrowRight")
    until(lambda: abs(inspecting.code[axis] - began[axis] - step) < 1e-4, "one step to the right")
    tab.page.keyboard.press("Shift+ArrowLeft")
    until(lambda: abs(inspecting.code[axis] - began[axis] + 9 * step) < 1e-4, "ten steps to the left")
    tab.page.keyboard.press("End")
    until(lambda: abs(inspecting.code[axis] - inspecting.axes.high[axis]) < 1e-4, "the end of the range")
    until(settled(tab, deep), "its frame")
    tab.page.keyboard.press("Backspace")
    until(lambda: inspecting.code[axis] == began[axis], "where it began")


def _difference(cell: Locator, sample: np.ndarray) -> float:
    shown = np.array(pixels(cell.locator("canvas")))[::4] / 255
    return float(np.abs(shown - sample.ravel()).max())


def test_a_cell_of_the_traversals_becomes_the_code(tab: Tab, deep: App) -> None:
    open_axes(tab, deep)
    session, page = deep.session(), tab.page
    page.locator(".lx-tab-traversals").click()
    inspecting = session.latent_axes
    # Its cells may be of what was picked before, until those of this sample are there.
    until(lambda: inspecting.traversal and inspecting.traversal.start is inspecting.start, "the grid")
    grid = inspecting.traversal
    cell = page.locator(".lx-cell[data-row='1'][data-column='8']")
    until(lambda: _difference(cell, grid.samples[1, 8]) < 0.003, "its cells")
    assert page.locator(".lx-cell").count() == grid.values.size == 90
    frames = tab.frames
    cell.click()
    until(lambda: tab.frames > frames, "the cell beside the map")
    until(lambda: np.array_equal(session.latent_axes.code, grid.codes[1, 8]), "the cell's code")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    until(lambda: np.array_equal(session.latent_axes.code, grid.codes[1, 7]), "the cell to the left of it")
    page.locator(".lx-tab-axes").click()
    until(settled(tab, deep), "the cell's sample in the axes")
    axis = int(grid.axes[1])
    bar = page.locator(f".lx-axes .slider[data-axis='{axis}']")
    assert float(bar.get_attribute("aria-valuenow")) == pytest.approx(grid.values[1, 7], abs=1e-3)


def test_a_training_opens_its_charts_and_the_axes_follow_it(tab: Tab, deep: App) -> None:
    session = deep.session()
    open_axes(tab, deep, pick=False)
    axes = session.latent_axes.axes
    tab.unfold("Epochs, batch size")
    box = tab.page.locator(".lx-epochs input")
    box.fill("2")
    box.press("Enter")
    until(lambda: session.settings.plan.epochs == 2, "the plan")
    tab.page.locator(".lx-train").click()
    tab.page.locator(".lx-metrics canvas").first.wait_for()
    assert tab.page.locator(".lx-tab-train").get_attribute("aria-selected") == "true"
    tab.page.locator(".lx-tab-axes").click()
    until(lambda: session.state.run.state.over, "the end of the run")
    until(lambda: session.latent_axes.axes is not axes, "the axes of the trained model")
    until(lambda: tab.text("lx-axes-summary") == session.latent_axes.axes.sentence, "what they say")


def test_on_a_narrow_screen_bars_and_cells_fit(browser: Browser, deep: App) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    tab = Tab(context.new_page()).open(deep.url)
    open_axes(tab, deep, pick=False)
    box = tab.page.locator(".lx-axes .slider").first.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["width"] >= 80
    tab.page.locator(".lx-tab-traversals").click()
    tab.page.locator(".lx-cell").first.wait_for()
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
    assert tab.problems == []
