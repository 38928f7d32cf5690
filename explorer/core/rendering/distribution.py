"""The distribution of the values of a colouring along its scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64

from explorer.core.rendering.points import scale_of

CELLS = 256
"""The parts of a scale; about one for each pixel of the bar on the page."""


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """The number of values in each cell of a colour scale.

    Cells include their lower edge. The first and the last also hold what lies beyond the scale, as both have
    the colour of its end. The counts of neighbouring cells add up to the samples that `mask` selects.

    Attributes
    ----------
    edges
        The edges of the cells, from the low end of the scale to the high one.
    counts
        The number of finite values in each cell.
    """

    edges: Float32[np.ndarray, " edges"]
    counts: Int64[np.ndarray, " cells"]

    @classmethod
    def of(cls, values: Float32[np.ndarray, " n"], cells: int = CELLS) -> Distribution:
        """Count the values; less than a second for ten million."""
        low, high = scale_of(values) or (0.0, 1.0)
        edges = np.linspace(low, high, cells + 1).astype(np.float32)
        finite = values[np.isfinite(values)]
        # By comparison with the very edges that `mask` compares with: a quotient would round otherwise.
        found = np.searchsorted(edges[1:-1], finite, side="right")
        return cls(edges, np.bincount(found, minlength=cells))

    def mask(self, values: Float32[np.ndarray, " n"], start: int, stop: int) -> Bool[np.ndarray, " n"]:
        """Return the samples whose value lies in the cells from `start` up to `stop`, that one left out."""
        inside = np.isfinite(values)
        if start > 0:
            inside &= values >= self.edges[start]
        if stop < len(self.counts):
            inside &= values < self.edges[stop]
        return inside


def between(values: Float32[np.ndarray, " n"], low: float, high: float) -> Bool[np.ndarray, " n"]:
    """Return the samples whose value lies between two numbers, ends included, as exact as the values are."""
    with np.errstate(over="ignore"):
        return (values >= np.float32(low)) & (values <= np.float32(high))
