"""A real headless Chromium: a page of one app, mouse moves over it, and a log of what it showed."""

from __future__ import annotations

import asyncio
import base64
import math
import os
import random
import shutil
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, CDPSession, Page, ViewportSize, async_playwright

HOOK = Path(__file__).with_name("hook.js")
# The smallest desktop that the design asks to serve without scrolling.
SIZE: ViewportSize = {"width": 1280, "height": 800}
FLAGS = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
QUIET = 1.2  # seconds without a new map after which the last one is the answer; stock waits up to 0.7
NOTCH = 120  # what one notch of a common wheel reports, in CSS pixels


def executable() -> str:
    """Return the path of the Chromium to drive: ``EXPLORER_BROWSER``, or the system's."""
    named = os.environ.get("EXPLORER_BROWSER") or shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(named).exists():
        raise FileNotFoundError(f"no browser at {named}: set EXPLORER_BROWSER to the path of a Chromium")
    return named


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start one headless browser for the whole run; each page has a context, and so a cache, of its own."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    flags = [*FLAGS, *(["--no-sandbox"] if root else [])]  # Chromium refuses its sandbox to root
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), headless=True, args=flags)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(slots=True)
class Tab:
    """One open page of one app, with the hook in it."""

    page: Page
    cdp: CDPSession
    first: float  # seconds from the start of the navigation until the map's pixels could be seen
    area: dict[str, float] = field(default_factory=dict)
    frames: list[int] = field(default_factory=list)  # sizes in bytes of what the server sent, while asked
    errors: list[str] = field(default_factory=list)

    async def take(self) -> dict[str, Any]:
        """Return the log since the last call: moves, wheels, frames, maps, in milliseconds of the page."""
        log: dict[str, Any] = await self.page.evaluate("bench.take()")
        return log

    def at(self, u: float, v: float) -> tuple[float, float]:
        """Return page coordinates of the place ``(u, v)`` of the map, both in [0, 1] from its top left."""
        return self.area["x"] + u * self.area["width"], self.area["y"] + v * self.area["height"]

    async def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """Send one real mouse event, through the browser's own input path."""
        await self.cdp.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **more})

    async def singles(self, moves: int, patience: float = 0.4) -> tuple[list[float], list[float]]:
        """Make single moves, each after a rest; return the instants in ms of moves and frames."""
        await self.look()
        await self.take()
        for index in range(moves):
            u, v = wander(index * 0.37)
            await self.mouse("mouseMoved", *self.at(u, v))
            # Rests of random length, so that the screen's 60 Hz does not lock in with the moves.
            await asyncio.sleep(patience * random.uniform(0.4, 1.0))
        await asyncio.sleep(patience)
        log = await self.take()
        frames = [frame["t"] for frame in log["frames"] if belongs(frame, log["moves"])]
        return [move["t"] for move in log["moves"]], frames

    async def look(self) -> None:
        """Measure the position of the map again: a page may have opened a drawer since."""
        self.area = await self.page.evaluate("bench.area()")

    async def sweep(self, seconds: float, per_second: float = 60.0, **more: Any) -> dict[str, Any]:
        """Move along a smooth path on a steady clock, answered or not; return the log of the page."""
        await self.look()
        await self.take()
        log_start = await self.page.evaluate("performance.now()")
        start = time.perf_counter()
        pending: set[asyncio.Task[None]] = set()
        for index in range(round(seconds * per_second)):
            wait = start + index / per_second - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            u, v = wander(index / per_second)
            # Not awaited: the browser answers only when the page has handled the move.
            task = asyncio.create_task(self.mouse("mouseMoved", *self.at(u, v), **more))
            pending.add(task)
            task.add_done_callback(pending.discard)
        log_end = await self.page.evaluate("performance.now()")
        if pending:
            await asyncio.wait(pending)
        log = await self.take()
        return {**log, "start": log_start, "end": log_end}

    async def wheel(self, direction: int) -> tuple[float, int] | None:
        """Turn the wheel by one notch in the map's middle; return ms until the final map, and bytes a map.

        None where no such map came.
        """
        await self.look()
        x, y = self.at(0.5, 0.5)
        await self.mouse("mouseMoved", x, y)
        await self.quiet()
        # Not all the time: counting the bytes of each map takes a tenth of a core.
        await self.cdp.send("Network.enable")
        self.frames.clear()
        await self.mouse("mouseWheel", x, y, deltaX=0, deltaY=-NOTCH * direction)
        log = await self.quiet(at_least=1)
        await self.cdp.send("Network.disable")
        fitting = [entry for entry in log["maps"] if entry["fit"]]
        if not fitting or not log["wheels"]:
            return None
        return fitting[-1]["t"] - log["wheels"][0]["t"], sum(self.frames) // len(log["maps"])

    async def quiet(self, at_least: int = 0, patience: float = 8.0) -> dict[str, Any]:
        """Wait until no map has been drawn for a while; return those drawn until then."""
        logs: list[dict[str, Any]] = []
        start = last = time.perf_counter()
        while True:
            await asyncio.sleep(0.1)
            logs.append(await self.take())
            now = time.perf_counter()
            if logs[-1]["maps"]:
                last = now
            drawn = sum(len(log["maps"]) for log in logs)
            if (now - last > QUIET and drawn >= at_least) or now - start > patience:
                break
        return {key: [entry for log in logs for entry in log[key]] for key in ("moves", "wheels", "maps")}

    async def drag(self, seconds: float) -> float:
        """Drag over the map; return the new maps per second between press and release."""
        await self.look()
        x, y = self.at(*wander(0.0))
        await self.quiet()
        await self.mouse("mouseMoved", x, y)
        await self.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
        log = await self.sweep(seconds, button="left", buttons=1)
        x, y = self.at(*wander(seconds))
        await self.mouse("mouseReleased", x, y, button="left", buttons=0, clickCount=1)
        # Not from its first move: a map that turns consumes the moves.
        start, end = log["start"], log["end"]
        shown = {entry["frame"] for entry in log["maps"] if start <= entry["t"] <= end}
        return len(shown) / (end - start) * 1e3


