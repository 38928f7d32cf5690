"""The real data sets on the page: images of 28x28 and the rows of a table, under the mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from explorer.runtime.base import Choice
from tests.browser.made import source_of
from tests.browser.tab import App, Tab, until
from tests.endless import endless


@pytest.fixture
def show(
    serve: Callable[..., App], real_data: Path | None, context: BrowserContext, tmp_path: Path
) -> Callable[[str], tuple[App, Tab]]:
    def open_on(name: str) -> tuple[App, Tab]:
        # A narrow model, for speed: what is tested is the same with any.
        app = serve(Choice(source_of(name, real_data, tmp_path), options=(("width", 0.25),)), real_data)
        return app, Tab(context.new_page()).open(app.url)

    return open_on


def _follow(tab: Tab) -> None:
    """Move to three places, and wait each time for the frame that was decoded there."""
    frame = tab.page.locator(".lx-frame")
    for fx, fy in ((0.35, 0.4), (0.6, 0.45), (0.5, 0.65)):
        x, y = tab.at(fx, fy)
        tab.page.mouse.move(x, y)
        wanted = pytest.approx(tab.plane(x, y), abs=0.05)
        until(
            lambda wanted=wanted: (
                tuple(float(frame.get_attribute(f"data-{axis}") or "nan") for axis in "xy") == wanted
            ),
            "the frame of this place",
        )


def test_images_are_decoded_under_the_mouse_while_their_model_trains(
    show: Callable[[str], tuple[App, Tab]],
) -> None:
    app, tab = show("mnist")
    session = app.session()
    until(
        lambda: f"{len(session.state.scene.dataset):,}" in tab.text("lx-points"), "the page to say how many"
    )
    tab.wait_for_rest(session)  # few images are trained on before anybody asks
    _follow(tab)
    assert session.decoder.frame.read()[1].sample.shape == (1, 28, 28)
    before = session.state.scene.xy
    endless(session)
    tab.page.locator(".lx-train").click()
    until(lambda: session.state.scene.xy is not before, "a map of a trained model")
    for fx in (0.4, 0.5, 0.6):  # places of the plane move with the map now, so frames are only counted
        frames = tab.frames
        tab.page.mouse.move(*tab.at(fx, 0.5))
        until(lambda frames=frames: tab.frames > frames, "a frame while it trains")
    tab.page.locator(".lx-stop").click()
    until(lambda: tab.text("lx-progress").startswith("Stopped"), "the page to say so")
    assert tab.problems == []


def test_random_weights_are_called_so_until_they_are_trained(
    show: Callable[[str], tuple[App, Tab]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.runtime.base_models.SMALL", 0)
    app, tab = show("wine-quality")
    session, band = app.session(), tab.page.locator(".lx-untrained")
    until(lambda: "Random weights" in band.inner_text() and "about" in band.inner_text(), "the time")
    until(lambda: tab.page.locator(".lx-train").get_by_text("Train", exact=True).count(), "the button")
    session.settings.plan.epochs = 1
    until(lambda: "1 epoch," in band.inner_text(), "the time of one epoch")
    tab.page.locator(".lx-untrained-train").click()
    until(lambda: session.state.run is not None and session.state.run.state.over, "the end of the run")
    until(lambda: not band.count(), "the band to go")
    until(lambda: tab.page.locator(".lx-train").get_by_text("Fine-tune", exact=True).count(), "the other")
    assert tab.problems == []


def _brightness(tab: Tab) -> float:
    """The brightness of the names of the columns in the drawing of a row, in [0, 255]."""
    return tab.page.locator(".lx-frame").evaluate(
        """(canvas) => {
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width / 3, canvas.height)
            let sum = 0, count = 0
            for (let i = 0; i < data.length; i += 4) {
                if (data[i + 3] > 150) { sum += data[i]; count += 1 }
            }
            return sum / count
        }"""
    )


@pytest.mark.parametrize("name", ["wine-quality", "air-quality"])
def test_rows_of_a_table_are_decoded_in_their_own_units(
    show: Callable[[str], tuple[App, Tab]], name: str
) -> None:
    app, tab = show(name)
    session = app.session()
    tab.wait_for_rest(session)
    _follow(tab)
    dataset = session.state.scene.dataset
    assert tab.page.locator(".lx-frame.profile").count() == 1
    assert _brightness(tab) < 100
    tab.page.get_by_label("Toggle theme").click()
    until(lambda: _brightness(tab) > 150, "names that can be read in the dark")
    tab.page.mouse.click(*tab.at(0.5, 0.5))
    until(lambda: tab.page.locator(".lx-picked[data-index]").count() == 1, "the picked row")
    index = int(tab.page.locator(".lx-picked").get_attribute("data-index"))
    until(
        lambda: session.state.picked is not None and session.state.picked.index == index,
        "the same row in Python",
    )
    assert len(dataset.drawing.names) == dataset.shape[0]
    assert tab.problems == []
