"""A cloud in space, prepared once for views from any side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from explorer.core.projections import Rotation, Turning
from explorer.core.rendering.depth_buffer import Front, counted
from explorer.core.rendering.grid_order import GridOrder
from explorer.core.rendering.points import Points
from explorer.core.rendering.shade import Counts
from explorer.core.scene.viewport import Viewport


@dataclass(frozen=True, slots=True, eq=False)
class Cloud3D:
    """Codes in an order in which a view from any side is counted fast.

    Attributes
    ----------
    codes
        In latent units, in the order of `grid`.
    view
        Memory for the current view.
    """

    codes: Float32[np.ndarray, "points 3"]
    grid: GridOrder
    view: Float32[np.ndarray, "3 points"]

    @classmethod
    def of(cls, codes: Float32[np.ndarray, "points 3"]) -> Cloud3D:
        """Put codes into order (0.05 s for a million)."""
        grid = GridOrder.of_space(codes)
        return cls(codes.take(grid.order, axis=0), grid, np.empty((3, len(codes)), np.float32))

    def counted(
        self, points: Points, projection: Turning, viewport: Viewport, *, dimmed: bool = False
    ) -> tuple[Counts, Front | None]:
        """Count the points as the map is turned; points on its back are hidden, or dimmed.

        Parameters
        ----------
        points
            Made with this cloud's grid, at any positions.

        Returns
        -------
        The counts; and the front-most points as rows of the points' frame, None for a globe.
        """
        xy, near = projection.see(self.codes, self.view)
        back = points.columns - (2 if dimmed else 1)
        counts, sums, front = counted(
            xy,
            near,
            points.frame["category"].cat.codes.to_numpy(),
            points.columns,
            viewport,
            values=points.frame["value"].to_numpy() if "value" in points.frame else None,
            behind=back if projection.sphere else None,
        )
        return Counts(counts, sums, points.colours), front


def warm_up() -> None:
    """Compile the kernels of a turned map (a second, once on a machine), on a handful of points."""
    codes, viewport = np.eye(3, dtype=np.float32), Viewport(-1.0, 1.0, -1.0, 1.0, 8, 8)
    solid = Cloud3D.of(codes)
    points = Points.of(solid.codes[:, :2], grid=solid.grid)
    solid.counted(points, Rotation().fit(codes), viewport)
