"""Counts of a view that was moved by whole pixels: only its new strips are counted.

During a drag of a map of very many points, each view contains nearly all of the one before. Its counts are
moved; the points of the strips at the edges are found by the grid that the points are sorted by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float64, UInt32

from explorer.core.rendering.points import Points
from explorer.core.rendering.shade import MANY, Counts, aggregate
from explorer.core.scene.viewport import Viewport

_WHOLE = 1e-6  # pixels by which a move may differ from whole ones: what the sums of a drag are rounded by


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """Counts of a view, and its offset in pixels from the view that was counted whole.

    Attributes
    ----------
    anchor
        The view that was counted whole.
    right, up
        The number of pixels that this one lies to its right, and above it.
    width, height
        The number of columns and rows that hold the points at their left and lower edges and no others. The
        last ones of a view that was counted whole hold those at its own edge too.
    """

    points: Points
    anchor: Viewport
    right: int
    up: int
    width: int
    height: int
    counts: UInt32[np.ndarray, "rows columns categories"]
    sums: Float64[np.ndarray, "rows columns"] | None


class Panning:
    """A counter of successive views, which keeps the counts of the last one. For one thread at a time.

    Returned arrays are overwritten by the call after the next.

    Parameters
    ----------
    least
        The least number of points; of fewer every view is counted whole.
    """

    def __init__(self, least: int = MANY) -> None:
        self._least = least
        self._known: _Known | None = None
        self._spare: UInt32[np.ndarray, "rows columns categories"] | None = None

    def aligned(self, points: Points, viewport: Viewport) -> Viewport:
        """Return the nearest view that lies whole pixels from the last; the view itself where there is none.

        It is half a pixel away at most: a drag moves by parts of pixels too.
        """
        known = self._known
        if known is None or known.points is not points or (move := _move(known.anchor, viewport)) is None:
            return viewport
        across, upwards = known.anchor.pixel
        return known.anchor.panned(round(move[0]) * across, round(move[1]) * upwards)

    def aggregate(self, points: Points, viewport: Viewport) -> Counts:
        """Count as `shade.aggregate` does; the right and upper edges of a moved view are open."""
        known = self._known
        if (
            known is not None
            and known.points is points
            and (move := _whole(known.anchor, viewport)) is not None
        ):
            self._known = self._moved(known, *move)
            self._spare = known.counts
            return Counts(self._known.counts, self._known.sums, points.colours)
        self._known = self._spare = None
        found = aggregate(points, viewport)
        if len(points) >= self._least:
            inner = viewport.width - 1, viewport.height - 1
            self._known = _Known(points, viewport, 0, 0, *inner, found.counts, found.sums)
        return found

    def _moved(self, known: _Known, right: int, up: int) -> _Known:
        rows, columns, _ = known.counts.shape
        by_x, by_y = right - known.right, up - known.up
        # The columns and rows of the new view that the known ones hold: none where it has jumped.
        left, low = min(max(-by_x, 0), columns), min(max(-by_y, 0), rows)
        stop, top = max(min(known.width - by_x, columns), left), max(min(known.height - by_y, rows), low)
        kept = slice(low, top), slice(left, stop)
        source = slice(low + by_y, top + by_y), slice(left + by_x, stop + by_x)
        counts = self._spare if self._spare is not None else np.empty_like(known.counts)
        sums = None if known.sums is None else np.zeros_like(known.sums)
        if top > low and stop > left:
            counts[kept] = known.counts[source]
            if sums is not None and known.sums is not None:
                sums[kept] = known.sums[source]
        found = _Known(known.points, known.anchor, right, up, columns, rows, counts, sums)
        for part in (
            (0, low, 0, columns),
            (top, rows, 0, columns),
            (low, top, 0, left),
            (low, top, stop, columns),
        ):
            _count(found, *part)
        return found


def warm_up() -> None:
    """Compile the kernels of a moved view (seconds, once on a machine), on a handful of points."""
    viewport = Viewport(0.0, 1.0, 0.0, 1.0, 8, 8)
    for values in (None, np.array([0.0, 1.0])):
        points = Points.of(np.array([[0.1, 0.2], [0.8, 0.9]], np.float32), values=values)
        panning = Panning(least=0)
        for step in (0, 1):
            panning.aggregate(points, viewport.panned(step / 8, 0))


def _move(anchor: Viewport, viewport: Viewport) -> tuple[float, float] | None:
    """Return how many pixels a view lies right of and above another; None where it has another scale."""
    if (anchor.width, anchor.height) != (viewport.width, viewport.height):
        return None
    across, upwards = anchor.pixel
    right, up = (viewport.x0 - anchor.x0) / across, (viewport.y0 - anchor.y0) / upwards
    wider, higher = (viewport.x1 - anchor.x1) / across - right, (viewport.y1 - anchor.y1) / upwards - up
    return (right, up) if max(abs(wider), abs(higher)) <= _WHOLE else None


def _whole(anchor: Viewport, viewport: Viewport) -> tuple[int, int] | None:
    """Return the same where it is whole pixels; None where it is not."""
    move = _move(anchor, viewport)
    if move is None or max(abs(by - round(by)) for by in move) > _WHOLE:
        return None
    return round(move[0]), round(move[1])


def _count(found: _Known, low: int, top: int, left: int, stop: int) -> None:
    """Count the points of some rows and columns of a view anew."""
    if top <= low or stop <= left:
        return
    points, anchor = found.points, found.anchor
    found.counts[low:top, left:stop] = 0
    across, upwards = anchor.pixel
    # A pixel more on each side, so that rounding loses no point: the kernel tests each one.
    starts, stops = points.grid.parts(
        anchor.x0 + (found.right + left - 1) * across,
        anchor.x0 + (found.right + stop + 1) * across,
        anchor.y0 + (found.up + low - 1) * upwards,
        anchor.y0 + (found.up + top + 1) * upwards,
    )
    x_scale, y_scale = anchor.width / (anchor.x1 - anchor.x0), anchor.height / (anchor.y1 - anchor.y0)
    frame = points.frame
    _into_part(
        frame["x"].to_numpy(),
        frame["y"].to_numpy(),
        frame["category"].cat.codes.to_numpy(),
        frame["value"].to_numpy() if found.sums is not None else np.empty(0, np.float32),
        starts,
        stops,
        (x_scale, -anchor.x0 * x_scale, found.right, left, stop),
        (y_scale, -anchor.y0 * y_scale, found.up, low, top),
        found.counts,
        np.empty((0, 0)) if found.sums is None else found.sums,
    )


@numba.njit(nogil=True, cache=True)
@no_type_check
def _into_part(xs, ys, category, values, starts, stops, along_x, along_y, counts, sums):
    """Add the points of some stretches to the counts, and the sums, of some columns and rows.

    The pixel of a point is computed as for the view that was counted whole, and whole pixels are subtracted:
    so no point is counted twice, and none left out.
    """
    x_scale, x_start, right, left, stop = along_x
    y_scale, y_start, up, low, top = along_y
    for part in range(len(starts)):
        for i in range(starts[part], stops[part]):
            column = np.floor(xs[i] * x_scale + x_start) - right
            if left <= column < stop:
                row = np.floor(ys[i] * y_scale + y_start) - up
                if low <= row < top:
                    counts[int(row), int(column), category[i]] += np.uint32(1)
                    if len(values):
                        sums[int(row), int(column)] += values[i]
