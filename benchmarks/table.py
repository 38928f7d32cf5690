"""The table that ``make bench`` prints, and the same as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.arithmetic import Figure
from benchmarks.targets import TARGETS, Target, target

Figures = Mapping[str, Mapping[str, Figure]]  # key of the target -> "stock" or "ours" -> figure
PACKAGES = ("torch", "panel", "holoviews", "bokeh", "datashader", "numpy", "pandas", "playwright")
HEAD = ("work", "unit", "stock", "ours", "ratio", "target", "met")


@dataclass(frozen=True, slots=True)
class Row:
    """A target beside its measured figures."""

    target: Target
    stock: Figure | None
    ours: Figure | None

    @property
    def ratio(self) -> float | None:
        """The factor by which ours is better than stock, in the direction of the row; None beside a zero."""
        if self.stock is None or self.ours is None:
            return None
        better, worse = self.ours.value, self.stock.value
        if self.target.smaller_is_better:
            better, worse = worse, better
        return better / worse if worse else None

    @property
    def verdict(self) -> str:
        """``met``, ``not met``, or a dash where there is no bound or no figure."""
        met = self.target.met(self.ours.value if self.ours else None)
        return "-" if met is None else "met" if met else "not met"


def rows(figures: Figures) -> list[Row]:
    """Return one row per target with a figure, in the order of the design."""
    order = [one.key for one in TARGETS if one.key in figures]
    order += [key for key in figures if key not in order]
    return [Row(target(key), figures[key].get("stock"), figures[key].get("ours")) for key in order]


def number(value: float) -> str:
    """Return a number with three significant digits and no exponent, for reading."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def text(table: Sequence[Row], notes: Sequence[str] = ()) -> str:
    """Return the table as aligned text, also valid Markdown, with its notes below."""
    lines = aligned([HEAD, *(_cells(row) for row in table)])
    return "\n".join([lines, *(["", *(f"- {note}" for note in notes)] if notes else [])])


def aligned(cells: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as an aligned Markdown table, the first row its head."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def write(
    path: Path,
    table: Sequence[Row],
    notes: Sequence[str],
    facts: Mapping[str, object],
    later: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write the table as JSON, whole or not at all.

    `later` has the parts that were not measured with the rest, each as `part` makes it.
    """
    content = {
        "machine": dict(facts),
        "notes": list(notes),
        "later": list(later),
        "rows": [
            {
                "key": row.target.key,
                "work": row.target.work,
                "unit": row.target.unit,
                "stock": asdict(row.stock) if row.stock else None,
                "ours": asdict(row.ours) if row.ours else None,
                "ratio": row.ratio,
                "target": row.target.bound,
                "verdict": row.verdict,
            }
            for row in table
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(partial, path)


def merged(path: Path, table: Sequence[Row]) -> tuple[list[Row], list[str], list[dict[str, Any]]]:
    """Put newly measured rows in the place of those of the same keys in a written table.

    Returns
    -------
    All rows, in the order of the design; the notes of the table; and the records of the parts that were
    measured later than it, as `write` takes them, without the new rows.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    keys = {row.target.key for row in table}
    kept = [
        Row(target(row["key"]), *(Figure(**row[app]) if row[app] else None for app in ("stock", "ours")))
        for row in content["rows"]
        if row["key"] not in keys
    ]
    order = {one.key: place for place, one in enumerate(TARGETS)}
    every = sorted([*kept, *table], key=lambda row: order.get(row.target.key, len(order)))
    later = [
        {**part, "keys": [key for key in part["keys"] if key not in keys]}
        for part in content.get("later", ())
    ]
    return every, content["notes"], [part for part in later if part["keys"]]


def part(table: Sequence[Row], notes: Sequence[str], facts: Mapping[str, object]) -> dict[str, Any]:
    """Return the record of rows that are merged into a table measured before."""
    return {"keys": [row.target.key for row in table], "machine": dict(facts), "notes": list(notes)}


def machine(browser: str) -> dict[str, object]:
    """Return the conditions of the figures: cores, memory, versions, the date."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "browser": browser,
        **{name: _version(name) for name in PACKAGES},
    }


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.target.work,
        row.target.unit,
        number(row.stock.value) if row.stock else "-",
        number(row.ours.value) if row.ours else "-",
        f"{number(row.ratio)}x" if row.ratio is not None else "-",
        row.target.bound or "-",
        row.verdict,
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
