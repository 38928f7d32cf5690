"""Frames follow the hand: mouse, keyboard and one finger."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser

from tests.browser.tab import App, Tab, until


@pytest.fixture(scope="module")
def tab(lasting_tab: Tab) -> Tab:
    return lasting_tab


def _decoded_at(tab: Tab) -> tuple[float, float]:
    frame = tab.page.locator(".lx-frame")
    return float(frame.get_attribute("data-x") or "nan"), float(frame.get_attribute("data-y") or "nan")


def test_frames_follow_the_mouse(tab: Tab) -> None:
    frames = tab.frames
    for fx, fy in ((0.3, 0.3), (0.6, 0.4), (0.5, 0.7)):
        x, y = tab.at(fx, fy)
        tab.page.mouse.move(x, y)
        wanted = pytest.approx(tab.plane(x, y), abs=0.03)
        until(lambda wanted=wanted: _decoded_at(tab) == wanted, "the frame of this place")
    assert tab.frames >= frames + 3


def test_nothing_is_sent_while_the_cursor_rests(tab: Tab, app: App) -> None:
    frames = tab.frames
    tab.page.mouse.move(*tab.at(0.4, 0.4))
    until(lambda: tab.frames > frames, "a frame")
    shown = app.session().decoder.frame
    until(lambda: shown.read()[1].support is not None, "the neighbours, which refresh the frame once")
    made = shown.version
    tab.page.mouse.move(*tab.at(0.5, 0.5))
    until(lambda: shown.version == made + 1, "one frame for one move")
    tab.page.locator(".lx-selection").click()
    assert shown.version == made + 1


def test_frame_is_what_the_decoder_says(tab: Tab, app: App) -> None:
    frames = tab.frames
    tab.page.mouse.move(*tab.at(0.35, 0.6))
    until(lambda: tab.frames > frames, "a frame")
    session = app.session()
    until(lambda: _decoded_at(tab) == session.decoder.frame.read()[1].xy, "the newest frame on the screen")
    shown = tab.page.locator(".lx-frame").evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => !(i % 4))"
    )
    sample = session.decoder.frame.read()[1].sample[0]
    assert np.abs(np.array(shown) / 255 - sample.ravel()).max() < 0.003


def test_readout_says_where_what_and_how_supported(tab: Tab) -> None:
    tab.page.mouse.move(*tab.at(0.5, 0.5))
    until(lambda: "%" in tab.text("lx-readout"), "the support")
    text = tab.text("lx-readout")
    for word in ("position", "latent code", "support", "class", "nearest"):
        assert word in text


def test_click_picks_the_nearest_sample(tab: Tab, app: App) -> None:
    x, y = tab.at(0.45, 0.55)
    tab.page.mouse.click(x, y)
    picked = tab.page.locator(".lx-picked[data-index]")
    picked.wait_for()
    assert int(picked.get_attribute("data-index")) in near(tab, app, x, y)
    assert picked.locator("canvas").count() == 3
    assert "nats" in picked.inner_text()


def test_a_long_click_and_two_quick_ones_pick_too(tab: Tab, app: App) -> None:
    picked = tab.page.locator(".lx-picked")

    def shows(x: float, y: float) -> bool:
        return int(picked.get_attribute("data-index") or -1) in near(tab, app, x, y)

    slow, first, second = tab.at(0.4, 0.5), tab.at(0.5, 0.6), tab.at(0.6, 0.4)
    tab.page.mouse.click(*slow, delay=600)
    until(lambda: shows(*slow), "the sample under a button that was held")
    tab.page.mouse.click(*first)
    tab.page.mouse.click(*second)
    until(lambda: shows(*second), "the sample of the second of two quick clicks")
    assert tab.problems == []


def near(tab: Tab, app: App, x: float, y: float) -> list[int]:
    """The samples that are drawn nearest to these page pixels, to within what a pixel is wide."""
    distances = np.hypot(*(app.session().state.scene.xy - np.array(tab.plane(x, y))).T)
    return np.flatnonzero(distances <= distances.min() + 0.02).tolist()


def test_arrow_keys_move_the_cursor_and_enter_picks(tab: Tab, app: App) -> None:
    frames = tab.frames
    tab.page.locator(".lx-map").focus()
    tab.page.keyboard.press("ArrowRight")
    until(lambda: tab.frames > frames, "a frame for the keyboard's cursor")
    x, _ = _decoded_at(tab)
    tab.page.keyboard.press("Shift+ArrowRight")
    until(lambda: _decoded_at(tab)[0] > x, "the cursor to move right")
    tab.page.keyboard.press("Enter")
    tab.page.locator(".lx-picked[data-index]").wait_for()


@pytest.fixture
def phone(browser: Browser, app: App) -> Iterator[Tab]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    tab = Tab(context.new_page()).open(app.url)
    yield tab
    context.close()
    assert tab.problems == []


def test_one_finger_probes(phone: Tab) -> None:
    view = phone.view
    client = phone.page.context.new_cdp_session(phone.page)
    phone.page.locator(".lx-map").scroll_into_view_if_needed()
    start, end = phone.at(0.4, 0.4), phone.at(0.6, 0.5)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    touch("touchStart", start)
    for step in range(1, 6):
        touch("touchMove", tuple(a + (b - a) * step / 5 for a, b in zip(start, end, strict=True)))
    until(lambda: phone.frames > 0, "a frame under the finger")
    wanted = pytest.approx(phone.plane(*end), abs=0.1)
    until(lambda: _decoded_at(phone) == wanted, "the frame of the finger's last place")
    touch("touchEnd")
    assert phone.view == view, "probing must not move the map"


def test_narrow_screen_has_one_column(phone: Tab) -> None:
    width = phone.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    boxes = [phone.page.locator(handle).bounding_box() for handle in (".lx-map", ".lx-readout")]
    assert boxes[1]["y"] > boxes[0]["y"] + boxes[0]["height"] / 2
