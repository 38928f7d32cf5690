"""The rows about other spaces than the plane: maps that turn, and inverses in many dimensions.

Stock has no such maps: these rows have no figure beside ours.
"""

from __future__ import annotations

import asyncio

from playwright.async_api import Browser

from benchmarks.browser import Tab, tab, until
from benchmarks.measures import Effort, Samples, say, settled, sweep
from benchmarks.servers import Served, serving
from benchmarks.targets import size_name
from benchmarks.workload import FITTED

TURNED = (("solid", 1_000_000), ("globe", 60_000), ("globe", 1_000_000))
MANY = ("pca", "tsne", "umap")  # the first is the default


async def turned_rows(browser: Browser, effort: Effort, samples: Samples) -> None:
    """Measure new maps per second while a drag turns a cloud in space, or a globe."""
    for space, points in TURNED:
        say(f"ours: starting over {size_name(points)} points, {space}")
        with serving("ours", points, space) as served:
            async with tab(browser, served.url, *served.handles) as opened:
                if space == "solid":
                    await _choose(opened, "rotation")  # it opens with PCA
                await settled(served, samples)
                await opened.drag(1.0)  # the first one is warm-up
                for _ in range(effort.rounds):
                    await settled(served, samples)
                    samples.add(f"{space}.{size_name(points)}", "ours", await opened.drag(effort.drag))


async def many_rows(browser: Browser, effort: Effort, samples: Samples) -> None:
    """Measure decoded images per second on the maps of a 10-D VAE of the training data."""
    say("ours: starting over codes in 10 dimensions, fitting their maps")
    with serving("ours", 0, "many") as served:
        async with tab(browser, served.url, *served.handles) as opened:
            for turn in range(effort.rounds):
                for name in MANY:
                    if turn or name != MANY[0]:
                        await _choose(opened, name)
                    await _ready(opened, served, samples)
                    await sweep(opened, "ours", effort.sweep, samples, f"many.{name}")
    samples.notes.append(
        "the 10-D VAE was trained for one epoch on 10,000 samples; t-SNE and UMAP were fitted to "
        f"{FITTED:,} of its codes, beforehand, and the others placed among them"
    )


async def _choose(opened: Tab, name: str) -> None:
    """Take another projection from the menu, and wait for its map."""
    shown = await _scene(opened)
    await opened.page.locator(".lx-projection").click()
    menu = opened.page.get_by_role("menuitem", include_hidden=True)
    await opened.page.get_by_role("menuitem", name=name, exact=True).click()

    async def another() -> bool:
        # While the menu fades it lies over the page, and receives the mouse moves.
        return await _scene(opened) != shown and not await menu.count()

    await until(another, 60.0, f"the map of {name}")


async def _ready(opened: Tab, served: Served, samples: Samples) -> None:
    """Wait until the page and the server have finished the work of a new map."""
    await opened.sweep(1.0)
    await asyncio.sleep(1.0)
    await settled(served, samples)


async def _scene(opened: Tab) -> str | None:
    return await opened.page.locator(".lx-map").get_attribute("data-scene")
