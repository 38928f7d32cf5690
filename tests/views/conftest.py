"""The modules of the page's scripts, each by itself in a browser: no app, no server, no network."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

import explorer.views
from tests.chromium import chromium

VIEWS = Path(explorer.views.__file__).parent
ORIGIN = "http://scripts.test/"  # served from the folder by the test; no such host is asked


class Scripts:
    """A blank page that can import the scripts of `explorer/views`.

    Attributes
    ----------
    page
        For what happens to a page, and for its clock.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        page.route(f"{ORIGIN}**", self._serve)
        page.goto(ORIGIN)

    def _serve(self, route: Route) -> None:
        name = route.request.url.removeprefix(ORIGIN)
        if name:
            route.fulfill(body=(VIEWS / name).read_text(), content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    def run(self, name: str, function: str, argument: Any = None) -> Any:
        """Call a JavaScript function with a module, by its path without the ending, and an argument.

        Bytes come to the function as an ArrayBuffer.
        """
        if isinstance(argument, bytes):
            argument = {"bytes": base64.b64encode(argument).decode()}
        return self.page.evaluate(
            """async ([url, code, argument]) => {
                const given = typeof argument?.bytes === "string"
                    ? Uint8Array.from(atob(argument.bytes), (c) => c.charCodeAt(0)).buffer : argument
                return (0, eval)(code)(await import(url), given)
            }""",
            [f"{ORIGIN}{name}.js", function, argument],
        )


# Of a file, not of the process: while Playwright runs, no other test there could begin an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def _scripts(browser: Browser) -> Iterator[Scripts]:
    page = browser.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield Scripts(page)
    page.close()
    assert problems == []


@pytest.fixture(scope="module")
def scripts(browser: Browser) -> Iterator[Scripts]:
    yield from _scripts(browser)


@pytest.fixture
def clocked_scripts(browser: Browser) -> Iterator[Scripts]:
    """A page of its own, whose clock stands still until the test moves it."""
    for scripts in _scripts(browser):
        scripts.page.clock.install(time=0)
        scripts.page.clock.pause_at(1000)
        yield scripts
