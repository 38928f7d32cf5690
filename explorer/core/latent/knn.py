"""Exact nearest samples: a search tree in few dimensions, a comparison with every one in many."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int
from scipy.spatial import cKDTree
from sklearn.neighbors import NearestNeighbors

FEW = 10
"""Up to so many dimensions a tree visits few of its leaves. At 10, of 70,000 codes of MNIST, it took 0.1 ms
under a t-SNE, UMAP or PCA and at most 2 far from all codes, where comparing with every one of them took 0.6;
of a million 1 to 4 against 9. At 20, places between the clusters took it 14 ms of 70,000."""

_WELL = 6  # up to so many, a tree answers for any place at once


class Nearest(ABC):
    """Samples among which the nearest are found, exactly."""

    @abstractmethod
    def query(
        self, z: Float[np.ndarray, " latent"], count: int
    ) -> tuple[Float64[np.ndarray, " count"], Int[np.ndarray, " count"]]:
        """Distances and rows of the `count` samples nearest to one place, nearest first."""

    @abstractmethod
    def distances(self, places: Float[np.ndarray, "m latent"], count: int) -> Float[np.ndarray, "m count"]:
        """Distances from many places to their `count` nearest samples, nearest first."""

    @abstractmethod
    def affordable(self, wanted: int) -> int:
        """How many of `wanted` places `distances` answers in a few seconds."""


def nearest_in(samples: Float[np.ndarray, "n latent"]) -> Nearest:
    """Choose what is faster for so many dimensions."""
    return Tree(samples) if samples.shape[1] <= FEW else Every(samples)


class Tree(Nearest):
    """A k-d tree (Bentley 1975)."""

    def __init__(self, samples: Float[np.ndarray, "n latent"]) -> None:
        # Sliding midpoints: built in half the time of medians, and asked as fast.
        self._tree = cKDTree(samples, balanced_tree=False, compact_nodes=False)
        self._samples, self._latent = samples.shape

    def query(
        self, z: Float[np.ndarray, " latent"], count: int
    ) -> tuple[Float64[np.ndarray, " count"], Int[np.ndarray, " count"]]:
        distances, rows = self._tree.query(z, k=range(1, count + 1))
        return distances, rows

    def distances(self, places: Float[np.ndarray, "m latent"], count: int) -> Float[np.ndarray, "m count"]:
        found: np.ndarray = self._tree.query(places, k=range(1, count + 1))[0]
        return found

    def affordable(self, wanted: int) -> int:
        return wanted if self._latent <= _WELL else _affordable(wanted, self._samples)


class Every(Nearest):
    """Every sample compared, in single precision first and the closest again in double."""

    def __init__(self, samples: Float[np.ndarray, "n latent"]) -> None:
        self._given = samples
        self._axes: Float32[np.ndarray, "latent n"] = np.ascontiguousarray(samples.T, dtype=np.float32)
        self._rounded = float(np.abs(samples - self._axes.T).max()) * math.sqrt(samples.shape[1])

    def query(
        self, z: Float[np.ndarray, " latent"], count: int
    ) -> tuple[Float64[np.ndarray, " count"], Int[np.ndarray, " count"]]:
        place = z.astype(np.float32)
        rough, part = np.zeros((2, self._axes.shape[1]), dtype=np.float32)
        # Axis by axis on one core: a matrix product would start threads that a busy server has no
        # room for, and lose in cancellation what this keeps.
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

    def distances(self, places: Float[np.ndarray, "m latent"], count: int) -> Float[np.ndarray, "m count"]:
        search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(self._given)
        rows = search.kneighbors(places, return_distance=False)
        # Again as `_exact` has them, to the last bit: a sample is at distance 0 from itself.
        apart = self._given[rows].astype(np.float64) - places[:, None, :]
        return np.sort(np.sqrt(np.einsum("ijk,ijk->ij", apart, apart)), axis=1)

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
