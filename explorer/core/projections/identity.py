"""One or two latent dimensions are their own map."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64

from explorer.core.projections.base import Projection


class Identity(Projection):
    """The latent plane itself; a latent line is drawn along x, at y = 0.

    On a latent line `inverse` ignores y, so there ``forward(inverse(xy))`` is the point of the line
    below or above `xy`.
    """

    key: ClassVar[str] = "identity"

    @classmethod
    def suits(cls, latent: int) -> bool:
        return latent in (1, 2)

    @classmethod
    def _demand(cls) -> str:
        return "shows 1 or 2 latent dimensions"

    @property
    def basis(self) -> Float64[np.ndarray, "2 latent"] | None:
        return np.eye(2) if self.latent == 2 else None

    @property
    def axis_labels(self) -> tuple[str, str]:
        return ("z1", "z2" if self.latent == 2 else "")

    def forward(self, z: Float[np.ndarray, "points latent"]) -> Float[np.ndarray, "points 2"]:
        z = self._codes(z)
        return z if self.latent == 2 else np.pad(z, ((0, 0), (0, 1)))

    def inverse(self, xy: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "points latent"]:
        return xy[:, : self.latent]

    def _fit(self, z: Float[np.ndarray, "points latent"]) -> None:
        """Do nothing: the map has no parameters."""
