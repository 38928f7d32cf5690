"""``python -m benchmarks``: measure, print one table, write it as JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import table
from benchmarks.browser import chromium
from benchmarks.measures import QUICK, Effort, Samples, cloud_rows, say, training_rows
from benchmarks.passing import time_rows
from benchmarks.servers import APPS
from benchmarks.spaces import many_rows, turned_rows
from benchmarks.studio import studio_rows
from benchmarks.targets import GROUPS
from benchmarks.workload import TRAINED_ON, real_data

RESULTS = Path(__file__).with_name("results.json")  # the source of the README's figures
SIZES = (1_000_000, 10_000_000)
IN_BROWSER = {"hover", "zoom", "drag", "page", "train", "turn", "many", "studio", "time"}
OURS_ONLY = {"turn", "many", "studio", "time"}


def main() -> None:
    """Measure the groups asked for; exit 0 whatever the verdicts, which are for reading."""
    arguments = _arguments()
    effort = QUICK if arguments.quick else Effort()
    samples = Samples()
    start, load = time.perf_counter(), round(os.getloadavg()[0], 1)
    with training_folder(samples):
        if alone := arguments.only - IN_BROWSER:
            from benchmarks import headless

            headless.measure(alone, arguments.points, arguments.quick, samples)
        browser = asyncio.run(_in_browser(arguments, effort, samples)) if arguments.only & IN_BROWSER else "-"
    measured = table.rows(samples.figures())
    notes = list(dict.fromkeys(samples.notes))
    minutes = round((time.perf_counter() - start) / 60, 1)
    facts: dict[str, object] = {**table.machine(browser), "load": load, "minutes": minutes}
    print(table.text(measured, notes))
    print(f"\n{facts['cores']} cores, Chromium {browser}, torch {facts['torch']}, {facts['date']}")
    print(f"load average {load:g} before it began")
    target = arguments.json or (RESULTS if arguments.whole else None)
    if target is not None:
        table.write(target, measured, notes, facts)
        say(f"written to {target}")
    if arguments.merge is not None:
        _merge(arguments.merge, measured, notes, facts)


def _merge(path: Path, measured: list[table.Row], notes: list[str], facts: dict[str, object]) -> None:
    """Put these rows into a written table, beside a record of their machine."""
    every, of_table, later = table.merged(path, measured)
    first = json.loads(path.read_text(encoding="utf-8"))["machine"]
    table.write(path, every, of_table, first, [*later, table.part(measured, notes, facts)])
    say(f"merged into {path}")


async def _in_browser(arguments: argparse.Namespace, effort: Effort, samples: Samples) -> str:
    async with chromium() as browser:
        for points in arguments.points:
            groups = arguments.only & (IN_BROWSER - {"train"} - OURS_ONLY)
            if points < 10_000_000:
                groups = groups - {"drag"}
            if points != min(arguments.points):
                groups = groups - {"hover"}
            if groups:
                await cloud_rows(browser, points, groups, arguments.apps, effort, samples)
        if "train" in arguments.only:
            await training_rows(browser, arguments.apps, effort, samples)
        if "ours" in arguments.apps:
            if "turn" in arguments.only:
                await turned_rows(browser, effort, samples)
            if "many" in arguments.only:
                await many_rows(browser, effort, samples)
            if "studio" in arguments.only:
                await studio_rows(browser, effort, samples)
            if "time" in arguments.only:
                await time_rows(browser, effort, samples)
        return browser.version


@contextmanager
def training_folder(samples: Samples) -> Iterator[None]:
    """Make a folder with MNIST's files, for the loader to unpack; without them digits are used instead."""
    shared = real_data()
    if not (shared / "MNIST").is_dir():
        samples.notes.append(f"no MNIST in {shared}: the training rows are measured on digits instead")
        yield
        return
    with tempfile.TemporaryDirectory(prefix="explorer-bench-data-") as folder:
        shutil.copytree(shared / "MNIST", Path(folder) / "MNIST")
        os.environ[TRAINED_ON] = folder
        try:
            yield
        finally:
            del os.environ[TRAINED_ON]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", type=_groups, default=set(GROUPS), help=f"of {', '.join(GROUPS)}")
    parser.add_argument("--points", type=_sizes, default=SIZES, help="such as 1e6,1e7")
    parser.add_argument("--apps", type=_apps, default=APPS, help="stock, ours or both")
    parser.add_argument("--quick", action="store_true", help="a few repeats of each: to see that it works")
    parser.add_argument(
        "--json", type=Path, help=f"where to write the table; a whole run writes {RESULTS.name}"
    )
    parser.add_argument("--merge", type=Path, help="a written table to put the measured rows into")
    arguments = parser.parse_args()
    whole = not arguments.quick and arguments.only == set(GROUPS) and arguments.apps == APPS
    arguments.whole = whole and arguments.points == SIZES
    return arguments


def _groups(text: str) -> set[str]:
    return set(_chosen(text, GROUPS))


def _apps(text: str) -> tuple[str, ...]:
    return _chosen(text, APPS)


def _chosen(text: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in allowed]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown {', '.join(unknown)}; choose from {', '.join(allowed)}")
    return names


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(float(part)) for part in text.split(","))


if __name__ == "__main__":
    main()
