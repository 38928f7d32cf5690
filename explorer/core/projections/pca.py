"""The plane of greatest variance, with an exact affine inverse."""

from __future__ import annotations

from itertools import product
from typing import ClassVar

import numpy as np
import param
from jaxtyping import Float, Float64

from explorer.core.errors import ExplorerError
from explorer.core.projections.base import Projection

_ROWS = 262_144  # lifted to double precision at a time, so that 10 M codes need no second copy


class PCA(Projection):
    """Principal components, two of them drawn.

    The sign of a component is fixed by its largest loading being positive, until `align` puts the
    axes beside those of an earlier map.

    References
    ----------
    Pearson (1901), On lines and planes of closest fit.
    """

    key: ClassVar[str] = "pca"

    across = param.Integer(1, bounds=(1, None), doc="Which principal component runs from left to right.")
    up = param.Integer(2, bounds=(1, None), doc="Which principal component runs from bottom to top.")
    residual = param.Array(
        None,
        allow_None=True,
        precedence=-1,
        doc="A code whose part off the plane is kept while the cursor moves: the plane through that code. "
        "None is the plane through the cloud's mean.",
    )

    def __init__(self, **knobs: object) -> None:
        super().__init__(**knobs)
        self._mean: Float64[np.ndarray, " latent"] = np.empty(0)
        self._axes: Float64[np.ndarray, "2 latent"] = np.empty((2, 0))
        self._drawn: tuple[int, int] = (0, 0)
        self._shares: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def suits(cls, latent: int) -> bool:
        return latent >= 2

    @classmethod
    def _demand(cls) -> str:
        return "needs at least 2 latent dimensions"

    @property
    def explained(self) -> tuple[float, float]:
        """Shares of the cloud's variance along the two axes, in [0, 1]."""
        return self._shares if self.latent else (0.0, 0.0)

    @property
    def basis(self) -> Float64[np.ndarray, "2 latent"] | None:
        return self._axes if self.latent else None

    @property
    def axis_labels(self) -> tuple[str, str]:
        x, y = (
            f"PC {component} ({share:.0%} of variance)"
            for component, share in zip(self._drawn, self.explained, strict=True)
        )
        return x, y

    def forward(self, z: Float[np.ndarray, "points latent"]) -> Float[np.ndarray, "points 2"]:
        """Place codes on the principal plane, in latent units from the cloud's mean."""
        z = self._codes(z)
        xy = np.empty((len(z), 2), dtype=z.dtype)
        for start in range(0, len(z), _ROWS):
            xy[start : start + _ROWS] = (z[start : start + _ROWS] - self._mean) @ self._axes.T
        return xy

    def inverse(self, xy: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "points latent"]:
        """Lift points of the plane back into latent space.

        Exact on the plane: the other components take the cloud's mean, or those of `residual`, so
        ``forward(inverse(xy)) == xy`` to rounding, while ``inverse(forward(z))`` is z's orthogonal
        projection on the plane.

        Raises
        ------
        NotFitted
            Before `fit`.
        """
        origin = self._origin()
        z = np.empty((len(xy), self.latent), dtype=xy.dtype)
        for start in range(0, len(xy), _ROWS):
            z[start : start + _ROWS] = xy[start : start + _ROWS] @ self._axes + origin
        return z

    def _origin(self) -> Float64[np.ndarray, " latent"]:
        """The code of the plane's origin."""
        apart = self._held(self.residual, self._mean) - self._mean
        origin: np.ndarray = self._mean + apart - (self._axes @ apart) @ self._axes
        return origin

    def _fit(self, z: Float[np.ndarray, "points latent"]) -> None:
        latent = z.shape[1]
        if self.across == self.up or max(self.across, self.up) > latent:
            raise ExplorerError(
                f"principal components {self.across} and {self.up} cannot be drawn of {latent}; choose two "
                f"different ones from 1 to {latent}."
            )
        self._mean = z.mean(axis=0, dtype=np.float64)
        scatter = np.zeros((latent, latent))
        for start in range(0, len(z), _ROWS):
            centred = z[start : start + _ROWS] - self._mean
            scatter += centred.T @ centred
        variances, components = np.linalg.eigh(scatter)
        order = np.argsort(-variances, kind="stable")[[self.across - 1, self.up - 1]]
        axes = components.T[order]
        largest = axes[[0, 1], np.abs(axes).argmax(axis=1)]
        self._axes = axes * np.where(largest < 0, -1.0, 1.0)[:, None]
        self._drawn = (self.across, self.up)
        # Where all codes are one place, what is left is the rounding of its mean, and no variance.
        rounding = z.size * (4 * np.finfo(np.float64).eps * np.abs(self._mean).max()) ** 2
        total = float(variances.sum())
        x, y = (variances[order] / total if total > rounding else np.zeros(2)).tolist()
        self._shares = (x, y)

    def _align(self, previous: PCA) -> None:
        # Of the eight orders and signs of two axes, the one nearest to those before.
        overlap = previous._axes @ self._axes.T
        choices = product((False, True), (1.0, -1.0), (1.0, -1.0))

        def agreement(choice: tuple[bool, float, float]) -> float:
            swapped, x_sign, y_sign = choice
            x, y = (1, 0) if swapped else (0, 1)
            return float(x_sign * overlap[0, x] + y_sign * overlap[1, y])

        swapped, x_sign, y_sign = max(choices, key=agreement)
        x, y = (1, 0) if swapped else (0, 1)
        self._axes = self._axes[[x, y]] * np.array([[x_sign], [y_sign]])
        self._drawn = (self._drawn[x], self._drawn[y])
        self._shares = (self._shares[x], self._shares[y])
