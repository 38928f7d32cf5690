"""t-distributed stochastic neighbour embedding."""

from __future__ import annotations

from math import ceil, floor
from typing import ClassVar

import numpy as np
import param
from jaxtyping import Float64

from explorer.core.latent.knn import FEW_FOR_MANY, nearest_in
from explorer.core.progress import Stage
from explorer.core.projections.embeddings.embedding import Embedding

_EARLY, _LATE = 250, 500
"""Iterations with and without the early exaggeration, the usual numbers."""

_NEIGHBOURS = 3
"""Neighbours that are used, as a multiple of the perplexity; others have no weight left."""

_MANY = 2_000
"""The number of codes from which interpolation on a grid is faster than a tree of the places."""


class TSNE(Embedding):
    """t-SNE: the probabilities of being neighbours on the plane match those in latent space.

    Distances between clusters, and their sizes, mean little. It starts from the principal plane, which
    keeps the large arrangement (Kobak and Berens 2019), and uses one thread.

    References
    ----------
    van der Maaten and Hinton (2008), Visualizing data using t-SNE.
    Linderman and others (2019), Fast interpolation-based t-SNE (FIt-SNE).
    Policar, Strazar and Zupan (2024), openTSNE.
    """

    key: ClassVar[str] = "tsne"

    perplexity = param.Number(
        30.0,
        bounds=(2.0, 200.0),
        doc="How many neighbours, about, each code should keep. A cloud needs three times as many codes.",
    )
    exaggeration = param.Number(
        1.0,
        bounds=(1.0, 10.0),
        doc="How much more neighbours attract than in t-SNE itself: above 1, clusters are tighter and "
        "farther apart.",
    )

    @property
    def axis_labels(self) -> tuple[str, str]:
        return ("t-SNE 1", "t-SNE 2") if self.latent else ("", "")

    @property
    def _least(self) -> int:
        return ceil(_NEIGHBOURS * self.perplexity) + 1

    def _too_few(self, count: int) -> str:
        best = floor((count - 1) / _NEIGHBOURS)
        remedy = f"set it to {best} or less" if best >= 2 else "use more data or another projection"
        return (
            f"a perplexity of {self.perplexity:g} needs at least {self._least} different codes, got {count}; "
            f"{remedy}."
        )

    def _embed(
        self, codes: Float64[np.ndarray, "n latent"], start: Float64[np.ndarray, "n 2"], stage: Stage
    ) -> Float64[np.ndarray, "n 2"]:
        # Here, since it takes seconds to import.
        from openTSNE import TSNEEmbedding
        from openTSNE.affinity import PerplexityBasedNN
        from openTSNE.nearest_neighbors import PrecomputedNeighbors

        stage.at(0.02)
        distances, rows = nearest_in(codes, FEW_FOR_MANY).query_many(codes, self._least)
        known = PrecomputedNeighbors(rows[:, 1:], np.ascontiguousarray(distances[:, 1:]))
        stage.at(0.05)
        embedding = TSNEEmbedding(
            1e-4 * start,
            PerplexityBasedNN(knn_index=known, perplexity=self.perplexity, n_jobs=1),
            random_state=self.seed,
            negative_gradient_method="fft" if len(start) >= _MANY else "bh",
            ints_in_interval=2,  # a grid half as fine: 1 % off in divergence, and four times as fast
            n_jobs=1,
            callbacks_every_iters=5,
        )
        share = 0.05 + 0.9 * _EARLY / (_EARLY + _LATE)
        for iterations, attraction, piece in (
            (_EARLY, max(12.0, self.exaggeration), stage.part(0.05, share)),
            (_LATE, self.exaggeration, stage.part(share, 0.95)),
        ):

            def told(iteration: int, *_: object, done: Stage = piece, of: int = iterations) -> None:
                done.at(iteration / of)

            embedding.optimize(
                iterations, exaggeration=attraction, callbacks=told, inplace=True, momentum=0.8
            )
        return np.array(embedding, dtype=np.float64)
