"""A cloud in space that a drag turns."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import param
from jaxtyping import Float, Float64

from explorer.core.latent.outliers import inner_radius
from explorer.core.projections.turnable.orientation import Orientation
from explorer.core.projections.turnable.rotation_kernels import into_view
from explorer.core.projections.turnable.turnable import Turning


class Rotation(Turning):
    """Three latent dimensions as seen from far away, turned about the cloud's mean.

    Lengths across the line of sight are latent lengths. Codes one behind the other fall on one
    place; `depth` distinguishes them.
    """

    key: ClassVar[str] = "rotation"

    through = param.Array(
        None,
        allow_None=True,
        precedence=-1,
        doc="A code whose depth is kept while the cursor moves: the plane through that code, parallel to the "
        "screen. None is the plane through the cloud's mean.",
    )

    def __init__(self, **knobs: object) -> None:
        super().__init__(**knobs)
        self._mean: Float64[np.ndarray, " latent"] = np.empty(0)
        self._radius = self._inner_radius = 0.0

    @classmethod
    def _demand(cls) -> str:
        return "turns clouds in 3 latent dimensions"

    @property
    def centre(self) -> Float64[np.ndarray, " latent"]:
        """The cloud's mean, in latent units: the centre of its rotation."""
        return self._mean

    @property
    def basis(self) -> Float64[np.ndarray, "2 latent"] | None:
        return self.matrix[:2] if self.latent else None

    @property
    def axis_labels(self) -> tuple[str, str]:
        return ("x (latent units)", "y (latent units)") if self.latent else ("", "")

    @property
    def extent(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Ranges of x and y that hold the whole cloud, however it is turned.

        Raises
        ------
        NotFitted
            Before `fit`.
        """
        radius = self._radius if self.latent else 0.0
        return (-radius, radius), (-radius, radius)

    @property
    def first_view(self) -> tuple[tuple[float, float], tuple[float, float]]:
        radius = self._inner_radius if self.latent else 0.0
        return (-radius, radius), (-radius, radius)

    def forward(self, z: Float[np.ndarray, "points latent"]) -> Float[np.ndarray, "points 2"]:
        """Place codes on the screen, in latent units from the cloud's mean."""
        return self.see(z)[0]

    def depth(self, z: Float[np.ndarray, "points latent"]) -> Float[np.ndarray, " points"]:
        """Return the distance of codes before the cloud's mean, towards the viewer, in latent units."""
        return self.see(z)[1]

    def see(
        self, z: Float[np.ndarray, "points latent"], into: Float[np.ndarray, "3 points"] | None = None
    ) -> tuple[Float[np.ndarray, "points 2"], Float[np.ndarray, " points"]]:
        into = np.empty((3, len(z)), dtype=z.dtype) if into is None else into
        into_view(np.ascontiguousarray(self._codes(z)), self.matrix, self._mean, False, into)
        return into[:2].T, into[2]

    def inverse(self, xy: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "points latent"]:
        """Lift points of the screen onto the plane through `through` that is parallel to it.

        Exact on that plane: ``forward(inverse(xy)) == xy`` to rounding, while ``inverse(forward(z))`` is
        z's orthogonal projection on it.

        Raises
        ------
        NotFitted
            Before `fit`.
        """
        z = np.empty((len(xy), self.latent), dtype=xy.dtype)
        right, up, towards = self.matrix
        depth = (self._held(self.through, self._mean) - self._mean) @ towards
        z[:] = xy @ np.stack([right, up]) + (self._mean + depth * towards)
        return z

    def dragged(self, start: tuple[float, float], end: tuple[float, float]) -> Orientation:
        """Return the rotation of a drag, as on an arcball around the whole cloud."""
        radius = self._radius or 1.0
        return Orientation.from_drag(
            (start[0] / radius, start[1] / radius), (end[0] / radius, end[1] / radius)
        )

    def _fit(self, z: Float[np.ndarray, "points latent"]) -> None:
        self._mean = z.mean(axis=0, dtype=np.float64)
        view = np.empty((3, len(z)), z.dtype)
        into_view(np.ascontiguousarray(z), np.eye(3), self._mean, False, view)
        radii = np.sqrt(np.einsum("ij,ij->j", view, view))
        self._radius, self._inner_radius = float(radii.max()), inner_radius(radii)

    def _take_fit(self, other: Rotation) -> None:
        super()._take_fit(other)
        self._mean, self._radius, self._inner_radius = other._mean, other._radius, other._inner_radius