def belongs(frame: dict[str, float], moves: list[dict[str, float]]) -> bool:
    """Tell whether a frame that names its place of the plane answers the newest move before it.

    Those of stock name none and are taken to do so.
    """
    if "x" not in frame:
        return True
    before = [move for move in moves if move["t"] <= frame["t"]]
    if not before:
        return False
    move = before[-1]
    return math.hypot(frame["x"] - move["x"], frame["y"] - move["y"]) <= 1.5 * move["pixel"]


def wander(t: float) -> tuple[float, float]:
    """Return a place on a smooth closed path inside the map, at a hand's speed: ``(u, v)`` in [0.2, 0.8]."""
    return 0.5 + 0.3 * math.sin(1.7 * t + 0.5), 0.5 + 0.3 * math.sin(2.3 * t)


@asynccontextmanager
async def tab(browser: Browser, url: str, map_name: str, frame_name: str) -> AsyncIterator[Tab]:
    """Open one page with a fresh cache, wait until its map is visible, log it, close it."""
    context = await browser.new_context(viewport=SIZE, device_scale_factor=1)
    try:
        page = await context.new_page()
        cdp = await context.new_cdp_session(page)
        await page.add_init_script(path=HOOK)
        opened = Tab(page, cdp, float("nan"))
        page.on("pageerror", lambda error: opened.errors.append(str(error)))
        cdp.on("Network.webSocketFrameReceived", lambda event: opened.frames.append(payload(event)))
        await page.goto(url, wait_until="commit")
        await page.wait_for_function("bench.log.first !== null", timeout=60_000)
        await page.wait_for_function("names => bench.ready(...names)", arg=[map_name, frame_name])
        opened.first = await page.evaluate("bench.log.first") / 1e3
        await asyncio.sleep(0.5)
        await page.evaluate("names => bench.watch(...names)", [map_name, frame_name])
        await opened.look()
        yield opened
        for error in opened.errors:
            print(f"  in the page: {error}", file=sys.stderr)
    finally:
        await context.close()


def payload(event: dict[str, Any]) -> int:
    """Return the bytes of one received WebSocket frame; DevTools gives binary ones in base64."""
    response = event["response"]
    data: str = response["payloadData"]
    return len(base64.b64decode(data)) if response["opcode"] == 2 else len(data.encode())


async def until(condition: Callable[[], Awaitable[bool]], seconds: float, what: str) -> None:
    """Ask `condition` ten times a second until it holds; a TimeoutError names `what`."""
    end = time.perf_counter() + seconds
    while not await condition():
        if time.perf_counter() > end:
            raise TimeoutError(f"{what} did not happen within {seconds:g} s")
        await asyncio.sleep(0.1)
