"""Points as 16 bits for each coordinate, between the lowest and the highest of its axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, UInt16

_STEPS = 65_535


@dataclass(frozen=True, slots=True, eq=False)
class Quantised:
    """Quantised points: ``steps * step + low``, within half a step of the original ones.

    Attributes
    ----------
    steps
        From the axis's lowest to its highest.
    low, high
        The extremes of each axis, in the units of the points.
    """

    steps: UInt16[np.ndarray, "n axes"]
    low: Float64[np.ndarray, " axes"]
    high: Float64[np.ndarray, " axes"]

    @classmethod
    def of(cls, points: Float32[np.ndarray, "n axes"]) -> Quantised:
        """Round points to 65,536 steps along each axis; points that are not finite are not allowed."""
        axes = points.shape[1]
        low = points.min(0).astype(np.float64) if len(points) else np.zeros(axes)
        high = points.max(0).astype(np.float64) if len(points) else np.zeros(axes)
        span = np.where(high > low, high - low, 1.0)
        steps = np.rint((points.astype(np.float64) - low) / span * _STEPS)
        return cls(steps.astype(np.uint16), low, high)

    @property
    def step(self) -> Float64[np.ndarray, " axes"]:
        """The length of one step along each axis."""
        return (self.high - self.low) / _STEPS

    def points(self) -> Float32[np.ndarray, "n axes"]:
        """Return the points, with an error of at most half a step and the rounding to float32."""
        restored: np.ndarray = self.steps * self.step + self.low
        return restored.astype(np.float32)
