"""Looking back in a real browser: keys, a drag, playing, and a film that is read again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import imageio.v3 as imageio
import pytest
from playwright.sync_api import Browser

from explorer.runtime.training import loop
from tests.browser.tab import App, Tab, until

EPOCHS = 6


@pytest.fixture(scope="module")
def lasting_tab(browser: Browser, app: App) -> Iterator[Tab]:
    """A page on which a model has been trained for some epochs, each with its places kept."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    tab = Tab(context.new_page()).open(app.url)
    session = app.session()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "LEAST_SECONDS", 0.0)
        patch.setattr(loop, "SHARE", 1.0)
        tab.unfold("Epochs, batch size")
        box = tab.page.locator(".lx-epochs input")
        box.fill(str(EPOCHS))
        box.press("Enter")
        until(lambda: session.settings.plan.epochs == EPOCHS, "the plan")
        tab.page.locator(".lx-train").click()
        until(lambda: session.state.run and session.state.run.state.over, "the end of the run")
        until(lambda: session.timeline.last == EPOCHS, "the kept epochs")
    tab.page.locator(".lx-time").wait_for()
    yield tab
    context.close()
    assert tab.problems == []


@pytest.fixture
def newest(lasting_tab: Tab, app: App) -> Tab:
    """The page at the newest epoch."""
    lasting_tab.page.locator(".lx-time").press("End")
    timeline = app.session().timeline
    until(lambda: timeline.at is None and not timeline.moving, "the newest epoch")
    until(lambda: tab_epoch(lasting_tab) == EPOCHS, "the strip to say so")
    return lasting_tab


def tab_epoch(tab: Tab) -> int:
    """The epoch that the strip names."""
    return int(tab.text("lx-epoch").removeprefix("epoch").split("of")[0])


def marked_epochs(tab: Tab) -> set[int]:
    """Where the charts have a line across."""
    return set(
        tab.page.evaluate(
            """() => Bokeh.documents.flatMap((d) => [...d._all_models.values()])
                .filter((m) => m.type === "Span" && m.visible).map((m) => m.location)"""
        )
    )


def test_keys_go_back_and_map_sample_and_charts_follow(newest: Tab, app: App) -> None:
    session, page = app.session(), newest.page
    slider = page.locator(".lx-time")
    page.mouse.move(*newest.at(0.4, 0.4))
    page.mouse.move(*newest.at(0.45, 0.5))
    until(lambda: newest.frames > 0, "a decoded sample")
    scene, frames, maps = session.state.scene, newest.frames, newest.maps
    for _ in range(3):
        slider.press("ArrowLeft")
    until(lambda: session.state.origin and session.state.origin[1] == EPOCHS - 3, "the epoch")
    assert session.state.scene is not scene
    until(lambda: tab_epoch(newest) == EPOCHS - 3, "the strip to name it")
    until(lambda: newest.maps > maps and newest.frames > frames, "another map and sample")
    until(lambda: f"epoch {EPOCHS - 3}" in newest.text("lx-readout"), "the read-out to name the epoch")
    said = f"epoch {EPOCHS - 3} of {EPOCHS}, turned to match epoch {EPOCHS}"
    until(lambda: said in newest.text("lx-points"), "the map to say so")
    until(lambda: said in newest.text("lx-status"), "the header to say so")
    until(lambda: marked_epochs(newest) == {EPOCHS - 3}, "the line on the charts")
    slider.press("Home")
    until(lambda: session.state.origin[1] == 0, "where it started")
    page.locator(".lx-newest").click()
    until(lambda: session.state.scene.cloud is scene.cloud, "the newest, by one press")
    until(lambda: not marked_epochs(newest), "no line on the charts")


def test_a_drag_passes_between_the_epochs_and_rests_at_one(newest: Tab, app: App) -> None:
    session, page = app.session(), newest.page
    box = page.locator(".lx-time").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 8, y)
    page.mouse.down()
    until(lambda: session.timeline.share == 1.0, "the epochs to be placed")
    maps, places = newest.maps, cycle([0.9, 0.8, 0.7, 0.6])

    def dragged() -> bool:  # a browser under load makes one event of many moves
        page.mouse.move(box["x"] + box["width"] * next(places), y)
        return newest.maps > maps + 1

    until(dragged, "maps on the way")
    page.mouse.move(box["x"] + box["width"] * 0.55, y)
    until(lambda: (session.view.image.read()[1].at or 0) % 1, "a map of a place between two epochs")
    page.mouse.up()
    until(lambda: session.state.origin and session.timeline.at == session.state.origin[1], "rest")
    until(lambda: session.view.image.read()[1].at is None, "a whole map")
    until(lambda: tab_epoch(newest) == session.timeline.epoch, "the strip to name it")


def test_playing_reaches_the_newest_and_stops(newest: Tab, app: App) -> None:
    session, page = app.session(), newest.page
    speed, slider = page.locator(".lx-speed"), page.locator(".lx-time")
    speed.select_option("1")  # a slow machine passes over moments: no faster, until some have been seen
    slider.press("Home")
    until(lambda: session.state.origin and session.state.origin[1] == 0, "the start")
    maps = newest.maps
    page.locator(".lx-play").click()
    until(lambda: newest.maps > maps + 1, "maps on the way")
    speed.select_option("16")
    until(lambda: session.timeline.at is None, "the end of the run")
    until(lambda: tab_epoch(newest) == EPOCHS, "the strip to be at the end")
    assert page.locator(".lx-play").get_attribute("aria-label") == "Play"
    speed.select_option("1")
    slider.press(" ")  # from the start again ...
    until(lambda: session.timeline.at is not None, "playing")
    slider.press(" ")  # ... and to rest where it is
    until(lambda: session.timeline.at is not None and session.timeline.at % 1 == 0, "rest")
    assert page.locator(".lx-play").get_attribute("aria-label") == "Play"


def test_with_reduced_motion_the_map_goes_from_epoch_to_epoch(newest: Tab, app: App) -> None:
    session, page = app.session(), newest.page
    page.emulate_media(reduced_motion="reduce")
    seen: list[float] = []
    watcher = session.timeline.param.watch(lambda event: seen.append(event.new), "at")
    page.locator(".lx-speed").select_option("1")
    page.locator(".lx-play").click()
    until(lambda: len(seen) > 2, "epochs on the way")
    page.locator(".lx-speed").select_option("16")
    until(lambda: session.timeline.at is None, "the end of the run")
    session.timeline.param.unwatch(watcher)
    page.emulate_media(reduced_motion="no-preference")
    assert all(at is None or at == round(at) for at in seen)


def test_a_film_is_downloaded_and_can_be_read(newest: Tab, app: App, tmp_path: Path) -> None:
    page = newest.page
    page.locator(".lx-export").click()
    page.locator(".lx-film-size").select_option("small")
    page.locator(".lx-film-fps").select_option("5")
    page.locator(".lx-film-speed").select_option("2")
    with page.expect_download() as download:
        page.locator(".lx-film").click()
    path = tmp_path / download.value.suggested_filename
    assert path.name.startswith("digits-")
    assert path.suffix == ".gif"
    download.value.save_as(path)
    frames = imageio.imread(path, index=None)
    assert frames.shape == (EPOCHS * 5 // 2 + 1, 420, 480, 3)
    assert (frames[0] != frames[-1]).any()
    page.locator(".lx-export").press("Escape")
    assert app.session().film.share is None
