"""The legend in a real browser: the class that is pointed at, and the names on the map."""

from __future__ import annotations

import numpy as np
import pytest

from tests.browser.tab import App, Tab, until


@pytest.fixture(scope="module")
def tab(lasting_tab: Tab, app: App) -> Tab:
    lasting_tab.wait_for_rest(app.session())
    return lasting_tab


def test_the_legend_shows_the_class_that_is_pointed_at_or_has_the_keyboard(tab: Tab, app: App) -> None:
    state, rows = app.session().state, tab.page.locator(".lx-legend .row")
    maps = tab.maps
    rows.nth(3).hover()
    until(lambda: state.emphasised == 3, "class 3 to be shown")
    until(lambda: tab.maps > maps, "the map with the others dimmed")
    tab.page.mouse.move(*tab.at(0.5, 0.5))
    until(lambda: state.emphasised is None, "all classes again")
    rows.nth(5).locator("button.toggle").focus()
    tab.page.keyboard.press("ArrowRight")
    until(lambda: state.emphasised == 5, "the class that has the keyboard")
    tab.page.locator(".lx-map .bk-events").focus()
    until(lambda: state.emphasised is None, "all classes again")


def test_names_are_written_at_their_classes_and_follow_the_switch(tab: Tab, app: App) -> None:
    shown = tab.page.locator(".lx-map")
    switch = tab.page.locator(".lx-names input")
    switch.click()
    until(lambda: (shown.get_attribute("data-names") or "").count(";") == 9, "ten names")
    scene = app.session().state.scene
    places = [name.split() for name in shown.get_attribute("data-names").split(";")]
    for name, x, y in places:
        own = scene.xy[scene.cloud.labels == scene.dataset.classes.index(name)]
        assert (float(x), float(y)) == pytest.approx(tuple(np.median(own, axis=0)), abs=1e-5)
    switch.click()
    until(lambda: shown.get_attribute("data-names") == "", "no names")
