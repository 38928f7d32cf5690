"""The abstract SphereMap: the unit sphere of three coordinates on the plane."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float, Float64

from explorer.core.errors import ExplorerError
from explorer.core.projections.turnable.orientation import Orientation
from explorer.core.projections.turnable.rotation_kernels import into_view
from explorer.core.projections.turnable.turnable import Turning

_ROWS = 65_536  # at a time, so that what lies between the sphere and the plane stays in the cache
_CENTRE = np.zeros(3)
_TOUCHING = 1e-9  # as near to an edge as this counts as on it, whatever the rounding


class SphereMap(Turning):
    """A map of the sphere, exact both ways.

    A code is drawn where its direction meets the unit sphere. Each map has at its origin the place that
    the orientation turns towards the viewer, and draws the same directions from there to the right and
    up; so switching from one to another keeps the centre in its place, and leaves no direction mirrored
    or turned. A subclass has the map of the sphere as seen: x to the right, y up, z towards the viewer.
    """

    sphere: ClassVar[bool] = True

    @classmethod
    def _demand(cls) -> str:
        return "maps the sphere in 3 latent dimensions"

    def forward(self, z: Float[np.ndarray, "points latent"]) -> Float[np.ndarray, "points 2"]:
        """Place codes on the map by their direction.

        Raises
        ------
        ExplorerError
            For a code of length 0, which has no direction.
        """
        return self.see(z)[0]

    def see(
        self, z: Float[np.ndarray, "points latent"], into: Float[np.ndarray, "3 points"] | None = None
    ) -> tuple[Float[np.ndarray, "points 2"], Float[np.ndarray, " points"]]:
        into = np.empty((3, len(z)), dtype=z.dtype) if into is None else into
        xy, depth = into[:2].T, into[2]
        for rows, view in self._views(z, self.matrix):
            xy[rows, 0], xy[rows, 1] = self._place(view)
            depth[rows] = self._depth(view)
        return xy, depth

    def inverse(self, xy: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "points latent"]:
        """Lift points of the map onto the unit sphere.

        Raises
        ------
        NotFitted
            Before `fit`.
        """
        z = np.empty((len(xy), self.latent), dtype=xy.dtype)
        z[:] = self._lift(xy[:, 0].astype(np.float64), xy[:, 1].astype(np.float64)).T @ self.matrix
        return z

    def visible(self, z: Float[np.ndarray, "points latent"]) -> Bool[np.ndarray, " points"]:
        """Tell which codes lie in front of the map's edge, and are shown at their own places."""
        shown: np.ndarray = self.see(z)[1] >= 0
        return shown

    def trace(self, line: Float[np.ndarray, "points latent"]) -> list[Float64[np.ndarray, "_ 2"]]:
        """Draw a line of the sphere, given by codes along it, in the parts that are on the map.

        On a sphere that is turned to match another one, it is a line of that other one: the graticule stays.

        Parameters
        ----------
        line
            Close enough together that the straight stroke between two neighbours stands for the arc.

        Returns
        -------
        Plane positions along each part; where the map ends or is cut open, a part ends on its edge.
        """
        views = [view for _, view in self._views(line.astype(np.float64), self.orientation.matrix)]
        return self._parts(np.concatenate(views, axis=1)) if views else []

    def dragged(self, start: tuple[float, float], end: tuple[float, float]) -> Orientation:
        """Return the shortest rotation that brings the place at the start of a drag to its end."""
        lifted = self._lift(np.array([start[0], end[0]]), np.array([start[1], end[1]]))
        (a, b, c), (d, e, f) = lifted.T.tolist()
        return Orientation.between((a, b, c), (d, e, f))

    @property
    @abstractmethod
    def edge(self) -> Float64[np.ndarray, "_ 2"]:
        """The edge of the map: a closed line of plane positions, the same in any orientation."""

    @abstractmethod
    def _place(
        self, view: Float[np.ndarray, "3 points"]
    ) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
        """Return the map's x and y of points of the sphere in the view."""

    @abstractmethod
    def _lift(
        self, x: Float64[np.ndarray, " points"], y: Float64[np.ndarray, " points"]
    ) -> Float64[np.ndarray, "3 points"]:
        """Return the points of the sphere in the view at places of the map."""

    def _depth(self, view: Float[np.ndarray, "3 points"]) -> Float[np.ndarray, " points"]:
        """Return the distance before the map's edge, negative behind it; linear in space."""
        return np.ones_like(view[2])

    def _parts(self, view: Float64[np.ndarray, "3 points"]) -> list[Float64[np.ndarray, "_ 2"]]:
        """Return the parts of a line that lie in front of the map's edge."""
        depth = self._depth(view)
        depth = np.where(np.abs(depth) < _TOUCHING, 0.0, depth)
        bounds = np.flatnonzero(np.diff(np.pad(depth >= 0, 1).astype(np.int8)))
        parts = []
        for start, stop in bounds.reshape(-1, 2):
            before = [crossing(view, depth, start - 1)] if start else []
            after = [crossing(view, depth, stop - 1)] if stop < len(depth) else []
            part = np.column_stack([*before, view[:, start:stop], *after])
            if stop - start > 1 or depth[start] > 0:
                parts.append(np.column_stack(self._place(part)))
        return parts

    def _views(
        self, z: Float[np.ndarray, "points latent"], matrix: Float64[np.ndarray, "3 3"]
    ) -> Iterator[tuple[slice, Float[np.ndarray, "3 _"]]]:
        """Yield codes as unit directions, turned, some rows at a time."""
        z = np.ascontiguousarray(self._codes(z))
        for start in range(0, len(z), _ROWS):
            rows = slice(start, start + _ROWS)
            view = np.empty((3, len(z[rows])), z.dtype)
            if into_view(z[rows], matrix, _CENTRE, True, view):
                raise ExplorerError(
                    f"a code of length 0 has no direction, and so no place on the sphere of {self.key!r}; "
                    "leave it out or choose another projection."
                )
            yield rows, view

    def _fit(self, z: Float[np.ndarray, "points latent"]) -> None:
        """Do nothing: the map has no parameters."""
        if not z.any(axis=1).all():
            raise ExplorerError(
                f"{np.count_nonzero(~z.any(axis=1)):,} of {len(z):,} codes have length 0 and no place on "
                f"the sphere of {self.key!r}; leave them out or choose another projection."
            )


def circle(radius: float) -> Float64[np.ndarray, "_ 2"]:
    """Return a circle around the origin as a closed line."""
    angle = np.linspace(0, 2 * np.pi, 241)
    return radius * np.column_stack([np.cos(angle), np.sin(angle)])


def crossing(
    view: Float64[np.ndarray, "3 points"], depth: Float64[np.ndarray, " points"], index: int | np.integer
) -> Float64[np.ndarray, "3"]:
    """Return the place between two neighbouring points of a line at which the depth is 0."""
    near, far = view[:, index], view[:, index + 1]
    share = depth[index] / (depth[index] - depth[index + 1])
    met = near + share * (far - near)
    edge: np.ndarray = met / np.linalg.norm(met)
    return edge
