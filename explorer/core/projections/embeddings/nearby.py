"""The nearest of a few thousand codes, for many codes at once, exactly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64, Int
from scipy.spatial import cKDTree
from sklearn.neighbors import NearestNeighbors

_FEW = 12
"""Up to so many dimensions a tree is faster than comparing with every code: 3 s against 6 at ten."""

_ROWS = 8_192  # at a time, so that what lies between stays small


def parts(count: int) -> Iterator[slice]:
    """Cut so many rows into pieces that fit the caches."""
    for start in range(0, count, _ROWS):
        yield slice(start, min(start + _ROWS, count))


class Nearby:
    """Codes among which the nearest are found; a code that is asked about is found at distance 0.

    Both ways of searching leave the interpreter to other threads.
    """

    def __init__(self, codes: Float64[np.ndarray, "n latent"]) -> None:
        self._codes = codes
        many = codes.shape[1] > _FEW
        self._tree = None if many else cKDTree(codes)
        self._every = NearestNeighbors(algorithm="brute").fit(codes) if many else None

    def query(
        self, z: Float64[np.ndarray, "m latent"], k: int
    ) -> tuple[Float64[np.ndarray, "m k"], Int[np.ndarray, "m k"]]:
        """Distances and rows of the k nearest codes, nearest first."""
        if self._tree is not None:
            distances, rows = self._tree.query(z, k=range(1, k + 1))
            return distances, rows
        assert self._every is not None
        # The products it works with leave a code at a small distance from itself: measure once more.
        rows = self._every.kneighbors(z, k, return_distance=False)
        distances = np.empty(rows.shape)
        for part in parts(len(z)):
            distances[part] = np.linalg.norm(self._codes[rows[part]] - z[part, None], axis=2)
        order = np.argsort(distances, axis=1, kind="stable")
        return np.take_along_axis(distances, order, axis=1), np.take_along_axis(rows, order, axis=1)

    def among(self, k: int) -> tuple[Float64[np.ndarray, "n k"], Int[np.ndarray, "n k"]]:
        """Distances and rows of each code's k nearest, itself the first; no two codes may coincide."""
        return self.query(self._codes, k)


def shepard(
    distances: Float64[np.ndarray, "m k"], radius: Float64[np.ndarray, "m 1"]
) -> Float64[np.ndarray, "m k"]:
    """Weights of the nearest samples for interpolation, of sum 1.

    ``w = ((radius - d) / (radius d))^2``: all of it for a sample at distance 0, and none at the radius,
    so that samples come and go without a jump.

    Parameters
    ----------
    distances
        To the k nearest, nearest first.
    radius
        At least the last of them; the distance to the next sample.

    References
    ----------
    Franke and Nielson (1980), Smooth interpolation of large sets of scattered data.
    """
    nearest = distances[:, :1]
    with np.errstate(divide="ignore", invalid="ignore"):
        weights: np.ndarray = ((radius - distances) / radius * (nearest / distances)) ** 2
    weights = np.where(nearest == 0, distances == 0, weights)
    total = weights.sum(axis=1, keepdims=True)
    # All at the radius: none is nearer than another.
    weights = np.where(total > 0, weights, 1.0)
    return weights / weights.sum(axis=1, keepdims=True)
