"""Distances between samples, or between their places on a map, for ranks and means."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int64
from scipy.spatial.distance import cdist

from explorer.core.errors import ExplorerError

_FEW = 32  # up to so many dimensions differences are as fast as products, and more exact
_AT_ONCE = 1 << 21  # coordinates of pairs: 16 MB
_COINCIDE = 1e-12  # of the squared lengths: a squared distance that is smaller is rounding
_OFF_SPHERE = 1e-3  # how far a length may be from 1


class Space:
    """Points and the distances between them, which are angles on a sphere.

    Distances are in units of the greatest coordinate, so that nothing overflows, or in radians. They are
    computed in double precision.

    Parameters
    ----------
    points
        One row each; what is not a vector is flattened.
    what
        The word for them in an error.
    sphere
        Whether they are points of the unit sphere.

    Raises
    ------
    ExplorerError
        Where a point is not finite, or not on the sphere.
    """

    def __init__(self, points: Float[np.ndarray, "n *shape"], what: str, *, sphere: bool = False) -> None:
        flat = points.reshape(len(points), -1)
        finite = np.isfinite(flat).all(axis=1)
        if not finite.all():
            raise ExplorerError(
                f"{np.count_nonzero(~finite):,} of {len(flat):,} {what} are not finite, so how near they are "
                "cannot be told; fill or drop them, or train again with a lower learning rate."
            )
        self.sphere = sphere
        self.alike = bool((flat == flat[:1]).all())
        if sphere:
            flat = flat.astype(np.float64)
            lengths = np.linalg.norm(flat, axis=1, keepdims=True)
            if np.abs(lengths - 1).max(initial=0.0) > _OFF_SPHERE:
                raise ExplorerError(
                    f"these {what} are of lengths {lengths.min():.3g} to {lengths.max():.3g} and not on the "
                    "unit sphere; give points of length 1, or sphere=False."
                )
            self._points = flat / lengths
        else:
            scale = float(np.abs(flat).max(initial=0.0)) or 1.0
            # With a mean, a far outlier would shift the centre, and the others would lose digits.
            centre = np.median(flat[:: max(1, len(flat) // 1_000)], axis=0)
            self._points = flat / scale - centre.astype(np.float64) / scale
        self._squares = np.einsum("ij,ij->i", self._points, self._points)

    def __len__(self) -> int:
        return len(self._points)

    def between(
        self, rows: Int64[np.ndarray, " rows"], columns: Int64[np.ndarray, " columns"]
    ) -> Float64[np.ndarray, "rows columns"]:
        """Return the distances from some points to others."""
        if self._points.shape[1] <= _FEW:
            return self._arc(cdist(self._points[rows], self._points[columns]))
        total = self._squares[rows, None] + self._squares[columns]
        apart: np.ndarray = self._points[rows] @ self._points[columns].T
        apart *= -2
        apart += total
        total *= _COINCIDE
        apart[apart < total] = 0.0
        return self._arc(np.sqrt(apart, out=apart))

    def pairwise(
        self, first: Int64[np.ndarray, " pairs"], second: Int64[np.ndarray, " pairs"]
    ) -> Float64[np.ndarray, " pairs"]:
        """Return the distance between the points of each pair."""
        found = np.empty(len(first))
        size = max(1, _AT_ONCE // self._points.shape[1])
        for start in range(0, len(first), size):
            part = slice(start, start + size)
            found[part] = np.linalg.norm(self._points[first[part]] - self._points[second[part]], axis=1)
        return self._arc(found)

    def _arc(self, chords: Float64[np.ndarray, "*any"]) -> Float64[np.ndarray, "*any"]:
        return 2 * np.arcsin(np.minimum(chords / 2, 1.0)) if self.sphere else chords
