"""The front-most point of a turned cloud in each pixel, and its depth.

Picking takes the visible point; the depth cue makes distant points faint.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32, Float64, Int8, Int32, UInt32

from explorer.core.errors import ExplorerError
from explorer.core.projections.turnable.rotation_kernels import into_pixels
from explorer.core.scene.viewport import Viewport

FARTHEST = 0.25  # alpha of the farthest point in view: faint, and there


@dataclass(frozen=True, slots=True, eq=False)
class Front:
    """The front-most point of each pixel.

    Attributes
    ----------
    index
        The index of the point; -1 where there is none. Row 0 is at the bottom, as in `Counts`.
    depth
        Its distance towards the viewer, in the units that were given; -inf where there is none.
    """

    index: Int32[np.ndarray, "height width"]
    depth: Float32[np.ndarray, "height width"]
    viewport: Viewport

    def under(self, xy: tuple[float, float], within: int = 6) -> int | None:
        """Return the visible point at a place of the plane, or within so many pixels of it, else None."""
        width, height = self.viewport.pixel
        column = math.floor((xy[0] - self.viewport.x0) / width)
        row = math.floor((xy[1] - self.viewport.y0) / height)
        return self.pick(column, row, within)

    def of(self, which: Int32[np.ndarray, " points"]) -> Front:
        """Return the same with other indices: ``which[i]`` for point i."""
        named = np.where(self.index >= 0, which.take(self.index, mode="clip"), -1).astype(np.int32)
        return replace(self, index=named)

    def alpha(self, farthest: float | int = FARTHEST) -> Float32[np.ndarray, "height width"]:
        """Return the opacity by depth, from ``farthest`` to 1 at the nearest point in view; 0 where empty.

        It is linear in between, over the visible points. Where all are equally near, it is 1.

        Raises
        ------
        ExplorerError
            Where ``farthest`` is not in 0..1.
        """
        if not 0 <= farthest <= 1:
            raise ExplorerError(f"the farthest point cannot have an opacity of {farthest}; give 0 to 1.")
        held = self.index >= 0
        alpha = np.zeros_like(self.depth)
        if held.any():
            seen = self.depth[held].astype(np.float64)
            low, high = seen.min(), seen.max()
            nearness = (seen - low) / (high - low) if high > low else np.ones_like(seen)
            alpha[held] = farthest + (1 - farthest) * nearness
        return alpha

    def pick(self, column: int, row: int, within: int = 0) -> int | None:
        """Return the point to pick at a pixel: the front-most one of the nearest pixel that has any.

        Parameters
        ----------
        column, row
            From the left and from the bottom.
        within
            The most pixels that it may be away.

        Returns
        -------
        None where there is none, or the pixel is not on the map.
        """
        height, width = self.index.shape
        left, low = max(column - within, 0), max(row - within, 0)
        near = self.index[low : max(row + within + 1, 0), left : max(column + within + 1, 0)]
        rows, columns = np.nonzero(near >= 0)
        away = np.hypot(rows + low - row, columns + left - column)
        if not len(away) or away.min() > within or not (0 <= column < width and 0 <= row < height):
            return None
        # Among equally near pixels, what lies in front.
        depths = self.depth[rows + low, columns + left]
        best = np.lexsort((-depths, away))[0]
        return int(near[rows[best], columns[best]])


def counted(
    xy: Float[np.ndarray, "points 2"],
    depth: Float[np.ndarray, " points"],
    category: Int8[np.ndarray, " points"],
    columns: int,
    viewport: Viewport,
    *,
    values: Float32[np.ndarray, " points"] | None = None,
    behind: int | None = None,
) -> tuple[
    UInt32[np.ndarray, "height width columns"], Float64[np.ndarray, "height width"] | None, Front | None
]:
    """Count the points of a view and find the front-most of each pixel, in one pass over them.

    The counts are those of `aggregate`. For a million points and 350 by 300 pixels both take 11 ms on one
    core, where `aggregate` and a pass for the front took 18. Of points that are equally near, to single
    precision, the first one is in front; those whose depth is not finite never are.

    Parameters
    ----------
    depth
        The distance of each point towards the viewer.
    category
        The category of each point, below ``columns``; as in `Points.frame`, the last is hidden.
    values
        Summed over the points of category 0, where numbers are shown.
    behind
        The category of visible points of negative depth, on the back of a globe. None for a cloud in space,
        where the front hides the others.

    Returns
    -------
    The counts and the sums, as `Counts` has them; and the front, of points that are not hidden, or None for a
    globe.
    """
    shape = viewport.height, viewport.width
    counts = np.zeros((*shape, columns), np.uint32)
    sums = None if values is None else np.zeros(shape)
    front = Front(np.full(shape, -1, np.int32), np.full(shape, -np.inf, np.float32), viewport)
    into_pixels(
        *(np.ascontiguousarray(xy[:, axis]) for axis in (0, 1)),
        depth,
        category,
        np.empty(0, np.float32) if values is None else values,
        -1 if behind is None else behind,
        *viewport.x_range,
        *viewport.y_range,
        counts,
        np.empty((0, 0)) if sums is None else sums,
        front.index,
        front.depth,
    )
    return counts, sums, front if behind is None else None
