"""The stereographic map: the sphere as seen from its far pole, conformal."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import param
from jaxtyping import Float, Float64

from explorer.core.projections.turnable.sphere_map import SphereMap, circle

_HOME = 3.0  # the radius that holds nine tenths of the sphere
_FARTHEST = 1e8  # the place of the far pole itself, so that every code has a finite place


class Stereographic(SphereMap):
    """The whole sphere on the whole plane, conformal: ``(x, y) / (1 + z)`` as it is seen from the far pole.

    Back by ``(2 x, 2 y, 1 - r^2) / (1 + r^2)``. The front half fills the unit disc. Towards the far pole
    the map grows without end: places beyond the radius `reach` are not `visible`, and are placed where
    they belong all the same; the pole itself, which is infinitely far on every side, is put far to the
    right.

    References
    ----------
    Snyder (1987), Map projections: a working manual, section 21.
    """

    key: ClassVar[str] = "stereographic"

    reach = param.Number(
        100.0,
        bounds=(1.0, _FARTHEST),
        doc="Radius of the map, in units of the front half's: of the sphere, 1 / (1 + reach^2) lies beyond, "
        "around the far pole, and counts as not visible.",
    )

    @property
    def axis_labels(self) -> tuple[str, str]:
        return ("x / (1 + z)", "y / (1 + z)") if self.latent else ("", "")

    @property
    def extent(self) -> tuple[tuple[float, float], tuple[float, float]]:
        radius = min(float(self.reach), _HOME)
        return (-radius, radius), (-radius, radius)

    @property
    def edge(self) -> Float64[np.ndarray, "_ 2"]:
        return circle(float(self.reach))

    def _place(
        self, view: Float[np.ndarray, "3 points"]
    ) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
        x, y, z = view
        # Behind, 1 + z would lose its digits; there it is (x^2 + y^2) / (1 - z), which keeps them.
        square, back = x * x + y * y, z < 0
        pole = back & (square < 4 / _FARTHEST**2)
        scale = np.where(back, 1 - z, 1) / np.where(back, np.where(pole, 1, square), 1 + z)
        x, y = x * scale, y * scale
        if pole.any():
            away = np.hypot(view[0, pole], view[1, pole])
            lost = away == 0
            away[lost] = 1
            x[pole] = _FARTHEST * np.where(lost, 1, view[0, pole] / away)
            y[pole] = _FARTHEST * (view[1, pole] / away)
        return x, y

    def _lift(
        self, x: Float64[np.ndarray, " points"], y: Float64[np.ndarray, " points"]
    ) -> Float64[np.ndarray, "3 points"]:
        square = x * x + y * y
        return np.stack([2 * x, 2 * y, 1 - square]) / (1 + square)

    def _depth(self, view: Float[np.ndarray, "3 points"]) -> Float[np.ndarray, " points"]:
        square = self.reach**2
        return view[2] - view.dtype.type((1 - square) / (1 + square))
