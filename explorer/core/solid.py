"""A cloud in space, prepared once to be seen from any side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from explorer.core.depth import Front, front
from explorer.core.gridorder import GridOrder
from explorer.core.points import Points
from explorer.core.projections import Rotation, Turning
from explorer.core.viewport import Viewport


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """Codes in an order in which every side of them is counted fast.

    Attributes
    ----------
    codes
        In latent units, in the order of `grid`.
    """

    codes: Float32[np.ndarray, "points 3"]
    grid: GridOrder

    @classmethod
    def of(cls, codes: Float32[np.ndarray, "points 3"]) -> Solid:
        """Put codes into order (0.05 s for a million)."""
        grid = GridOrder.of_space(codes)
        return cls(codes.take(grid.order, axis=0), grid)

    def seen(self, points: Points, projection: Turning, *, dimmed: bool = False) -> Side:
        """Where the points are as the map is turned; those that it does not show are hidden, or dimmed.

        Parameters
        ----------
        points
            Made with this solid's grid, wherever they were then.
        """
        xy, near = projection.see(self.codes)
        behind = near < 0 if projection.sphere else None
        return Side(points.moved(xy, behind, dimmed=dimmed), xy, near)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A solid as it is seen from one side.

    Attributes
    ----------
    points
        Where they are from there.
    xy, near
        The same places, and how near each one is to the viewer, in rows of the points' frame.
    """

    points: Points
    xy: Float32[np.ndarray, "points 2"]
    near: Float32[np.ndarray, " points"]

    def front(self, viewport: Viewport) -> Front:
        """The front-most of the points that are not hidden, by pixel; as rows of the points' frame."""
        codes = self.points.frame["category"].cat.codes.to_numpy()
        hidden = self.points.columns - 1
        shown = codes != hidden if (codes == hidden).any() else None
        return front(self.xy, self.near, viewport, shown)


def warm_up() -> None:
    """Compile what a turned map needs (a second, once on a machine), on a handful of points."""
    codes, viewport = np.eye(3, dtype=np.float32), Viewport(-1.0, 1.0, -1.0, 1.0, 8, 8)
    solid = Solid.of(codes)
    points = Points.of(solid.codes[:, :2], grid=solid.grid)
    solid.seen(points, Rotation().fit(codes)).front(viewport)
