"""The equal-area cylindrical map of the sphere."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64

from explorer.core.projections.turnable.sphere_map import SphereMap, crossing

_POLAR = 1e-9  # as near to the cylinder's axis as this there is no longitude
_TURN = 2 * np.pi


class Cylindrical(SphereMap):
    """The whole sphere on a rectangle, equal in area: longitude from -pi to pi, and height from -1 to 1.

    The cylinder's axis is the view's upward one, and longitude counts to the right from the place that
    faces the viewer: so centre and up are those of the other maps of the sphere, whose formulas have the
    viewer on the third axis. In the coordinates of a view that is ``(atan2(x, z), y)``, back by
    ``(sqrt(1 - y^2) sin x, y, sqrt(1 - y^2) cos x)``.

    Beyond its sides the map goes on as it began (`inverse` takes a longitude for what it is on the
    circle); above and below it, `inverse` takes the nearest place of its edge, and the whole of such an
    edge is one place, the pole. Near a pole ``inverse(forward(z))`` is as exact as the square root of the
    rounding: 1e-8 in double precision, 5e-4 in single.

    References
    ----------
    Lambert (1772); Snyder (1987), Map projections: a working manual, section 10.
    """

    key: ClassVar[str] = "cylindrical"

    @property
    def axis_labels(self) -> tuple[str, str]:
        return ("longitude (radians)", "height (sphere radii)") if self.latent else ("", "")

    @property
    def extent(self) -> tuple[tuple[float, float], tuple[float, float]]:
        return (-np.pi, np.pi), (-1.0, 1.0)

    @property
    def edge(self) -> Float64[np.ndarray, "_ 2"]:
        (left, right), (low, high) = self.extent
        return np.array([(left, low), (right, low), (right, high), (left, high), (left, low)])

    def _place(
        self, view: Float[np.ndarray, "3 points"]
    ) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
        return np.arctan2(view[0], view[2]), np.clip(view[1], -1, 1)

    def _lift(
        self, x: Float64[np.ndarray, " points"], y: Float64[np.ndarray, " points"]
    ) -> Float64[np.ndarray, "3 points"]:
        y = np.clip(y, -1, 1)
        across = np.sqrt((1 - y) * (1 + y))
        return np.stack([across * np.sin(x), y, across * np.cos(x)])

    def _parts(self, view: Float64[np.ndarray, "3 points"]) -> list[Float64[np.ndarray, "_ 2"]]:
        polar = np.hypot(view[0], view[2]) < _POLAR
        # A line along the seam must not cross it by the rounding of its points.
        view = np.stack([np.where(np.abs(view[0]) < _POLAR, 0.0, view[0]), view[1], view[2]])
        longitude, _ = self._place(view)
        parts = []
        bounds = np.flatnonzero(np.diff(np.pad(~polar, 1).astype(np.int8)))
        for start, stop in bounds.reshape(-1, 2):
            first, last = max(start - 1, 0), min(stop + 1, len(polar))
            # At a pole the line has the longitude of its neighbouring points.
            along = np.pad(longitude[start:stop], (start - first, last - stop), mode="edge")
            parts += _cut_at_seam(np.unwrap(along), view[:, first:last])
        return parts


def _cut_at_seam(
    longitude: Float64[np.ndarray, " points"], view: Float64[np.ndarray, "3 points"]
) -> list[Float64[np.ndarray, "_ 2"]]:
    """Cut a line, whose longitude is unbounded, where it leaves the map and enters at the other side."""
    turn = np.ceil((longitude - np.pi) / _TURN)
    cuts = np.flatnonzero(np.diff(turn))
    seams = (np.maximum(turn[cuts], turn[cuts + 1]) - 0.5) * _TURN
    met = [crossing(view, view[0], cut)[1] for cut in cuts]
    edges = [0, *(cuts + 1), len(longitude)]
    parts = []
    for part, (start, stop) in enumerate(pairwise(edges)):
        line = np.column_stack([longitude[start:stop], np.clip(view[1, start:stop], -1, 1)])
        before = [(seams[part - 1], met[part - 1])] if part else []
        after = [(seams[part], met[part])] if part < len(cuts) else []
        whole = np.array([*before, *line, *after])
        whole[:, 0] -= turn[start] * _TURN
        if np.ptp(whole, axis=0).any():
            parts.append(whole)
    return parts
