"""The rows that are measured in the browser: their apps, clouds, repeats and order."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from playwright.async_api import Browser

from benchmarks.arithmetic import Figure, answers, figure, paired_ratios, rate
from benchmarks.browser import Tab, tab
from benchmarks.servers import Served, serving
from benchmarks.targets import size_name

PATIENCE = 400.0  # ms after which a decoded image no longer answers its move


@dataclass(frozen=True, slots=True)
class Effort:
    """The numbers of repeats: the whole table takes ten minutes on two cores, `quick` about two."""

    rounds: int = 2  # turns of stock and ours
    moves: int = 60  # single moves in a round
    sweep: float = 6.0  # seconds of 60 moves per second
    notches: int = 5  # of the wheel in a round
    drag: float = 4.0  # seconds
    starts: int = 3  # of a server, for its first page
    pairs: int = 4  # hovered intervals in a round of training
    interval: float = 4.0  # seconds of each


QUICK = Effort(rounds=1, moves=15, sweep=3.0, notches=3, drag=2.0, starts=1, pairs=2, interval=2.0)


@dataclass(slots=True)
class Samples:
    """All repeats, by key of the target and by app."""

    values: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    notes: list[str] = field(default_factory=list)

    def add(self, key: str, app: str, *values: float) -> None:
        """Keep repeats, and print them as progress."""
        self.values[key][app].extend(values)
        say(f"  {app:5} {key:12} {', '.join(f'{value:.3g}' for value in values[:8])}")

    def figures(self) -> Mapping[str, Mapping[str, Figure]]:
        """Return the figure of each row: its median, or the quantile or lowest that the row names."""
        shares = {"p95": 0.95, "steady": 0.0}
        return {
            key: {
                app: figure(values, shares.get(key.split(".")[1], 0.5))
                for app, values in apps.items()
                if values
            }
            for key, apps in self.values.items()
        }


def say(text: str) -> None:
    """Print progress, apart from the table on standard output."""
    print(text, file=sys.stderr, flush=True)


async def cloud_rows(
    browser: Browser, points: int, groups: set[str], apps: tuple[str, ...], effort: Effort, samples: Samples
) -> None:
    """Measure hover, zoom, drag and first page over a cloud of one size, the apps by turns."""
    size = size_name(points)
    with ExitStack() as stack:
        served = {}
        for app in apps:
            say(f"{app}: starting over {size} points")
            served[app] = stack.enter_context(serving(app, points))
            async with tab(browser, served[app].url, *served[app].handles) as opened:
                # The first page of this start. It also compiles, and fills the caches of the others.
                if "page" in groups:
                    samples.add(f"page.{size}", app, opened.first)
        for turn in range(effort.rounds):
            for app in apps if turn % 2 == 0 else apps[::-1]:
                await settled(served[app], samples)
                async with tab(browser, served[app].url, *served[app].handles) as opened:
                    await settled(served[app], samples)
                    await _cloud_turn(opened, app, size, groups, effort, samples)
    if "page" in groups:
        for _ in range(effort.starts - 1):
            for app in apps:
                with serving(app, points) as fresh:
                    async with tab(browser, fresh.url, *fresh.handles) as opened:
                        samples.add(f"page.{size}", app, opened.first)


async def _cloud_turn(
    opened: Tab, app: str, size: str, groups: set[str], effort: Effort, samples: Samples
) -> None:
    if "hover" in groups:
        await hover(opened, app, effort, samples)
    if "zoom" in groups:
        await opened.wheel(1)  # the first notch of a page is warm-up
        for notch in range(effort.notches):
            answer = await opened.wheel(-1 if notch % 2 == 0 else 1)
            if answer is None:
                samples.notes.append(f"{app}: a wheel notch at {size} points brought no map")
                continue
            samples.add(f"zoom.{size}", app, answer[0])
            samples.values[f"bytes.{size}"][app].append(answer[1] / 1e6)
    if "drag" in groups:
        samples.add(f"drag.{size}", app, await opened.drag(effort.drag))


async def hover(opened: Tab, app: str, effort: Effort, samples: Samples, prefix: str = "hover") -> None:
    """Measure single moves, then a sweep at 60 moves per second."""
    await opened.singles(5)
    delays, lost = answers(*await opened.singles(effort.moves), PATIENCE)
    if lost:
        samples.notes.append(
            f"{app}: {lost} of {lost + len(delays)} single moves brought no image ({prefix})"
        )
    if delays:
        samples.add(f"{prefix}.p50", app, *delays)
        samples.values[f"{prefix}.p95"][app].extend(delays)
    await sweep(opened, app, effort.sweep, samples, f"{prefix}.rate")


async def sweep(opened: Tab, app: str, seconds: float, samples: Samples, key: str) -> None:
    """Return the images shown per second under 60 moves per second, the first second left out."""
    log = await opened.sweep(seconds + 1.0)
    start, end = log["moves"][0]["t"] + 1e3, log["end"]
    samples.add(key, app, rate([entry["frame"] for entry in log["frames"]], start, end))
    felt = sum(start <= move["t"] <= end for move in log["moves"]) / (end - start) * 1e3
    if felt < 59.0:
        samples.notes.append(f"{app}: only {felt:.0f} of 60 moves per second reached the page ({key})")


async def training_rows(browser: Browser, apps: tuple[str, ...], effort: Effort, samples: Samples) -> None:
    """Measure hover during training, and its cost to the training, the apps by turns."""
    with ExitStack() as stack:
        say("starting over the training data")
        served = {app: stack.enter_context(serving(app, 0)) for app in apps}
        for turn in range(effort.rounds):
            for app in apps if turn % 2 == 0 else apps[::-1]:
                await settled(served[app], samples)
                async with tab(browser, served[app].url, *served[app].handles) as opened:
                    await settled(served[app], samples)
                    await _training_turn(opened, served[app], effort, samples)


async def _training_turn(opened: Tab, served: Served, effort: Effort, samples: Samples) -> None:
    app, prefix = served.app, served.handles[0].split("-")[0]
    await opened.sweep(1.0)
    before = served.counter.read()
    await opened.page.evaluate("name => bench.click(name)", f"{prefix}-train")
    start = time.perf_counter()
    while served.counter.read() == before:
        if time.perf_counter() - start > 30:
            raise TimeoutError(f"{app}: pressing Train started no training within 30 s")
        await asyncio.sleep(0.1)
    await asyncio.sleep(2.0)
    alone, hovered = [], []
    for _ in range(effort.pairs):
        alone.append(await _speed(served, asyncio.sleep(effort.interval)))
        hovered.append(await _speed(served, sweep(opened, app, effort.interval, samples, "train.rate")))
    alone.append(await _speed(served, asyncio.sleep(effort.interval)))
    ratios = paired_ratios(alone, hovered)
    samples.add("train.kept", app, *ratios)
    samples.values["train.steady"][app].extend(ratios)
    samples.add("train.alone", app, *alone)
    samples.add("train.hovered", app, *hovered)
    delays, lost = answers(*await opened.singles(effort.moves // 2), PATIENCE)
    if lost:
        samples.notes.append(f"{app}: {lost} of {lost + len(delays)} moves brought no image while training")
    samples.add("train.p50", app, *delays)
    samples.values["train.p95"][app].extend(delays)
    if served.counter.read() == before or await _speed(served, asyncio.sleep(0.5)) == 0:
        samples.notes.append(f"{app}: the training had ended before the measurement did")
    await opened.page.evaluate("name => bench.click(name)", f"{prefix}-stop")


async def settled(served: Served, samples: Samples) -> None:
    """Wait until a server rests; a note says where it did not."""
    if not await asyncio.to_thread(served.settle):
        what = f"{size_name(served.points)} points" if served.points else "the training data"
        samples.notes.append(f"{served.app}: still busy a minute after its page had opened over {what}")


async def _speed(served: Served, during: Awaitable[object]) -> float:
    """Return the samples trained per second during some work."""
    start, before = time.perf_counter(), served.counter.read()
    await during
    return (served.counter.read() - before) / (time.perf_counter() - start)
