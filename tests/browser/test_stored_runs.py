"""A page on a store with runs: the newest is there without a click, and the last view comes back."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest
from playwright.sync_api import BrowserContext

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.runtime import base_models
from explorer.runtime.base import Choice
from explorer.runtime.run import Job
from explorer.runtime.training import headless
from explorer.services import Services
from tests.browser.tab import App, Tab, until


def _train(services: Services, data: Dataset, name: str, epochs: int) -> str:
    job = Job(models.create("vae", shape=data.shape), data, epochs=epochs, name=name, source="digits")
    run = headless.begin(services.store, job)
    list(run)
    return run.run


@pytest.fixture(scope="module")
def stored(serve: Callable[..., App]) -> tuple[App, str, str]:
    """The app on a store with two runs of digits, and the ids of the older and the newer one."""
    ids: list[str] = []

    def trained(services: Services) -> None:
        digits = load_dataset("digits")
        ids.extend(_train(services, digits, name, epochs) for name, epochs in (("first", 2), ("second", 3)))

    return serve(Choice(), given=trained), *ids


def _points(tab: Tab, name: str) -> list[float]:
    """The values of a curve of the chart of the loss, as they are in the browser."""
    return tab.page.evaluate(
        """(name) => {
            const models = Bokeh.documents.flatMap((document) => [...document._all_models.values()])
            const curve = models.find((model) => model.name === name && model.data_source)
            return curve ? Array.from(curve.data_source.data.epoch) : []
        }""",
        name,
    )


def _on_map(tab: Tab) -> str:
    """The run that the header names."""
    return tab.page.locator(".lx-runs button").inner_text()


def _middle(tab: Tab) -> tuple[float, float]:
    x0, x1, y0, y1 = tab.view
    return (x0 + x1) / 2, (y0 + y1) / 2


def test_the_newest_run_is_there_with_its_curves_without_a_click(
    stored: tuple[App, str, str], context: BrowserContext
) -> None:
    app, _, newer = stored
    tab = Tab(context.new_page()).open(app.url)
    until(lambda: "“second”, epoch 3" in _on_map(tab), "its name in the header")
    assert app.session().state.shown.kept == (newer, 3)
    until(lambda: _points(tab, "training") == [1, 2, 3], "its curves")
    assert not tab.page.locator(".lx-untrained").count()
    assert tab.page.locator(".lx-metrics").is_visible()
    tab.page.get_by_label("Beside").select_option("first")
    until(lambda: _points(tab, "beside") == [1, 2], "the curves of the other run beside")
    assert tab.problems == []


def test_the_menu_opens_another_run_and_a_page_loaded_again_shows_what_was_seen_last(
    stored: tuple[App, str, str], context: BrowserContext
) -> None:
    app, older, _ = stored
    tab = Tab(context.new_page()).open(app.url)
    until(lambda: "“second”" in _on_map(tab), "the newest run")
    tab.page.locator(".lx-runs").click()
    tab.page.get_by_role("menuitem", name="“first”").click()
    until(lambda: "“first”, epoch 2" in _on_map(tab), "the other run")
    session = app.session()
    tab.press_select(3)
    until(lambda: session.state.selection.count, "a selection")
    count = session.state.selection.count
    tab.page.get_by_role("tab", name="Pinned").click()
    tab.choose("lx-colour", "split")
    until(lambda: session.state.colour_by == "split", "other colours")
    maps = tab.maps
    tab.page.mouse.move(*tab.at(0.2, 0.3))  # so that the middle moves
    tab.page.mouse.wheel(0, -300)
    until(lambda: tab.maps > maps and not session.view.at_home, "a closer view")
    until(lambda: session.view.viewport.x_range == pytest.approx(tab.view[:2]), "the map of it")
    seen = _middle(tab)
    tab.page.reload()
    until(lambda: app.session() is not session, "another session")
    again = app.session()
    tab.wait_for_map()
    assert again.state.shown.kept == (older, 2)
    until(lambda: f"{count:,} of" in tab.text("lx-selection"), "the selection")
    assert (again.state.colour_by, again.last_view.tab) == ("split", "pinned")
    until(lambda: _middle(tab) == pytest.approx(seen, abs=0.02), "the same part of the map")
    assert not again.view.at_home
    until(
        lambda: tab.page.get_by_role("tab", name="Pinned").get_attribute("aria-selected") == "true", "the tab"
    )
    assert tab.problems == []


def test_on_a_server_that_still_loads_the_curves_come_with_the_first_map(
    serve: Callable[..., App], context: BrowserContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, load = Event(), base_models.load_dataset

    def late(*given: object, **more: object) -> Dataset:
        assert loaded.wait(120)
        return load(*given, **more)

    monkeypatch.setattr(base_models, "load_dataset", late)
    digits = load_dataset("digits")
    app = serve(Choice(), given=lambda services: _train(services, digits, "first", 2) and None)
    tab = Tab(context.new_page())
    tab.page.goto(app.url)
    drawer = tab.page.locator(".lx-drawer")
    until(lambda: drawer.get_attribute("aria-expanded") == "false", "the page, without a map")
    loaded.set()
    tab.wait_for_map()
    until(lambda: drawer.get_attribute("aria-expanded") == "true", "the drawer")
    until(lambda: _points(tab, "training") == [1, 2], "the curves")
    assert tab.problems == []
