"""A passage through the epochs of a run: the slider in a real browser, and the memory of the epochs."""

from __future__ import annotations

import asyncio
import math
import time
import tracemalloc

import numpy as np
from playwright.async_api import Browser

from benchmarks import workload
from benchmarks.browser import Tab, tab, until
from benchmarks.measures import Effort, Samples, say, settled
from benchmarks.servers import serving
from explorer.core import projections
from explorer.core.datasets import Dataset
from explorer.core.scene.evolution import Evolution
from explorer.runtime.run import Job
from explorer.runtime.store.records import KeptState
from explorer.runtime.store.store import RunStore
from explorer.runtime.store.writer import Recording
from models import Autoencoder, Step

POINTS, EPOCHS = 60_000, 100
PER_SECOND = 60.0  # moves of the hand


def course_of(positions: np.ndarray, epochs: int = EPOCHS, seed: int = 1) -> list[np.ndarray]:
    """Return the codes of an artificial training: from noise to these positions, with a rotation."""
    noise = np.random.default_rng(seed).standard_normal(positions.shape, dtype=np.float32)
    found = []
    for epoch in range(epochs + 1):
        share, angle = epoch / epochs, 2.0 * (1 - epoch / epochs)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], np.float32)
        found.append((share * positions + (1 - share) * noise) @ turn)
    return found


def keep(store: RunStore, dataset: Dataset, model: Autoencoder, positions: np.ndarray) -> tuple[str, int]:
    """Write such a training into a store; return its id and its last epoch."""
    recording = Recording.begin(store, Job(model, dataset, epochs=EPOCHS, name="made up"), "cpu")
    for epoch, codes in enumerate(course_of(positions)[1:], start=1):
        samples = len(dataset.train)
        step = Step(epoch, EPOCHS, epoch * samples, EPOCHS * samples, {"loss": 1.0}, None, True, float(epoch))
        recording.commit(step, model, None, codes)
    recording.end(KeptState.DONE)
    return recording.run, EPOCHS


async def time_rows(browser: Browser, effort: Effort, samples: Samples) -> None:
    """Measure new maps per second while the slider is dragged, and bytes for each epoch and sample."""
    held(samples)
    say(f"ours: starting over {EPOCHS} epochs of {POINTS:,} points")
    with serving("ours", POINTS, "time") as served:
        async with tab(browser, served.url, *served.handles) as opened:
            await opened.page.locator(".lx-time").hover(timeout=60_000)

            async def placed() -> bool:
                return await opened.page.locator(".time").get_attribute("data-share") == "1"

            start = time.perf_counter()
            await until(placed, 120.0, "all epochs to be read")
            samples.notes.append(
                f"going through epochs: {EPOCHS} of {POINTS:,} points were read and matched in "
                f"{time.perf_counter() - start:.1f} s, in the background, once the hand came to the slider"
            )
            await settled(served, samples)
            await _slide(opened, 1.0)  # the first one is warm-up
            for _ in range(effort.rounds):
                await settled(served, samples)
                samples.add("time.rate", "ours", await _slide(opened, effort.drag))


def held(samples: Samples) -> None:
    """Return the bytes that the epochs take in memory, for each epoch and sample."""
    positions, _ = workload.mixture(POINTS)
    codes = course_of(positions)
    identity = projections.create("identity").fit(positions)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    evolution = Evolution()
    for epoch, points in enumerate(codes):
        evolution = evolution.added(epoch, identity, points)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    samples.add("time.bytes", "ours", taken / (len(codes) * POINTS))


async def _slide(opened: Tab, seconds: float) -> float:
    """Drag the slider's knob; return the new maps per second between press and release."""
    box = await opened.page.locator(".lx-time").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2

    def at(share: float) -> float:
        return box["x"] + 8 + (box["width"] - 16) * share

    await opened.quiet()
    await opened.mouse("mouseMoved", at(0.5), y)
    await opened.mouse("mousePressed", at(0.5), y, button="left", buttons=1, clickCount=1)
    begin = await opened.page.evaluate("performance.now()")
    start, pending = time.perf_counter(), set[asyncio.Task[None]]()
    for index in range(round(seconds * PER_SECOND)):
        wait = start + index / PER_SECOND - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        share = 0.5 + 0.45 * math.sin(1.3 * index / PER_SECOND)
        # Not awaited: the browser answers only when the page has handled the move.
        task = asyncio.create_task(opened.mouse("mouseMoved", at(share), y, button="left", buttons=1))
        pending.add(task)
        task.add_done_callback(pending.discard)
    end = await opened.page.evaluate("performance.now()")
    if pending:
        await asyncio.wait(pending)
    log = await opened.take()
    await opened.mouse("mouseReleased", at(0.5), y, button="left", buttons=0, clickCount=1)
    shown = {entry["frame"] for entry in log["maps"] if begin <= entry["t"] <= end}
    return len(shown) / (end - begin) * 1e3
