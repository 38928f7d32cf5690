"""Two latent axes, the rest held."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import param
from jaxtyping import Float, Float64

from explorer.core.errors import ExplorerError
from explorer.core.projections.base import Projection


class Slice(Projection):
    """Two latent axes, unchanged; `inverse` gives the others the coordinates of one code.

    Every code is drawn, however far it lies off the plane: ``inverse(forward(z))`` is its orthogonal
    projection on the plane through `through`.
    """

    key: ClassVar[str] = "slice"

    across = param.Integer(1, bounds=(1, None), doc="Which latent axis runs from left to right.")
    up = param.Integer(2, bounds=(1, None), doc="Which latent axis runs from bottom to top.")
    through = param.Array(
        None,
        allow_None=True,
        precedence=-1,
        doc="The code that the plane is laid through: its coordinates along the other axes are kept while "
        "the cursor moves. None is the origin.",
    )

    def __init__(self, **knobs: object) -> None:
        super().__init__(**knobs)
        self._drawn: tuple[int, int] = (0, 0)

    @classmethod
    def suits(cls, latent: int) -> bool:
        return latent >= 3

    @classmethod
    def _demand(cls) -> str:
        return "needs at least 3 latent dimensions"

    @property
    def basis(self) -> Float64[np.ndarray, "2 latent"] | None:
        return np.eye(self.latent)[self._columns()]

    @property
    def axis_labels(self) -> tuple[str, str]:
        across, up = self._columns()
        return f"z{across + 1}", f"z{up + 1}"

    def forward(self, z: Float[np.ndarray, "points latent"]) -> Float[np.ndarray, "points 2"]:
        z = self._codes(z)
        return z[:, self._columns()]

    def inverse(self, xy: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "points latent"]:
        """Lift points of the plane back into latent space; the other axes take their place in `through`.

        Raises
        ------
        NotFitted
            Before `fit`.
        """
        z = np.empty((len(xy), self.latent), dtype=xy.dtype)
        z[:] = self._held(self.through, np.zeros(self.latent))
        z[:, self._columns()] = xy
        return z

    def _columns(self) -> list[int]:
        return list(self._drawn) if self.latent else []

    def _fit(self, z: Float[np.ndarray, "points latent"]) -> None:
        latent = z.shape[1]
        if self.across == self.up or max(self.across, self.up) > latent:
            raise ExplorerError(
                f"latent axes {self.across} and {self.up} cannot be drawn of {latent}; choose two different "
                f"ones from 1 to {latent}."
            )
        self._drawn = (self.across - 1, self.up - 1)
