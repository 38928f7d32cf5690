"""The map in a real browser: it shows every point, follows the wheel and the hand, and comes home."""

from __future__ import annotations

from itertools import cycle

import numpy as np
import pytest

from tests.browser.tab import App, Tab, until


@pytest.fixture(scope="module")
def tab(lasting_tab: Tab) -> Tab:
    return lasting_tab


def test_map_shows_every_point(tab: Tab, app: App) -> None:
    n = len(app.session().state.scene.cloud)
    assert tab.page.locator(".lx-map").get_attribute("data-points") == str(n)
    until(lambda: tab.text("lx-points").startswith(f"{n:,} points, none dropped"), "the page to say so")


def test_wheel_zooms_about_the_cursor_and_the_map_follows(tab: Tab) -> None:
    x, y = tab.at(0.3, 0.4)
    tab.page.mouse.move(x, y)
    before, maps, held = tab.view, tab.maps, tab.plane(x, y)
    tab.page.mouse.wheel(0, -200)
    until(lambda: tab.maps > maps and tab.view[1] - tab.view[0] < before[1] - before[0], "a closer map")
    assert tab.plane(x, y) == pytest.approx(held, abs=0.02 * (before[1] - before[0]))


def test_map_is_aggregated_again_while_the_hand_still_drags(tab: Tab) -> None:
    tab.page.mouse.move(*tab.at(0.5, 0.5))
    tab.page.mouse.down()
    before, maps = tab.view, tab.maps
    places = cycle([tab.at(0.7, 0.6), tab.at(0.69, 0.6)])

    def dragged() -> bool:  # a browser under load makes one event of many moves, and a drag takes two
        tab.page.mouse.move(*next(places), steps=4)
        return tab.maps > maps and tab.view[0] < before[0]

    until(dragged, "a map before the button is released")
    tab.page.mouse.up()


def test_a_press_of_the_mouse_leaves_no_ring_and_a_key_does(tab: Tab) -> None:
    events = tab.page.locator(".lx-map .bk-events")
    ring = "element => [element.matches(':focus'), getComputedStyle(element).outlineStyle]"
    tab.page.mouse.click(*tab.at(0.5, 0.5))
    assert events.evaluate(ring) == [True, "none"]
    tab.page.keyboard.press("ArrowLeft")
    assert events.evaluate(ring) == [True, "dotted"]


def test_what_the_hand_holds_stays_decoded_while_it_drags_the_map(tab: Tab, app: App) -> None:
    session = app.session()
    start = tab.at(0.4, 0.6)
    tab.page.mouse.move(*start)
    pixel = (tab.view[1] - tab.view[0]) / tab.inner()["width"]
    place = pytest.approx(tab.plane(*start), abs=pixel)
    until(lambda: session.state.cursor == place, "the cursor")
    tab.page.mouse.down()
    maps, seen = tab.maps, set()
    places = cycle([tab.at(0.6, 0.5), tab.at(0.58, 0.5)])

    def dragged() -> bool:
        tab.page.mouse.move(*next(places), steps=4)
        seen.add(session.state.cursor)
        return tab.maps > maps

    until(dragged, "a map before the button is released")
    tab.page.mouse.up()
    assert [each == place for each in seen] == [True]
    end = tab.at(0.3, 0.3)
    tab.page.mouse.move(*end)
    until(
        lambda: session.state.cursor == pytest.approx(tab.plane(*end), abs=pixel),
        "the cursor to follow again",
    )


def test_reset_shows_everything_again(tab: Tab, app: App) -> None:
    x = app.session().state.scene.xy[:, 0]
    tab.page.mouse.move(*tab.at(0.5, 0.5))
    tab.page.mouse.wheel(0, -300)
    until(lambda: tab.view[1] - tab.view[0] < np.ptp(x), "the zoomed map")
    tab.page.locator(".bk-tool-icon-reset").click()
    until(lambda: tab.view[0] < x.min() and x.max() < tab.view[1], "the whole cloud again")


def test_legend_hides_isolates_and_shows_classes(tab: Tab, app: App) -> None:
    legend = tab.page.locator(".lx-legend")
    toggles = legend.locator("button.toggle")
    assert toggles.count() == 10
    toggles.nth(3).click()
    until(lambda: app.session().state.hidden == {3}, "class 3 to be hidden")
    until(lambda: toggles.nth(3).get_attribute("aria-pressed") == "false", "the legend to say so")
    legend.locator(".row").nth(7).hover()
    legend.locator("button.only").nth(7).click()
    until(lambda: app.session().state.hidden == set(range(10)) - {7}, "only class 7 to be shown")
    legend.locator("button.only").nth(7).click()
    until(lambda: not app.session().state.hidden, "all classes again")


def test_colour_by_a_number_shows_its_scale(tab: Tab, app: App) -> None:
    session = app.session()
    maps = tab.maps
    tab.choose("lx-colour", "density")
    until(lambda: session.state.colour_by == "density", "the choice to arrive")
    until(lambda: tab.maps > maps, "the map in its new colours")
    until(lambda: tab.page.locator(".lx-legend .ends span").count() == 2, "the scale")


def test_draws_show_the_aggregate_posterior(tab: Tab, app: App) -> None:
    n = len(app.session().state.scene.cloud)
    tab.unfold("Aggregate posterior")
    box = tab.page.locator(".lx-draws input")
    box.fill("20")
    box.press("Enter")
    until(
        lambda: tab.page.locator(".lx-map").get_attribute("data-points") == str(20 * n), "20 points a sample"
    )
    until(lambda: "20 drawn from each posterior" in tab.text("lx-points"), "the page to say so")
