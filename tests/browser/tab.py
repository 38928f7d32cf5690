"""Serve the app to the browser tests, and drive a tab as a person does."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Page, Request

from explorer.runtime.base import Base
from explorer.services import Services
from explorer.session import Session


def until(condition: Callable[[], object], what: str, seconds: float = 120.0) -> None:
    """Wait for a condition, looking often; fail with what was waited for."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"waited {seconds:g} s for {what}")
        time.sleep(0.02)


def at_rest(base: Base) -> bool:
    """Tell whether a base is ready, and a training that begins by itself is over."""
    done = base.trained or not base.by_itself
    return bool(base.snapshot.version) and done and base.run is None


@dataclass
class App:
    """The app as it is served, with what a test may look at from the inside."""

    url: str
    services: Services

    _collected: float = 0.0

    def alive(self) -> int:
        """Return the number of sessions."""
        # To collect takes long, and the server stands still meanwhile: it is not done at every look.
        if len(self.services.sessions) and time.monotonic() > self._collected + 0.5:
            gc.collect()
            self._collected = time.monotonic()
        return len(self.services.sessions)

    def session(self) -> Session:
        """The session of the tab that was opened last."""
        return max(self.services.sessions, key=lambda session: session.token)


@dataclass
class Tab:
    """A page with what went wrong on it."""

    page: Page
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        page = self.page
        page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: self.problems.append(str(e)))
        page.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        url = urlparse(request.url)
        if url.scheme in ("http", "https", "ws", "wss") and url.hostname not in ("127.0.0.1", "localhost"):
            self.problems.append(f"asked another host: {request.url}")

    def open(self, url: str) -> Tab:
        self.page.goto(url)
        self.page.wait_for_function("document.body")
        self.wait_for_map()
        return self

    def wait_for_map(self, maps: int = 1) -> None:
        """Until so many maps have been painted."""
        self.page.locator(".lx-map[data-maps]").wait_for(timeout=120_000)
        until(lambda: self.maps >= maps, f"{maps} maps; there are {self.maps}")

    def wait_for_rest(self, session: Session) -> None:
        """Until what begins by itself is over, and this page's map is of what came of it."""
        until(lambda: at_rest(session.state.base), "what begins by itself")
        newest = session.state.base.snapshot.read()[1].cloud
        until(lambda: session.state.scene.cloud is newest, "what came of it")
        shown = self.page.locator(".lx-map")
        until(
            lambda: shown.get_attribute("data-scene") == str(session.state.scene.key), "its map on the page"
        )

    @property
    def maps(self) -> int:
        return int(self.page.locator(".lx-map").get_attribute("data-maps") or 0)

    @property
    def frames(self) -> int:
        return int(self.page.locator(".lx-frame").get_attribute("data-frames") or 0)

    @property
    def view(self) -> tuple[float, ...]:
        """x0, x1, y0, y1 of the last map painted."""
        return tuple(float(v) for v in self.page.locator(".lx-map").get_attribute("data-view").split())

    def inner(self) -> dict[str, float]:
        """The figure's frame in page pixels, with the ranges that are on it now."""
        return self.page.evaluate(
            """() => {
                const models = Bokeh.documents.flatMap((d) => [...d._all_models.values()])
                const plot = models.find((m) => String(m.name).startsWith("lx-map-"))
                const view = Bokeh.index.find_one(plot), frame = view.frame.bbox
                const box = view.canvas_view.el.getBoundingClientRect()
                const {start: x0, end: x1} = plot.x_range, {start: y0, end: y1} = plot.y_range
                return {left: box.left + frame.x0, top: box.top + frame.y0,
                        width: frame.width, height: frame.height, x0, x1, y0, y1}
            }"""
        )

    def at(self, fx: float, fy: float) -> tuple[float, float]:
        """Page pixels of a place given in fractions of the map, from its left and its top."""
        box = self.inner()
        return box["left"] + fx * box["width"], box["top"] + fy * box["height"]

    def plane(self, x: float, y: float) -> tuple[float, float]:
        """The point of the plane that is drawn at these page pixels."""
        box = self.inner()
        return (
            box["x0"] + (x - box["left"]) / box["width"] * (box["x1"] - box["x0"]),
            box["y1"] - (y - box["top"]) / box["height"] * (box["y1"] - box["y0"]),
        )

    def unfold(self, title: str) -> None:
        """Open a folded section. Where it moved under the press it is pressed again."""
        summary = self.page.locator("summary").filter(has_text=title)
        until(
            lambda: summary.evaluate("(one) => one.parentNode.open") or summary.click(), f"{title!r} to open"
        )

    def choose(self, handle: str, name: str) -> None:
        """Choose an option of a menu, and wait for the menu to be gone.

        While it fades it lies over the page, and takes what is moved, pressed or clicked there. It is hidden
        from assistive technology, and so from roles, from the moment it begins to.
        """
        self.page.locator(f".{handle}").click()
        self.page.get_by_role("menuitem", name=name, exact=True).click()
        options = self.page.get_by_role("menuitem", include_hidden=True)
        until(lambda: not options.count(), "the menu to be gone")

    def press_select(self, index: int) -> None:
        """Select the samples of a class by its button in the legend."""
        self.page.locator(".lx-legend .row").nth(index).hover()
        self.page.locator(".lx-legend button.select").nth(index).click()

    def text(self, handle: str) -> str:
        return self.page.locator(f".{handle}").first.inner_text()
