"""Shapes drawn on the plane and the samples inside them, exactly and at any zoom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Bool, Float

from explorer.core.errors import BadSelection

HOW = ("replace", "add", "remove", "intersect")

_SLABS = 512  # horizontal strips of a lasso; a point is tested against the edges of its own strip


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the plane; all four edges belong to it. Corners may be given in any order.

    Raises
    ------
    BadSelection
        Where a corner is not finite or a side has no length.
    """

    x0: float | int
    y0: float | int
    x1: float | int
    y1: float | int

    def __post_init__(self) -> None:
        corners = (self.x0, self.y0, self.x1, self.y1)
        if not np.isfinite(corners).all():
            raise BadSelection(f"a box from {corners[:2]} to {corners[2:]} is not finite; draw it on the map")
        if self.x0 == self.x1 or self.y0 == self.y1:
            raise BadSelection("a box without area holds no points; drag from one corner to the opposite one")

    def mask(self, xy: Float[np.ndarray, "points 2"]) -> Bool[np.ndarray, " points"]:
        """Tell which points lie in the box; those that are not finite do not."""
        x, y = xy[:, 0], xy[:, 1]
        x0, x1 = sorted((self.x0, self.x1))
        y0, y1 = sorted((self.y0, self.y1))
        # As float64 scalars: a float32 column would otherwise round the box before comparing.
        low, high = np.array([x0, y0], np.float64), np.array([x1, y1], np.float64)
        return (x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1])


@dataclass(frozen=True, slots=True, eq=False)
class Lasso:
    """A closed line on the plane; a place is inside if a ray from it crosses the line an odd number of times.

    So where the line crosses itself, places that it goes round twice are outside (the even-odd rule, as
    in SVG). A point on the line itself is treated as a pixel treats its points: on a left or lower edge
    it is inside, on a right or upper edge outside, so that of two lassos that share an edge exactly one
    has the points on it.

    Attributes
    ----------
    vertices
        Corners in drawing order; the last is joined to the first.

    Raises
    ------
    BadSelection
        Where there are fewer than three corners, one is not finite, or all lie on one line.
    """

    vertices: Float[np.ndarray, "vertices 2"]

    def __post_init__(self) -> None:
        corners = np.array(self.vertices, dtype=np.float64)
        if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3:
            raise BadSelection(
                f"a lasso needs three corners or more, not {len(corners)}; draw around some points"
            )
        if not np.isfinite(corners).all():
            raise BadSelection("a corner of the lasso is not finite; draw it on the map")
        away = corners - corners[0]
        furthest = away[np.argmax((away**2).sum(axis=1))]
        if np.abs(away[:, 0] * furthest[1] - away[:, 1] * furthest[0]).max() <= 1e-12 * (furthest**2).sum():
            raise BadSelection(
                "the lasso's corners lie on one line, so it holds no area; draw around some points"
            )
        corners.setflags(write=False)
        object.__setattr__(self, "vertices", corners)

    def mask(self, xy: Float[np.ndarray, "points 2"]) -> Bool[np.ndarray, " points"]:
        """Tell which points lie inside; those that are not finite do not.

        A point is tested against the edges at its height only (found by strip), in float64.

        References
        ----------
        Shimrat (1962), Algorithm 112: position of point relative to polygon; with Franklin's half-open edges.
        """
        lower, upper = self.vertices, np.roll(self.vertices, -1, axis=0)
        # Every edge from its lower to its upper end, so that it rounds alike whichever way it was drawn.
        turned = lower[:, 1] > upper[:, 1]
        lower, upper = np.where(turned[:, None], upper, lower), np.where(turned[:, None], lower, upper)
        return _odd_crossings(xy[:, 0], xy[:, 1], lower, upper, _SLABS)


def intersection(*masks: Bool[np.ndarray, " n"] | None) -> Bool[np.ndarray, " n"] | None:
    """Return the samples that all masks have; None, as a mask and as the answer, is every sample."""
    given = [mask for mask in masks if mask is not None]
    return np.logical_and.reduce(given) if given else None


def random(n_total: int, n: int, seed: int) -> Bool[np.ndarray, " n"]:
    """Draw ``n`` of ``n_total`` samples, none twice; the same ones for the same seed."""
    if not 1 <= n <= n_total:
        raise BadSelection(f"cannot take {n:,} of {n_total:,} samples; give a number from 1 to {n_total:,}")
    mask = np.zeros(n_total, dtype=bool)
    mask[np.random.default_rng(seed).choice(n_total, n, replace=False, shuffle=False)] = True
    return mask


def combine(
    current: Bool[np.ndarray, " before"] | None, new: Bool[np.ndarray, " n"], how: str = "replace"
) -> Bool[np.ndarray, " n"]:
    """Return the selection after ``new`` was drawn; no selection (None) is the empty one.

    Parameters
    ----------
    how
        ``replace`` takes the new one, ``add`` either, ``remove`` the current without the new,
        ``intersect`` both.
    """
    if current is None:
        current = np.zeros_like(new)
    if current.shape != new.shape:
        raise BadSelection(
            f"a selection over {len(current):,} samples does not fit one over {len(new):,}; select again"
        )
    if how == "replace":
        return new.copy()
    if how == "add":
        return current | new
    if how == "remove":
        return current & ~new
    if how == "intersect":
        return current & new
    raise BadSelection(f"unknown way to combine {how!r}; choose from {', '.join(HOW)}")


def invert(mask: Bool[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Return the other samples."""
    return ~mask


def warm_up() -> None:
    """Compile the lasso's loop (a second, once on a machine): the first lasso need not wait for it."""
    triangle = Lasso(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    triangle.mask(np.zeros((2, 2), np.float32))


# Without annotations: the checks that the test-suite wraps around annotated functions cannot be compiled.
@numba.njit(nogil=True, cache=True)
@no_type_check
def _odd_crossings(x, y, lower, upper, slabs):
    edges = len(lower)
    low, high = lower[:, 1].min(), upper[:, 1].max()
    left, right = min(lower[:, 0].min(), upper[:, 0].min()), max(lower[:, 0].max(), upper[:, 0].max())
    scale = slabs / (high - low)
    # The same non-decreasing expression places edges and points, so no edge at a point's height is missed.
    first, last = np.empty(edges, np.int64), np.empty(edges, np.int64)
    starts = np.zeros(slabs + 1, np.int64)
    for e in range(edges):
        first[e] = min(int((lower[e, 1] - low) * scale), slabs - 1)
        last[e] = min(int((upper[e, 1] - low) * scale), slabs - 1)
        for s in range(first[e], last[e] + 1):
            starts[s + 1] += 1
    for s in range(slabs):
        starts[s + 1] += starts[s]
    held, filled = np.empty(starts[-1], np.int64), starts[:-1].copy()
    for e in range(edges):
        for s in range(first[e], last[e] + 1):
            held[filled[s]] = e
            filled[s] += 1
    inside = np.zeros(len(x), np.bool_)
    for i in range(len(x)):
        px, py = np.float64(x[i]), np.float64(y[i])
        if not (left <= px <= right and low <= py <= high):
            continue
        slab = min(int((py - low) * scale), slabs - 1)
        odd = False
        for k in range(starts[slab], starts[slab + 1]):
            e = held[k]
            if lower[e, 1] <= py < upper[e, 1]:
                slope = (upper[e, 0] - lower[e, 0]) / (upper[e, 1] - lower[e, 1])
                if px < lower[e, 0] + (py - lower[e, 1]) * slope:
                    odd = not odd
        inside[i] = odd
    return inside
