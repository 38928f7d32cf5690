"""A map whose plane is turned, or mirrored, to match another map."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64

from explorer.core.projections.base import Projection
from explorer.core.projections.procrustes import Alignment


class Aligned(Projection):
    """Another projection, and a turn of the plane after it.

    The places of samples change, the decoded samples do not: `inverse` takes the turn back first. The
    plane's axes are those of the map that it matches, and no longer this map's own.

    Attributes
    ----------
    plain
        The projection before the turn, fitted.
    """

    key: ClassVar[str] = "aligned"

    def __init__(self, plain: Projection, alignment: Alignment) -> None:
        super(Projection, self).__init__(name=plain.key)  # the name under which it is offered
        self.plain = plain
        self.alignment = alignment
        self._back = alignment.inverse()
        self._latent = plain.latent

    @classmethod
    def suits(cls, latent: int) -> bool:
        return True

    @classmethod
    def _demand(cls) -> str:
        return "takes what the projection takes that it turns"

    @property
    def basis(self) -> Float64[np.ndarray, "2 latent"] | None:
        basis = self.plain.basis
        if basis is None or self.alignment.scale != 1.0:
            return None
        turned: np.ndarray = self.alignment.turn.T @ basis
        return turned

    @property
    def axis_labels(self) -> tuple[str, str]:
        x, y = self.plain.axis_labels
        return f"{x}, turned", f"{y}, turned" if y else ""

    def forward(self, z: Float[np.ndarray, "points latent"]) -> Float[np.ndarray, "points 2"]:
        return self.alignment.apply(self.plain.forward(z))

    def inverse(self, xy: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "points latent"]:
        return self.plain.inverse(self._back.apply(xy))

    def _fit(self, z: Float[np.ndarray, "points latent"]) -> None:
        self.plain.fit(z)


def plain(projection: Projection) -> Projection:
    """Return the projection without the turn that matches it to another, if it has one."""
    return projection.plain if isinstance(projection, Aligned) else projection
