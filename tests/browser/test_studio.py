"""The studio in a real browser: a person selects, trains, watches, and reads what happened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from explorer.runtime.run import RunState
from tests.browser.tab import App, Tab, until
from tests.endless import endless


@pytest.fixture
def tab(lasting_tab: Tab) -> Iterator[Tab]:
    yield lasting_tab
    lasting_tab.page.set_viewport_size({"width": 1280, "height": 800})


def type_in(tab: Tab, handle: str, value: str) -> None:
    box = tab.page.locator(f".{handle} input")
    if not box.count():
        tab.unfold("Epochs, batch size")
    box.fill(value)
    box.press("Enter")


def train(tab: Tab, app: App, epochs: int, on: str) -> None:
    """Train to the end, as a person does."""
    training = app.session().training
    type_in(tab, "lx-epochs", str(epochs))
    tab.page.locator(".lx-train-on").get_by_text(on).click()
    until(lambda: training.settings.plan.epochs == epochs and training.settings.on == on, "the plan")
    before = training.run
    tab.page.locator(".lx-train").click()
    until(lambda: training.run is not before and training.run.state.over, "the end of the run")


INKED = """(chart) => {
    const within = (root) => [...root.querySelectorAll("*")].flatMap(
        (element) => [element, ...(element.shadowRoot ? within(element.shadowRoot) : [])])
    const group = within(document).find((element) => element.matches(`.charts.${chart}`))
    return within(group).filter((element) => {
        if (element.localName !== "canvas" || element.width < 50) {
            return false
        }
        const {data} = element.getContext("2d").getImageData(0, 0, element.width, element.height)
        return new Set(new Uint32Array(data.buffer)).size > 8
    }).length
}"""


def inked(tab: Tab, chart: str) -> int:
    """How many charts of a group have been drawn."""
    return tab.page.evaluate(INKED, chart)


def test_a_selection_is_trained_on_and_watched(tab: Tab, app: App) -> None:
    page, session = tab.page, app.session()
    tab.press_select(3)
    until(lambda: session.state.selection.count > 0, "the selection")
    train(tab, app, 20, "selection")
    report = session.monitor.of(session.state.run)
    until(lambda: inked(tab, "curves") == 3, "the curves")
    page.locator(".lx-watch-plane").click()
    until(lambda: inked(tab, "plane") == 1, "the plane")
    page.locator(".lx-watch-axes").click()
    until(lambda: "axes active" in tab.text("lx-studio-note"), "the axes in words")
    until(lambda: inked(tab, "axes") == 2, "the bars")
    page.locator(".lx-watch-forgetting").click()
    until(
        lambda: (errors := report.errors.since(0)) and errors[-1].at == 20.0, "the errors of the last epoch"
    )
    until(lambda: tab.text("lx-studio-note").startswith(report.forgetting.sentence), "the sentence")
    assert "the unselected samples are reconstructed worse" in report.forgetting.sentence
    until(lambda: inked(tab, "forgetting") == 1, "the errors")
    rows = page.locator(".lx-forgetting tbody tr")
    assert rows.count() == 2
    assert f"{report.forgetting.unselected.now:.1f}" in rows.nth(1).inner_text()
    box = page.locator(".lx-metrics").bounding_box()
    assert box["y"] + box["height"] <= 800, "the drawer needs no scrolling"
    assert page.locator(".lx-watch-forgetting").get_attribute("aria-pressed") == "true"


SHOWN = """(name) => Bokeh.documents.flatMap((made) => [...made._all_models.values()])
    .filter((model) => model.type === "GlyphRenderer" && model.name === name)
    .map((renderer) => renderer.data_source.get_length())"""


def test_charts_that_are_opened_in_a_training_miss_no_report(tab: Tab, app: App) -> None:
    page, training = tab.page, app.session().training
    page.locator(".lx-watch-curves").click()
    endless(app.session(), batch_size=8)  # few reports a second: past some thousand the curves are thinned
    before = training.run
    page.locator(".lx-train").click()
    until(lambda: training.run is not before and len(training.run.steps), "the first report")
    for press in (".lx-drawer", ".lx-drawer", ".lx-watch-plane", ".lx-watch-curves"):
        reports = len(training.run.steps)
        until(lambda known=reports: len(training.run.steps) > known + 1, "further reports")
        page.locator(press).click()
    page.locator(".lx-stop").click()
    until(lambda: training.run.state.over, "the end of the run")
    reports = len(training.run.steps)
    until(lambda: page.evaluate(SHOWN, "training")[:3] == [reports] * 3, "every report on every curve")


def test_a_provoked_divergence_is_named_and_marked(tab: Tab, app: App) -> None:
    page, session = tab.page, app.session()
    page.locator(".lx-watch-curves").click()
    list_ = page.locator("[role=log]")
    assert list_.get_attribute("aria-live") == "polite"
    session.settings.plan.param.learning_rate.bounds = (1e-6, None)
    session.settings.plan.learning_rate = 1e12
    train(tab, app, 3, "everything")
    assert session.state.run.state is RunState.FAILED
    happenings = session.monitor.of(session.state.run).events
    until(lambda: len(happenings) and list_.locator("li").count() == len(happenings), "what happened")
    assert list_.locator("li").last.inner_text() == happenings.since(0)[-1].sentence
    assert "the loss stopped being finite in epoch 1" in list_.locator("li").last.inner_text()
    page.get_by_label("Dismiss the message").click()
    session.settings.plan.learning_rate = 3e-3


def test_buttons_work_by_keyboard_and_everything_has_nothing_to_forget(tab: Tab, app: App) -> None:
    page = tab.page
    train(tab, app, 1, "everything")
    page.locator(".lx-watch-axes").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    until(lambda: "on everything" in tab.text("lx-studio-note"), "why there is nothing to see")
    assert page.locator(".lx-forgetting tbody tr").count() == 0


def test_on_a_narrow_screen_charts_stand_in_one_column(browser: Browser, app: App, tab: Tab) -> None:
    page = tab.page
    page.locator(".lx-watch-curves").click()
    page.set_viewport_size({"width": 390, "height": 844})
    until(lambda: inked(tab, "curves") == 3, "the curves")
    page.evaluate(
        "() => { for (const d of Bokeh.documents) for (const r of d.roots()) "
        "if (r.class_name === 'Page') r.data.sidebar_open = false }"
    )
    boxes = [pane.bounding_box() for pane in page.locator(".lx-metrics .bk-Figure").all()]
    shown = [box for box in boxes if box and box["width"]]
    assert len({round(box["x"]) for box in shown}) == 1
    assert len({round(box["y"]) for box in shown}) == len(shown) >= 3
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
