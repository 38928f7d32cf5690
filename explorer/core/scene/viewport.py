"""The part of the plane that is on the screen, and its size in pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from explorer.core.errors import ExplorerError
from explorer.core.latent.outliers import corners

LARGEST_SIDE = 8192  # pixels; a browser that asks for more would take the server's memory

_DRAFT_FROM = 50_000
"""Points above which a map that is being turned has a quarter of the pixels: counting a million in any order
misses the cache at nearly each of them, unless the counts are few; and of so many points, few are single
dots that would be seen to grow."""

# Ranges narrower than this share of their distance from zero have no float64 positions to tell apart.
_FINEST = 1e-9


@dataclass(frozen=True, slots=True)
class Viewport:
    """A rectangle of the plane with its size on the screen.

    Attributes
    ----------
    x0, x1, y0, y1
        The visible ranges, in the units of the projection (latent units, unscaled); x to the right, y up.
    width, height
        Pixels.

    Raises
    ------
    ExplorerError
        Where a bound is not finite, a range is empty or inverted, or a side has no pixel.
    """

    x0: float | int
    x1: float | int
    y0: float | int
    y1: float | int
    width: int
    height: int

    def __post_init__(self) -> None:
        for name, low, high in (("x", self.x0, self.x1), ("y", self.y0, self.y1)):
            if not (math.isfinite(low) and math.isfinite(high)):
                raise ExplorerError(f"the {name} range {low} to {high} is not finite; give two numbers")
            if high - low <= _FINEST * max(abs(low), abs(high)):
                raise ExplorerError(
                    f"the {name} range {low} to {high} is empty or inverted; its end must lie above its start"
                )
        for name, side in (("width", self.width), ("height", self.height)):
            if not 1 <= side <= LARGEST_SIDE:
                raise ExplorerError(
                    f"a map cannot have a {name} of {side} pixels; give 1 to {LARGEST_SIDE} pixels"
                )

    @classmethod
    def of_ranges(
        cls,
        x_range: tuple[float | int, float | int],
        y_range: tuple[float | int, float | int],
        width: int,
        height: int,
    ) -> Viewport:
        """Make the viewport of a figure's two ranges and its size in pixels, unchanged."""
        return cls(
            float(x_range[0]),
            float(x_range[1]),
            float(y_range[0]),
            float(y_range[1]),
            int(width),
            int(height),
        )

    @classmethod
    def around(
        cls, xy: Float[np.ndarray, "points 2"], width: int, height: int, margin: float | int = 0.05
    ) -> Viewport:
        """Return the smallest viewport that holds every point, with one scale on both axes.

        One unit is as long upwards as it is sideways, so that distances on the map can be compared.
        Points that all lie in one place get a unit on either side; with no finite point at all, the
        place is the origin.

        Parameters
        ----------
        xy
            Positions on the plane; rows that are not finite are passed over.
        margin
            Free space on every side, as a share of the points' own extent.
        """
        if width < 1 or height < 1:
            raise ExplorerError(f"a map cannot have {width} x {height} pixels; give at least one of each")
        (x0, y0), (x1, y1) = corners(xy).tolist()
        unit = max((x1 - x0) * (1 + 2 * margin) / width, (y1 - y0) * (1 + 2 * margin) / height)
        if unit * min(width, height) <= 1e-6 * max(1.0, abs(x0), abs(x1), abs(y0), abs(y1)):
            unit = 2 * max(1.0, 1e-3 * max(abs(x0), abs(y0))) / min(width, height)
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        dx, dy = unit * width / 2, unit * height / 2
        return cls(x - dx, x + dx, y - dy, y + dy, int(width), int(height))

    @property
    def x_range(self) -> tuple[float, float]:
        return float(self.x0), float(self.x1)

    @property
    def y_range(self) -> tuple[float, float]:
        return float(self.y0), float(self.y1)

    @property
    def pixel(self) -> tuple[float, float]:
        """Width and height of one pixel, in units of the plane."""
        return (self.x1 - self.x0) / self.width, (self.y1 - self.y0) / self.height

    def contains(self, xy: Float[np.ndarray, "points 2"]) -> Bool[np.ndarray, " points"]:
        """Tell which points are in view; all four edges belong to it."""
        x, y = xy[:, 0], xy[:, 1]
        return (x >= self.x0) & (x <= self.x1) & (y >= self.y0) & (y <= self.y1)

    def alike(self, other: Viewport) -> bool:
        """Tell whether both have one middle and one scale, to a pixel, whatever their sizes."""
        same = other.resized(self.width, self.height)
        (dx, dy), here = self.pixel, (self.x0, self.x1, self.y0, self.y1)
        there = (same.x0, same.x1, same.y0, same.y1)
        return all(abs(a - b) <= max(dx, dy) for a, b in zip(here, there, strict=True))

    def panned(self, dx: float | int, dy: float | int) -> Viewport:
        """Return the viewport moved by (dx, dy) units of the plane."""
        return replace(self, x0=self.x0 + dx, x1=self.x1 + dx, y0=self.y0 + dy, y1=self.y1 + dy)

    def zoomed(self, factor: float | int, at: tuple[float | int, float | int] | None = None) -> Viewport:
        """Return the viewport ``factor`` times as close; the plane position ``at`` keeps its pixel.

        Parameters
        ----------
        factor
            Above 1 comes closer, below 1 steps back.
        at
            The position that keeps its pixel, by default the middle.
        """
        if not (math.isfinite(factor) and factor > 0):
            raise ExplorerError(f"cannot zoom by {factor}; give a factor above 0")
        x, y = at if at is not None else ((self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2)
        return replace(
            self,
            x0=x + (self.x0 - x) / factor,
            x1=x + (self.x1 - x) / factor,
            y0=y + (self.y0 - y) / factor,
            y1=y + (self.y1 - y) / factor,
        )

    def draft(self, points: int) -> Viewport:
        """Return the same ranges for a draft: with a quarter of the pixels where there are many points."""
        if points <= _DRAFT_FROM:
            return self
        return replace(self, width=-(-self.width // 2), height=-(-self.height // 2))

    def resized(self, width: int, height: int) -> Viewport:
        """Return the viewport with the same middle at the same scale, on a screen of another size."""
        dx, dy = self.pixel
        x, y = (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2
        return Viewport(
            x - dx * width / 2, x + dx * width / 2, y - dy * height / 2, y + dy * height / 2, width, height
        )
