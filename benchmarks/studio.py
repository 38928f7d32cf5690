"""Training with the studio open over a bare loop, with and without a hovering user."""

from __future__ import annotations

import asyncio

import numpy as np
import torch
from playwright.async_api import Browser

from benchmarks import workload
from benchmarks.arithmetic import answers, paired_ratios
from benchmarks.browser import Tab, tab, until
from benchmarks.headless import Witness, bare_loop
from benchmarks.measures import PATIENCE, Effort, Samples, say, settled, sweep
from benchmarks.servers import Served, serving
from explorer.core.datasets import Dataset, Split
from explorer.runtime.training.slot import training_threads

LEFT_OUT = 1  # the class that is not trained on, so that there is something to forget
ROUNDS = 3  # of pairs: an epoch of the bare loop takes two seconds, in which a machine swings
GROUPS = ("curves", "plane", "axes", "forgetting")  # of charts, one after the other


async def studio_rows(browser: Browser, effort: Effort, samples: Samples) -> None:
    """Measure a training with open charts, in pairs with a bare loop, and hovering over its map.

    The training is on all classes but one, so that errors are measured too, and from scratch, as the bare
    loop is: weights of 40 epochs were 2 % slower to train than fresh ones in both. As in the row of the loop,
    the work of a run between its epochs is not counted; the time that the page and the measuring take is.
    """
    say("ours: the studio open over the training data")
    dataset = all_but_one(workload.training_data())
    with serving("ours", 0) as served:
        async with tab(browser, served.url, *served.handles) as opened:
            await settled(served, samples)
            await _select(opened)
            bare, watched = [await asyncio.to_thread(bare_speed, dataset)], []
            last = ROUNDS * effort.pairs  # the first pair is warm-up: the page has just been opened
            for pair in range(last + 1):
                await _train(opened, served, GROUPS[pair % len(GROUPS)])
                watched.append(await _speed(served, 3 * effort.interval))
                if pair == last:
                    await _hover(opened, effort, samples)
                await _stop(opened, served)
                await settled(served, samples)
                bare.append(await asyncio.to_thread(bare_speed, dataset))
    samples.add("studio.kept", "ours", *paired_ratios(bare[1:], watched[1:]))
    samples.notes.append(
        f"the studio: trained is on {len(dataset.train):,} samples, all classes but one; the charts take "
        f"turns; bare {np.median(bare):,.0f} samples per second, watched {np.median(watched):,.0f}"
    )


def all_but_one(dataset: Dataset) -> Dataset:
    """Return the data without a class of the training split, as the bare loop gets them."""
    assert dataset.train.y is not None
    rows = dataset.train.y != LEFT_OUT
    train = Split(dataset.train.x[rows], dataset.train.y[rows])
    return Dataset(dataset.name, train, dataset.test, dataset.drawing, dataset.classes, dataset.label_name)


def bare_speed(dataset: Dataset) -> float:
    """Return the samples per second of a bare epoch, on as many threads as the app trains on."""
    torch.set_num_threads(training_threads())
    model = workload.autoencoder(dataset.shape)
    with Witness.of(type(model)) as witness:
        return witness.speed(lambda: bare_loop(dataset, model.clone()))


async def _select(opened: Tab) -> None:
    page = opened.page
    await page.locator(".lx-legend .row").nth(LEFT_OUT).hover()
    await page.locator(".lx-legend button.select").nth(LEFT_OUT).click()
    await page.locator(".lx-invert").click()
    await page.locator(".lx-train-on").get_by_text("selection").click()
    await page.locator(".lx-train-way").get_by_text("From scratch").click()


async def _train(opened: Tab, served: Served, charts: str) -> None:
    """Start a training and open its charts, which take a moment to appear."""
    before = served.counter.read()
    await opened.page.locator(".lx-train").click()

    async def begun() -> bool:
        return served.counter.read() > before

    await until(begun, 60.0, "the training")
    await opened.page.locator(f".lx-watch-{charts}").click()
    await asyncio.sleep(2.0)


async def _stop(opened: Tab, served: Served) -> None:
    await opened.page.locator(".lx-stop").click()

    async def ended() -> bool:
        before = served.counter.read()
        await asyncio.sleep(0.5)
        return served.counter.read() == before

    await until(ended, 60.0, "the end of the training")


async def _speed(served: Served, seconds: float) -> float:
    """Return the samples per second within epochs, over at least so many of them."""
    known, spent = served.counter.timed()

    async def enough() -> bool:
        return served.counter.timed()[1] - spent >= seconds

    await until(enough, 20 * seconds, f"{seconds:g} s of training")
    after, then = served.counter.timed()
    return (after - known) / (then - spent)


async def _hover(opened: Tab, effort: Effort, samples: Samples) -> None:
    await sweep(opened, "ours", effort.sweep, samples, "studio.rate")
    # Two or three of a hundred meet the end of an epoch: thirty moves would show little of the slowest.
    delays, lost = answers(*await opened.singles(2 * effort.moves), PATIENCE)
    if lost:
        samples.notes.append(f"ours: {lost} of {lost + len(delays)} moves brought no image in the studio")
    samples.add("studio.p50", "ours", *delays)
    samples.values["studio.p95"]["ours"].extend(delays)
