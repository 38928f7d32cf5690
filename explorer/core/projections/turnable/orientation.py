"""The orientation of an object in space: a unit quaternion, and the arcball that turns it by a drag."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import numpy as np
from jaxtyping import Float, Float64

from explorer.core.errors import ExplorerError
from explorer.core.projections.turnable.rotation_kernels import into_view

_CENTRE = np.zeros(3)


@dataclass(frozen=True, slots=True)
class Orientation:
    """A rotation about the origin, which takes latent coordinates to those of a view.

    In a view x runs to the right, y up and z towards the viewer: as made without arguments, the viewer
    looks at the third latent axis with the second one up. The four numbers are brought to length 1, and
    of the two quaternions of one rotation the one that begins with a positive number is kept, so that equal
    rotations compare equal.

    Attributes
    ----------
    w, x, y, z
        ``cos(angle / 2)``, and the axis times ``sin(angle / 2)``.

    Raises
    ------
    ExplorerError
        Where they are not finite or all 0.
    """

    w: float | int = 1.0
    x: float | int = 0.0
    y: float | int = 0.0
    z: float | int = 0.0

    def __post_init__(self) -> None:
        parts = (self.w, self.x, self.y, self.z)
        length = math.hypot(*parts)
        if not (math.isfinite(length) and length):
            raise ExplorerError(f"{parts} is no orientation; give four finite numbers that are not all 0.")
        signed = math.copysign(length, next(part for part in parts if part))
        for name, part in zip("wxyz", parts, strict=True):
            object.__setattr__(self, name, part / signed)

    @classmethod
    def about(cls, axis: tuple[float | int, float | int, float | int], angle: float | int) -> Orientation:
        """Return the rotation about an axis of the view, counter-clockwise as seen from its tip.

        Parameters
        ----------
        axis
            Of any length but 0.
        angle
            Radians.
        """
        x, y, z = (part * math.sin(angle / 2) for part in _direction(axis))
        return cls(math.cos(angle / 2), x, y, z)

    @classmethod
    def from_drag(
        cls, start: tuple[float | int, float | int], end: tuple[float | int, float | int]
    ) -> Orientation:
        """Return the rotation of a drag over the arcball, to be composed with the orientation it began at.

        Both places lie on a ball whose front is the unit disc, x to the right and y up; beyond the disc,
        on its rim, where a drag turns about the line of sight. The ball turns by twice the arc between
        them, which leaves no trace of the way that the hand took: drags from a to b and from b to c are
        together one from a to c. There is no gimbal to lock.

        References
        ----------
        Shoemake (1992), ARCBALL: a user interface for specifying three-dimensional orientation using a
        mouse.
        """
        (a, b, c), (d, e, f) = _on_ball(*start), _on_ball(*end)
        return cls(a * d + b * e + c * f, b * f - c * e, c * d - a * f, a * e - b * d)

    @classmethod
    def between(
        cls,
        start: tuple[float | int, float | int, float | int],
        end: tuple[float | int, float | int, float | int],
    ) -> Orientation:
        """Return the shortest rotation that takes one direction of the view to another.

        Of opposite directions, between which no turn is shorter than the others, it is one about an axis
        that lies in the screen.
        """
        (a, b, c), (d, e, f) = _direction(start), _direction(end)
        w = 1 + a * d + b * e + c * f
        if w < 1e-12:
            return cls(0.0, *((-b, a, 0.0) if math.hypot(a, b) > 1e-6 else (1.0, 0.0, 0.0)))
        return cls(w, b * f - c * e, c * d - a * f, a * e - b * d)

    def compose(self, first: Orientation) -> Orientation:
        """Return the rotation ``first`` followed by this one."""
        a, b, c, d = astuple(self)
        w, x, y, z = astuple(first)
        return Orientation(
            a * w - b * x - c * y - d * z,
            a * x + b * w + c * z - d * y,
            a * y - b * z + c * w + d * x,
            a * z + b * y - c * x + d * w,
        )

    def inverse(self) -> Orientation:
        """Return the inverse rotation."""
        return Orientation(self.w, -self.x, -self.y, -self.z)

    @property
    def matrix(self) -> Float64[np.ndarray, "3 3"]:
        """The same rotation as a matrix, to stand on the left of a column."""
        w, x, y, z = astuple(self)
        return np.array(
            [
                [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
                [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
                [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
            ]
        )

    def apply(self, points: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, "points 3"]:
        """Turn points; their floating type is kept."""
        view = np.empty((3, len(points)), points.dtype)
        into_view(np.ascontiguousarray(points), self.matrix, _CENTRE, False, view)
        turned: np.ndarray = view.T
        return turned


def _direction(
    vector: tuple[float | int, float | int, float | int],
) -> tuple[float, float, float]:
    length = math.hypot(*vector)
    if not (math.isfinite(length) and length):
        raise ExplorerError(f"{vector} is no direction; give three finite numbers that are not all 0.")
    x, y, z = (part / length for part in vector)
    return x, y, z


def _on_ball(x: float | int, y: float | int) -> tuple[float, float, float]:
    """Return the place of the unit ball's front that is drawn at (x, y), or the nearest one on its rim."""
    away = math.hypot(x, y)
    if not math.isfinite(away):
        raise ExplorerError(f"a drag cannot pass ({x}, {y}); give two finite places.")
    if away >= 1:
        return x / away, y / away, 0.0
    return float(x), float(y), math.sqrt(1 - away * away)
