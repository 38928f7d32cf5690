"""Points in the order of a coarse grid: neighbours on the plane, or in space, are neighbours in memory.

Counting then runs twice as fast at 10 M points, because each pixel's counts are still in the cache when the
next point needs them; and a view that is zoomed in reads only the grid rows that it touches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float32, Int32, Int64

_SIDE = 128  # grid cells along each axis
_SIDE_IN_SPACE = 32  # so that the number of a cell has 16 bits, which are sorted in two passes


@dataclass(frozen=True, slots=True, eq=False)
class GridOrder:
    """The order of points by grid row, then by column, else as they came.

    Attributes
    ----------
    order
        The point at each place in the order.
    cells
        For each grid row the first place of each of its cells, and the end of the row.
    left, across
        Left edge of the grid and columns per unit. The outermost columns reach to infinity.
    low, scale
        Lower edge of the grid and rows per unit, upwards. The outermost rows reach to infinity.
    """

    order: Int32[np.ndarray, " points"]
    cells: Int64[np.ndarray, "rows ends"]
    left: float
    across: float
    low: float
    scale: float

    @classmethod
    def of(cls, x: Float32[np.ndarray, " points"], y: Float32[np.ndarray, " points"]) -> GridOrder:
        """Sort points, all of them finite (about 0.1 s for 10 M)."""
        across, upwards = _bulk(x), _bulk(y)
        order, cells = _in_grid_order(x, y, *across, *upwards, _SIDE)
        return cls(order, cells, *across, *upwards)

    @classmethod
    def of_any(cls, xy: Float32[np.ndarray, "points 2"]) -> GridOrder:
        """Return the order of points that will move: no view can leave any of them out."""
        order = cls.of(np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])).order
        return cls(order, np.array([[0, len(order)]]), 0.0, 0.0, 0.0, 0.0)

    @classmethod
    def of_space(cls, codes: Float32[np.ndarray, "points 3"]) -> GridOrder:
        """Sort points in space, all of them finite: from whichever side they are seen then, what lies side
        by side on the plane is near in memory. No view can leave any of them out.
        """
        cells = np.zeros(len(codes), np.uint16)
        for axis in range(3):
            low, scale = _bulk(codes[:, axis])
            along = (codes[:, axis] - np.float32(low)) * np.float32(scale * _SIDE_IN_SPACE / _SIDE)
            cells *= _SIDE_IN_SPACE
            cells += np.clip(along, 0, _SIDE_IN_SPACE - 1).astype(np.uint16)
        order = np.argsort(cells, kind="stable").astype(np.int32)
        return cls(order, np.array([[0, len(codes)]]), 0.0, 0.0, 0.0, 0.0)

    def span(self, y0: float, y1: float) -> tuple[int, int]:
        """Return first place and end of a span that holds every point with ``y0 <= y <= y1``."""
        first, last = _between(y0, y1, self.low, self.scale, len(self.cells))
        return int(self.cells[first, 0]), int(self.cells[last, -1])

    def parts(
        self, x0: float, x1: float, y0: float, y1: float
    ) -> tuple[Int64[np.ndarray, " rows"], Int64[np.ndarray, " rows"]]:
        """Return first places and ends of spans that hold every point of a rectangle, edges included."""
        first, last = _between(y0, y1, self.low, self.scale, len(self.cells))
        left, right = _between(x0, x1, self.left, self.across, self.cells.shape[1] - 1)
        rows = self.cells[first : last + 1]
        return rows[:, left], rows[:, right + 1]


def _between(start: float, end: float, low: float, scale: float, cells: int) -> tuple[int, int]:
    """Return the first and the last cell along an axis that hold the points between two places."""
    # The same expression as in the sorting, so that both round alike.
    first, last = (min(max(int((at - low) * scale), 0), cells - 1) for at in (start, end))
    return first, last


def _bulk(along: Float32[np.ndarray, " points"]) -> tuple[float, float]:
    """Return the lower edge and the cells per unit of a grid over the bulk of the points.

    Quantiles of a sample are enough, since the outermost cells reach to infinity; and an outlier does not
    push all the other points into one cell.
    """
    if not len(along):
        return 0.0, 1.0
    low, high = np.quantile(along[:: max(1, len(along) // 20_000)].astype(np.float64), (0.002, 0.998))
    return float(low), _SIDE / float(high - low) if high - low > 1e-30 else 1.0


@numba.njit(nogil=True, cache=True)
@no_type_check
def _in_grid_order(x, y, x0, x_scale, y0, y_scale, side):
    """Stable counting sort by cell, row by row: (order, first place of each cell and the end, row by row)."""
    n = x.size
    cell = np.empty(n, np.int32)
    ends = np.zeros(side * side + 1, np.int64)
    for i in range(n):
        # Clamped before the cast: an int of a far outlier would be undefined.
        column = min(max((x[i] - x0) * x_scale, 0.0), side - 1.0)
        row = min(max((y[i] - y0) * y_scale, 0.0), side - 1.0)
        cell[i] = int(row) * side + int(column)
        ends[cell[i] + 1] += 1
    for c in range(side * side):
        ends[c + 1] += ends[c]
    cells = np.empty((side, side + 1), np.int64)
    for row in range(side):
        cells[row] = ends[row * side : (row + 1) * side + 1]
    order = np.empty(n, np.int32)
    for i in range(n):
        order[ends[cell[i]]] = i
        ends[cell[i]] += 1
    return order, cells
