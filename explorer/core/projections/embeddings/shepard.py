"""The inverse of a fitted map: interpolation between the codes of the nearest fitted places."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int

from explorer.core.latent.knn import Tree, parts

NEAREST = 50
"""The number of fitted places for an interpolation: docs/decisions/0002 has the results of others."""


def shepard(
    distances: Float64[np.ndarray, "m k"], radius: Float64[np.ndarray, "m 1"]
) -> Float64[np.ndarray, "m k"]:
    """Return the weights of the nearest samples for interpolation, of sum 1.

    ``w = ((radius - d) / (radius d))^2``: all of it for a sample at distance 0, and none at the radius,
    so that samples enter and leave without a jump.

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


class ShepardInverse:
    """The inverse of a map with known places at some codes only.

    A place takes the codes of the nearest fitted places, weighted by Shepard's method. So it is exact
    at every fitted place, continuous everywhere, and nowhere outside the hull of the codes around it.

    Parameters
    ----------
    xy, codes
        The fitted places and their codes, at least two of each.

    References
    ----------
    Shepard (1968), A two-dimensional interpolation function for irregularly-spaced data.
    """

    def __init__(self, xy: Float64[np.ndarray, "n 2"], codes: Float64[np.ndarray, "n latent"]) -> None:
        self._xy = xy
        self._given = codes
        self._nearest = Tree(xy)
        self._k = min(NEAREST, len(xy) - 1)
        self._typical = 1.0
        self._typical = float(np.median(self.stretch(xy)))

    def codes(self, xy: Float64[np.ndarray, "m 2"]) -> Float64[np.ndarray, "m latent"]:
        """Lift places of the plane."""
        lifted = np.empty((len(xy), self._given.shape[1]))
        for part in parts(len(xy)):
            lifted[part] = self._interpolated(*self._query(xy[part], self._k + 1))
        return lifted

    def codes_without(
        self, xy: Float64[np.ndarray, "m 2"], own: Int[np.ndarray, " m"]
    ) -> Float64[np.ndarray, "m latent"]:
        """Lift each place as if one fitted code, given by its row, were not there; -1 leaves out none."""
        lifted = np.empty((len(xy), self._given.shape[1]))
        wanted = min(self._k + 2, len(self._xy))
        for part in parts(len(xy)):
            distances, rows = self._query(xy[part], wanted)
            # What is left out goes last, or whatever was last, where it is not among the nearest.
            last = np.argsort(rows == own[part, None], axis=1, kind="stable")[:, :-1]
            lifted[part] = self._interpolated(
                np.take_along_axis(distances, last, axis=1), np.take_along_axis(rows, last, axis=1)
            )
        return lifted

    def stretch(self, xy: Float64[np.ndarray, "m 2"]) -> Float64[np.ndarray, " m"]:
        """Return the latent distance between neighbours of the plane, over the median of the fitted places.

        It is the spread of the codes of the nearest fitted places over the spread of those places, both as
        root mean square around their mean, near ones counting more.
        """
        found = np.empty(len(xy))
        for part in parts(len(xy)):
            distances, rows = self._query(xy[part], self._k + 1)
            radius = np.maximum(distances[:, -1:], np.finfo(float).tiny)
            weights = (1 - (distances[:, :-1] / radius) ** 2) ** 2 + 1e-9
            weights /= weights.sum(axis=1, keepdims=True)
            across = _scatter(self._given[rows[:, :-1]], weights)
            along = _scatter(self._xy[rows[:, :-1]], weights)
            # Where all of them coincide on the plane the stretch is large, but still a number.
            found[part] = np.sqrt(across / np.maximum(along, np.finfo(np.float32).tiny))
        return found / self._typical

    def _query(
        self, xy: Float64[np.ndarray, "m 2"], k: int
    ) -> tuple[Float64[np.ndarray, "m k"], Int[np.ndarray, "m k"]]:
        return self._nearest.query_many(xy, k)

    def _interpolated(
        self, distances: Float64[np.ndarray, "m found"], rows: Int[np.ndarray, "m found"]
    ) -> Float64[np.ndarray, "m latent"]:
        weights = shepard(distances[:, :-1], distances[:, -1:])
        return np.einsum("mk,mkl->ml", weights, self._given[rows[:, :-1]])


def _scatter(
    values: Float64[np.ndarray, "m k axes"], weights: Float64[np.ndarray, "m k"]
) -> Float64[np.ndarray, " m"]:
    apart = values - np.einsum("mk,mka->ma", weights, values)[:, None]
    return np.einsum("mk,mka,mka->m", weights, apart, apart)
