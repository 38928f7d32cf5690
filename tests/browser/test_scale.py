"""The scale of the map in a real browser: one for both axes, and kept where that is asked for."""

from __future__ import annotations

import pytest

from tests.browser.tab import App, Tab, until


@pytest.fixture(scope="module")
def tab(lasting_tab: Tab, app: App) -> Tab:
    lasting_tab.wait_for_rest(app.session())
    return lasting_tab


def scales(tab: Tab) -> tuple[float, float]:
    """Pixels for each unit, sideways and upwards."""
    box = tab.inner()
    return box["width"] / (box["x1"] - box["x0"]), box["height"] / (box["y1"] - box["y0"])


def has_one_scale(tab: Tab) -> bool:
    across, up = scales(tab)
    return abs(across / up - 1) < 0.005


def test_a_unit_is_as_long_upwards_as_sideways_when_the_drawer_opens_and_closes(tab: Tab) -> None:
    drawer = tab.page.locator(".lx-drawer")
    until(lambda: has_one_scale(tab), "one scale at first")
    opened = tab.inner()["height"]  # with the curves of the stored run
    drawer.click()
    until(lambda: tab.inner()["height"] > opened + 50, "the drawer to be closed at first")
    until(lambda: has_one_scale(tab), "one scale without the drawer")
    for zoom in (0, -300):
        if zoom:
            tab.page.mouse.move(*tab.at(0.4, 0.6))
            maps = tab.maps
            tab.page.mouse.wheel(0, zoom)
            until(lambda maps=maps: tab.maps > maps, "a closer map")
        before, height = scales(tab), tab.inner()["height"]
        drawer.click()
        until(lambda height=height: tab.inner()["height"] < height - 50, "the drawer to be open")
        until(lambda: has_one_scale(tab), "one scale")
        if zoom:
            assert scales(tab) == pytest.approx(before, rel=0.005)  # what was seen close stays as close
        drawer.click()
        until(lambda height=height: tab.inner()["height"] > height - 2, "the drawer to be closed")
        until(lambda: has_one_scale(tab), "one scale again")
    tab.page.set_viewport_size({"width": 1000, "height": 800})
    until(lambda: tab.inner()["width"] < 500, "a narrower map")
    until(lambda: has_one_scale(tab), "one scale on a narrower page")
    tab.page.set_viewport_size({"width": 1280, "height": 800})
    tab.page.locator(".bk-tool-icon-reset").click()
    until(lambda: tab.inner()["width"] > 500 and has_one_scale(tab), "one scale at home")


def test_a_picked_sample_has_its_posterior_and_the_map_its_prior(tab: Tab, app: App) -> None:
    shown = tab.page.locator(".lx-map")
    assert shown.get_attribute("data-prior") == "2"
    tab.page.mouse.click(*tab.at(0.5, 0.5))
    until(lambda: shown.get_attribute("data-ellipse") == "2", "the ellipses of a posterior")


def test_a_kept_scale_is_the_same_after_another_training(tab: Tab, app: App) -> None:
    session = app.session()
    tab.page.locator(".bk-tool-icon-reset").click()
    until(lambda: session.view.image.read()[1].home, "the whole map")
    tab.page.locator(".lx-keep-scale input").click()
    until(lambda: session.state.keeps_scale, "the choice to arrive")
    before, scale, scene = tab.view, scales(tab)[0], session.state.scene
    tab.page.locator(".lx-train").click()
    until(lambda: session.state.scene is not scene, "the points to move")
    tab.page.locator(".lx-stop").click()
    until(lambda: session.state.run is not None and session.state.run.state.over, "the training to end")
    until(
        lambda: tab.page.locator(".lx-map").get_attribute("data-scene") == str(session.state.scene.key),
        "its map",
    )
    # The tab of the training has opened, and the map is lower: the scale and the middle are what they were.
    until(lambda: has_one_scale(tab), "one scale")
    box = tab.inner()
    assert (box["x0"] + box["x1"]) / 2 == pytest.approx((before[0] + before[1]) / 2, abs=0.01)
    assert scales(tab)[0] == pytest.approx(scale, rel=0.01)
