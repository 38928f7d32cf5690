"""Uniform manifold approximation and projection."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import param
from jaxtyping import Float64

from explorer.core.latent.knn import FEW_FOR_MANY, nearest_in
from explorer.core.progress import Stage
from explorer.core.projections.embeddings.embedding import Embedding
from explorer.core.projections.embeddings.umap_kernel import descend

_REPELLED = 5
"""The number of codes that each code is repelled from, for each that it is attracted to."""

_LARGE = 10_000
"""With more codes than this, 200 passes have the effect of 500 with fewer."""


class UMAP(Embedding):
    """UMAP: the graph of nearest neighbours, laid out by drawing its edges together.

    The graph is umap-learn's. Its layout is done here, step for step as there: so it can be stopped,
    releases the interpreter to other threads, and starts from the principal plane, which keeps the large
    arrangement (Kobak and Linderman 2021). One thread, so that equal seeds give equal maps.

    References
    ----------
    McInnes, Healy and Melville (2018), UMAP.
    """

    key: ClassVar[str] = "umap"

    neighbours = param.Integer(
        15,
        bounds=(2, 200),
        doc="How many neighbours of each code are kept together: few show fine structure, many the whole.",
    )
    min_dist = param.Number(
        0.1,
        bounds=(0.0, 0.99),
        doc="How near to one another codes may lie on the map, in map units: small makes dense clumps.",
    )

    @property
    def axis_labels(self) -> tuple[str, str]:
        return ("UMAP 1", "UMAP 2") if self.latent else ("", "")

    @property
    def _least(self) -> int:
        return max(4, self.neighbours + 1)

    def _too_few(self, count: int) -> str:
        remedy = f"set them to {count - 1} or fewer" if count > 3 else "use more data or another projection"
        return (
            f"a map that keeps {self.neighbours} neighbours needs at least {self._least} different codes, "
            f"got {count}; {remedy}."
        )

    def _embed(
        self, codes: Float64[np.ndarray, "n latent"], start: Float64[np.ndarray, "n 2"], stage: Stage
    ) -> Float64[np.ndarray, "n 2"]:
        # Here, since it takes seconds to import.
        from umap.umap_ import find_ab_params, fuzzy_simplicial_set

        stage.at(0.02)
        distances, rows = nearest_in(codes, FEW_FOR_MANY).query_many(codes, self.neighbours)
        stage.at(0.05)
        graph, _, _ = fuzzy_simplicial_set(
            start,
            self.neighbours,
            np.random.RandomState(self.seed),
            "euclidean",
            knn_indices=rows.astype(np.int32),
            knn_dists=distances.astype(np.float32),
        )
        a, b = find_ab_params(1.0, self.min_dist)
        passes = 500 if len(start) <= _LARGE else 200
        edges = graph.tocoo()
        strong = edges.data > edges.data.max() / passes  # the others would not be drawn once
        heads, tails = edges.row[strong].astype(np.int64), edges.col[strong].astype(np.int64)
        every = (edges.data.max() / edges.data[strong]).astype(np.float64)
        due, repelled = every.copy(), every / _REPELLED
        xy = 10 * (start - start.min(axis=0)) / np.ptp(start, axis=0)
        random = np.random.default_rng(self.seed)
        laying = stage.part(0.1, 0.95)
        for number in range(passes):
            laying.at(number / passes)
            rate = 1 - max(number - 1, 0) / passes
            descend(xy, heads, tails, every, due, repelled, a, b, rate, number, _REPELLED, random)
        return xy
