"""Exact nearest neighbours: a k-d tree in few dimensions, a comparison with every sample in many."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int
from scipy.spatial import cKDTree
from sklearn.neighbors import NearestNeighbors

FEW = 10
"""The most dimensions for a tree, which visits few of its leaves there. At 10, of 70,000 codes of MNIST, it
took 0.1 ms under a t-SNE, UMAP or PCA and at most 2 far from all codes, where comparing with every one
of them took 0.6; of a million 1 to 4 against 9. At 20, places between the clusters took 14 ms of 70,000."""

FEW_FOR_MANY = 12
"""The same for many places at once: at ten dimensions 3 s against 6."""

_WELL = 6  # up to so many, a tree answers for any place at once

_ROWS = 8_192  # at a time, so that what lies between stays small


def parts(count: int) -> Iterator[slice]:
    """Cut rows into slices whose intermediate results fit the caches."""
    for start in range(0, count, _ROWS):
        yield slice(start, min(start + _ROWS, count))


class Nearest(ABC):
    """Samples among which the nearest are found, exactly.

    Every kind of search releases the interpreter to other threads.
    """

    @abstractmethod
    def query(
        self, z: Float[np.ndarray, " latent"], count: int
    ) -> tuple[Float64[np.ndarray, " count"], Int[np.ndarray, " count"]]:
        """Return distances and rows of the `count` samples nearest to one place, nearest first."""

    @abstractmethod
    def query_many(
        self, places: Float[np.ndarray, "m latent"], count: int
    ) -> tuple[Float64[np.ndarray, "m count"], Int[np.ndarray, "m count"]]:
        """Return distances and rows for many places; a place that is a sample has that one at distance 0."""

    @abstractmethod
    def affordable(self, wanted: int) -> int:
        """Return how many of `wanted` places `query_many` answers in a few seconds."""


def nearest_in(samples: Float[np.ndarray, "n latent"], few: int = FEW) -> Nearest:
    """Choose the faster search for so many dimensions: a tree up to `few` of them."""
    return Tree(samples) if samples.shape[1] <= few else Every(samples)


class Tree(Nearest):
    """A k-d tree (Bentley 1975)."""

    def __init__(self, samples: Float[np.ndarray, "n latent"]) -> None:
        # Sliding midpoints: built in half the time of medians, and queried as fast.
        self._tree = cKDTree(samples, balanced_tree=False, compact_nodes=False)
        self._samples, self._latent = samples.shape

    def query(
        self, z: Float[np.ndarray, " latent"], count: int
    ) -> tuple[Float64[np.ndarray, " count"], Int[np.ndarray, " count"]]:
        distances, rows = self._tree.query(z, k=range(1, count + 1))
        return distances, rows

    def query_many(
        self, places: Float[np.ndarray, "m latent"], count: int
    ) -> tuple[Float64[np.ndarray, "m count"], Int[np.ndarray, "m count"]]:
        distances, rows = self._tree.query(places, k=range(1, count + 1))
        return distances, rows

    def affordable(self, wanted: int) -> int:
        return wanted if self._latent <= _WELL else _affordable(wanted, self._samples)


class Every(Nearest):
    """A search that compares every sample, in single precision first and the closest again in double."""

    def __init__(self, samples: Float[np.ndarray, "n latent"]) -> None:
        self._given = samples
        self._axes: Float32[np.ndarray, "latent n"] = np.ascontiguousarray(samples.T, dtype=np.float32)
        self._rounded = float(np.abs(samples - self._axes.T).max()) * math.sqrt(samples.shape[1])

    def query(
        self, z: Float[np.ndarray, " latent"], count: int
    ) -> tuple[Float64[np.ndarray, " count"], Int[np.ndarray, " count"]]:
        place = z.astype(np.float32)
        rough, part = np.zeros((2, self._axes.shape[1]), dtype=np.float32)
        # Axis by axis on one core: a matrix product would start threads for which a busy server has no
        # core, and would lose digits by cancellation.
        with np.errstate(over="ignore"):
            for along, at in zip(self._axes, place, strict=True):
                np.subtract(along, at, out=part)
                np.multiply(part, part, out=part)
                np.add(rough, part, out=rough)
        kept = min(len(rough), 2 * count + 16)
        if kept == len(rough):
            return self._exact(np.arange(kept), z, count)
        squares, rows = torch.topk(torch.from_numpy(rough), kept, largest=False, sorted=False)
        distances, nearest = self._exact(rows.numpy(), z, count)
        # Whatever was left out is at least as far as the last one kept, but for the rounding: of the
        # sum, relative; of the place and the samples, by the triangle inequality.
        relative = 1 - (len(z) + 4) * float(np.finfo(np.float32).eps)
        moved = self._rounded + float(np.linalg.norm(z - place))
        farthest = math.sqrt(float(squares.max()))
        if math.isfinite(farthest) and distances[-1] <= farthest * relative - moved:
            return distances, nearest
        return self._exact(np.arange(len(rough)), z, count)

    def query_many(
        self, places: Float[np.ndarray, "m latent"], count: int
    ) -> tuple[Float64[np.ndarray, "m count"], Int[np.ndarray, "m count"]]:
        search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(self._given)
        rows = search.kneighbors(places, return_distance=False)
        distances = np.empty(rows.shape)
        for part in parts(len(places)):
            # The products it works with leave a sample at a small distance from itself. Again as `_exact`
            # has them, to the last bit.
            apart = self._given[rows[part]].astype(np.float64) - places[part, None, :]
            distances[part] = np.sqrt(np.einsum("ijk,ijk->ij", apart, apart))
        order = np.argsort(distances, axis=1, kind="stable")
        return np.take_along_axis(distances, order, axis=1), np.take_along_axis(rows, order, axis=1)

    def affordable(self, wanted: int) -> int:
        return _affordable(wanted, len(self._given))

    def _exact(
        self, rows: Int[np.ndarray, " kept"], z: Float[np.ndarray, " latent"], count: int
    ) -> tuple[Float64[np.ndarray, " count"], Int[np.ndarray, " count"]]:
        apart = self._given[rows].astype(np.float64) - z
        squares = np.einsum("ij,ij->i", apart, apart)
        order = np.argsort(squares, kind="stable")[:count]
        return np.sqrt(squares[order]), rows[order]


def _affordable(wanted: int, samples: int) -> int:
    # About 0.2 G comparisons a second on one core, and a tree spares the fewer the more even the cloud is.
    return min(wanted, samples, max(1_000, 300_000_000 // samples))
