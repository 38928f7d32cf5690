"""Medians, quantiles and paired ratios: the harness's own arithmetic, apart from any clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure of one app: its value and the repeats behind it."""

    value: float
    n: int
    low: float
    high: float


def quantile(values: Sequence[float], share: float) -> float:
    """Return the `share` quantile by linear interpolation (NumPy's default), of at least one value."""
    if not values:
        raise ValueError("no value was measured")
    return float(np.quantile(np.asarray(values, dtype=float), share))


def figure(values: Sequence[float], share: float = 0.5) -> Figure:
    """Return the `share` quantile with the number of repeats and their quartiles."""
    return Figure(quantile(values, share), len(values), quantile(values, 0.25), quantile(values, 0.75))


def paired_ratios(alone: Sequence[float], together: Sequence[float]) -> list[float]:
    """Return each hovered interval over the mean of the two undisturbed intervals around it.

    The intervals alternate alone, together, alone, ..., alone, so that a drift of the machine's speed
    changes both sides of a ratio.
    """
    if len(alone) != len(together) + 1:
        raise ValueError(f"{len(together)} intervals need {len(together) + 1} around them, not {len(alone)}")
    return [
        2.0 * value / (before + after) if before + after > 0 else float("nan")
        for value, before, after in zip(together, alone[:-1], alone[1:], strict=True)
    ]


def rate(shown: Iterable[float], start: float, end: float) -> float:
    """Return the distinct instants of `shown` within ``[start, end]`` per second; all in milliseconds.

    Two images drawn into the same frame of the screen count once: only the last was visible.
    """
    if end <= start:
        raise ValueError(f"an interval from {start} to {end} ms has no length")
    return len({instant for instant in shown if start <= instant <= end}) / (end - start) * 1e3


def answers(asked: Sequence[float], shown: Sequence[float], patience: float) -> tuple[list[float], int]:
    """Return the delay from each question to the first answer after it, and the number without one.

    An answer belongs to a question only before the next question and within `patience`.
    """
    delays: list[float] = []
    lost = 0
    edges = [*asked[1:], float("inf")]
    for start, following in zip(asked, edges, strict=True):
        after = [instant for instant in shown if start <= instant < min(following, start + patience)]
        if after:
            delays.append(min(after) - start)
        else:
            lost += 1
    return delays, lost
