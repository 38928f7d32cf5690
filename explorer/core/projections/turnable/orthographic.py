"""The orthographic map: the sphere as seen from far away."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64

from explorer.core.projections.turnable.sphere_map import SphereMap, circle


class Orthographic(SphereMap):
    """The sphere's front half on the unit disc: ``(x, y)`` as seen, back by ``z = sqrt(1 - x^2 - y^2)``.

    A code of the back half falls on the place of the front half that hides it; `visible` tells them
    apart. Beside the disc there is no sphere: `inverse` takes the nearest place of the rim there.

    On the rim the sphere runs along the line of sight, so that ``inverse(forward(z))`` is as exact there
    as the square root of the rounding: 1e-8 in double precision, 5e-4 in single.

    References
    ----------
    Snyder (1987), Map projections: a working manual, section 20.
    """

    key: ClassVar[str] = "orthographic"

    @property
    def axis_labels(self) -> tuple[str, str]:
        return ("x (sphere radii)", "y (sphere radii)") if self.latent else ("", "")

    @property
    def extent(self) -> tuple[tuple[float, float], tuple[float, float]]:
        return (-1.0, 1.0), (-1.0, 1.0)

    @property
    def edge(self) -> Float64[np.ndarray, "_ 2"]:
        return circle(1.0)

    def _place(
        self, view: Float[np.ndarray, "3 points"]
    ) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
        return view[0], view[1]

    def _lift(
        self, x: Float64[np.ndarray, " points"], y: Float64[np.ndarray, " points"]
    ) -> Float64[np.ndarray, "3 points"]:
        away = np.maximum(np.hypot(x, y), 1.0)
        x, y = x / away, y / away
        return np.stack([x, y, np.sqrt(np.maximum(1 - x * x - y * y, 0.0))])

    def _depth(self, view: Float[np.ndarray, "3 points"]) -> Float[np.ndarray, " points"]:
        return view[2]
