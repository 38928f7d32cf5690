"""Boxes and radii of a cloud without its outliers, which would squash the rest on a map.

At least `HELD` of the points are held, and all that lie up to half as far out again: only what is farther
is an outlier.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64

HELD = 0.995
"""The least share of the points that is held."""

_FARTHER = 1.5
_SAMPLE = 20_000  # points that are enough to see where outliers begin


def inner_corners(xy: Float[np.ndarray, "points 2"]) -> Float64[np.ndarray, "2 2"]:
    """Return the lower left and upper right corner of the points without outliers.

    Rows that are not finite are passed over; without any other the corners are both the origin.
    """
    whole = corners(xy)
    sample = xy
    if len(xy) > _SAMPLE:
        sample = xy[np.random.default_rng(0).integers(0, len(xy), _SAMPLE)]
    low, high = _reach(sample)
    if (low <= whole[0]).all() and (whole[1] <= high).all():
        return whole
    inside = _inside(xy, low, high)
    if np.count_nonzero(inside) < HELD * len(xy):
        inside = _inside(xy, *_reach(xy))  # the sample is not like the rest
    return corners(xy[inside])


def inner_radius(radii: Float[np.ndarray, " points"]) -> float:
    """Return the largest radius without outliers, of at least one."""
    held = np.partition(radii, _last(len(radii)))[_last(len(radii))]
    return float(radii[radii <= _FARTHER * held].max())


def corners(xy: Float[np.ndarray, "points 2"]) -> Float64[np.ndarray, "2 2"]:
    """Return the lower left and upper right corner of the finite rows; the origin twice without any."""
    if len(xy):
        # Column by column: both at once take numpy four to fourteen times as long.
        columns = xy[:, 0], xy[:, 1]
        found = np.array([[c.min() for c in columns], [c.max() for c in columns]], dtype=np.float64)
        if np.isfinite(found).all():
            return found
        kept = xy[np.isfinite(xy).all(axis=1)]
        if len(kept):
            return corners(kept)
    return np.zeros((2, 2))


def union(one: Float64[np.ndarray, "2 2"], other: Float64[np.ndarray, "2 2"]) -> Float64[np.ndarray, "2 2"]:
    """Return the corners of a box around two boxes."""
    return np.stack([np.minimum(one[0], other[0]), np.maximum(one[1], other[1])])


def _reach(xy: Float[np.ndarray, "points 2"]) -> tuple[Float64[np.ndarray, "2"], Float64[np.ndarray, "2"]]:
    """Return the corners of a box beyond which a point is an outlier.

    The points that are held are those nearest to the median, in units of each axis' own spread.
    """
    xy = xy[np.isfinite(xy).all(axis=1)].astype(np.float64)
    if not len(xy):
        return np.zeros(2), np.zeros(2)
    middle = np.median(xy, axis=0)
    away = np.abs(xy - middle)
    spread = np.quantile(away, HELD, axis=0)
    # Along an axis without a spread, as across a latent line, whatever is off it is far out.
    flat = np.where(away > 0, np.inf, 0.0)
    out = np.divide(away, spread, out=flat, where=np.broadcast_to(spread > 0, away.shape)).max(axis=1)
    last = _last(len(xy))
    low, high = corners(xy[out <= np.partition(out, last)[last]])
    centre, half = (low + high) / 2, _FARTHER * (high - low) / 2
    return centre - half, centre + half


def _inside(
    xy: Float[np.ndarray, "points 2"], low: Float64[np.ndarray, "2"], high: Float64[np.ndarray, "2"]
) -> Bool[np.ndarray, " points"]:
    x, y = xy[:, 0], xy[:, 1]
    return (x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1])


def _last(count: int) -> int:
    """Return the rank of the last point that is held, of so many."""
    return count - 1 - int((1 - HELD) * count)
