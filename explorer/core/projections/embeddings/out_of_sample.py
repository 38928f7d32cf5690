"""Places of codes that a map was not fitted to, from the fitted codes near them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int

from explorer.core.latent.knn import Nearest, Tree, parts
from explorer.core.projections.embeddings.shepard import shepard

NEAREST = 15
"""The number of fitted codes that determine the place of a code."""

_AROUND = 30
"""The number of nearest fitted places that count as near on the plane."""


class Placing:
    """The fast transform of a map that is known at some codes only.

    The nearest fitted codes do not always lie together on the plane, and a mean of places far apart is
    a place where none of them is. So the place that most of them agree on is found first, and only
    those around it are averaged, weighted by Shepard's method. A fitted code gets its own place,
    exactly; every other one a place that does not depend on what else is placed with it.
    """

    def __init__(
        self, nearest: Nearest, xy: Float64[np.ndarray, "n 2"], codes: Float64[np.ndarray, "n latent"]
    ) -> None:
        self._nearest = nearest
        self._xy = xy
        self._k = min(NEAREST, len(codes) - 1)
        around = min(_AROUND, len(xy) - 1)
        self._reach = Tree(xy).query_many(xy, around + 1)[0][:, -1]
        # Places that coincide still need some reach.
        self._reach = np.maximum(self._reach, np.finfo(np.float32).tiny)

    def places(
        self, codes: Float64[np.ndarray, "m latent"]
    ) -> tuple[Float64[np.ndarray, "m 2"], Int[np.ndarray, " m"]]:
        """Place codes; and the row of the fitted code that each of them is, or -1."""
        xy, own = np.empty((len(codes), 2)), np.empty(len(codes), dtype=np.int64)
        for part in parts(len(codes)):
            distances, rows = self._nearest.query_many(codes[part], self._k + 1)
            xy[part] = self._agreed(distances, rows)
            fitted = distances[:, 0] == 0
            xy[part][fitted] = self._xy[rows[fitted, 0]]
            own[part] = np.where(fitted, rows[:, 0], -1)
        return xy, own

    def _agreed(
        self, distances: Float64[np.ndarray, "m found"], rows: Int[np.ndarray, "m found"]
    ) -> Float64[np.ndarray, "m 2"]:
        weights, rows = shepard(distances[:, :-1], distances[:, -1:]), rows[:, :-1]
        places, reach = self._xy[rows], self._reach[rows]
        apart = np.linalg.norm(places[:, :, None] - places[:, None], axis=3) / reach[:, :, None]
        votes = np.einsum("mij,mj->mi", 1 / (1 + apart**2), weights)
        chosen = votes.argmax(axis=1)
        near = apart[np.arange(len(apart)), chosen]
        weights = weights * np.maximum(1 - near**2, 0) ** 2
        # The chosen one may have no weight, being at the radius: then it is taken alone.
        alone = weights.sum(axis=1) == 0
        weights[alone, chosen[alone]] = 1.0
        return np.einsum("mk,mka->ma", weights / weights.sum(axis=1, keepdims=True), places)
