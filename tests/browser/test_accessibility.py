"""axe-core objects to nothing: on every tab, light and dark, wide and narrow, with all that folds open."""

from __future__ import annotations

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.tab import App, Tab, until

TABS = ("samples", "train", "compare", "axes", "traversals", "pinned", "history")
FOLDED = ("Model knobs", "Aggregate posterior", "Combine, by expression", "Epochs, batch size")
FOCUSED = "document.activeElement.shadowRoot.activeElement.textContent"
# Material shows the help of what has the keyboard for a moment, beside the landmarks of the page.
HELP = "data-pmui-layer"
SETTLED = "document.getAnimations().every((one) => one.playState !== 'running')"


def violations(page: Page) -> list[str]:
    """Return what axe-core finds, of every impact."""
    page.wait_for_function(SETTLED)
    return [
        f"{found['impact']} {found['id']}: {json.dumps(node['target'])} {node['html'][:200]}"
        for found in Axe().run(page).response["violations"]
        for node in found["nodes"]
        if HELP not in node["html"]
    ]


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]
)
def test_no_violation_on_any_tab(browser: Browser, app: App, scheme: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    tab = Tab(context.new_page()).open(app.url)
    page, session = tab.page, app.session()
    tab.wait_for_rest(session)
    until(lambda: session.state.theme == scheme, "the system's theme")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Skip to the map", "the first stop of the Tab key"
    page.keyboard.press("Enter")
    if width < 1000:
        page.get_by_role("button", name="Open drawer").click()
        page.locator(".lx-train").wait_for()
    for title in FOLDED:
        tab.unfold(title)
    page.locator(".lx-expression input").wait_for()
    found = [("sidebar", violations(page))]
    if width < 1000:
        page.keyboard.press("Escape")
        page.locator(".lx-train").wait_for(state="hidden")
    session.pins.pin((0.0, 0.0))
    session.decoder.pick((0.0, 0.0))
    session.selection.random(30)
    for name in TABS:
        page.locator(f".lx-tab-{name}").click()
        page.locator(f"#panel-{name}").wait_for()
        found.append((name, violations(page)))
    context.close()
    assert not any(some for _, some in found), "\n".join(
        f"{name}: {one}" for name, some in found for one in some
    )
    assert tab.problems == []
