"""The change between two maps of the same samples, measure by measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from explorer.core.errors import ExplorerError
from explorer.core.quality.bootstrap import interval
from explorer.core.quality.values import Measure, Quality


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One measure before and after.

    Attributes
    ----------
    change
        After less before; None where either has no value.
    low, high
        The middle 95 % of the change when the samples are drawn again, the same ones for both maps: it is
        mostly narrower than what the two intervals suggest.
    """

    before: Measure
    after: Measure
    change: float | None
    low: float | None
    high: float | None

    @property
    def name(self) -> str:
        """The name of the measure."""
        return self.before.name

    @property
    def verdict(self) -> str:
        """The change in words: "better", "worse", "no clear change", or the reason why there is none."""
        if self.low is None or self.high is None:
            return self.before.reason or self.after.reason
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "no clear change"


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The measures of two maps of the same samples, in the order of `values.MEASURES`."""

    changes: tuple[Change, ...]

    def __getitem__(self, name: str) -> Change:
        return next(change for change in self.changes if change.name == name)

    def frame(self) -> pd.DataFrame:
        """Return a frame with a row a measure.

        Columns: ``before``, ``before_low``, ``before_high``, the same of ``after`` and of ``change``,
        ``baseline``, ``verdict``.
        """
        rows = {
            change.name: {
                "before": change.before.value,
                "before_low": change.before.low,
                "before_high": change.before.high,
                "after": change.after.value,
                "after_low": change.after.low,
                "after_high": change.after.high,
                "change": change.change,
                "change_low": change.low,
                "change_high": change.high,
                "baseline": change.after.baseline
                if change.before.baseline is None
                else change.before.baseline,
                "verdict": change.verdict,
            }
            for change in self.changes
        }
        frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("measure")
        return frame.astype(dict.fromkeys(frame.columns[:-1], float))


def compare(before: Quality, after: Quality) -> Comparison:
    """Compare two maps of the same samples.

    Raises
    ------
    ExplorerError
        Where they were not measured on as many samples, neighbours and pairs, drawn from the same seed.
    """
    for what, one, other in (
        ("samples", before.of, after.of),
        ("neighbours", before.k, after.k),
        ("as seed", before.seed, after.seed),
        ("measured samples", len(before.rows), len(after.rows)),
    ):
        if one != other:
            raise ExplorerError(
                f"one map was measured with {one:,} {what} and the other with {other:,}; measure both alike."
            )
    if not np.array_equal(before.rows, after.rows):
        raise ExplorerError("two maps were measured on other samples each; measure both on the same.")
    pairs = zip(before.measures, after.measures, strict=True)
    return Comparison(tuple(_change(one, other) for one, other in pairs))


def _change(before: Measure, after: Measure) -> Change:
    if before.value is None or after.value is None or before.draws is None or after.draws is None:
        return Change(before, after, None, None, None)
    return Change(before, after, after.value - before.value, *interval(after.draws - before.draws))
