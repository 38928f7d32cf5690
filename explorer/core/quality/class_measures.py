"""Measures of the labels on a map: votes of neighbours, and the separation of classes."""

from __future__ import annotations

from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float64, Int, Int64

from explorer.core.quality.rank_measures import Neighbourhoods

_DEALT = 50_000  # labels dealt out anew, over all deals: a share is then off by 0.002 (one sigma)


class Classes:
    """The labels of all samples, judged by neighbourhoods, and beside them labels dealt at random.

    Parameters
    ----------
    labels
        The class of each sample, as any number.
    seed
        Of the deals.
    """

    def __init__(self, labels: Int[np.ndarray, " n"], seed: int) -> None:
        names, own = np.unique(labels, return_inverse=True)
        self._sizes = np.bincount(own)
        n, random = len(own), np.random.default_rng(seed)
        deals = min(100, max(5, _DEALT // n))
        # The labels as they are, and then as they are dealt.
        self._labels = [own, *(random.permutation(own) for _ in range(deals))] if len(names) > 1 else []
        self._sums = np.zeros((deals, 2))
        self._pulls = np.zeros((n, 2))
        self._n = n
        self.reason = "" if len(names) > 1 else "all samples are of one class"
        self.single = bool((self._sizes == 1).all())

    def judge(self, some: Neighbourhoods) -> Float64[np.ndarray, "rows 2"]:
        """Return for each sample whether its vote is right (0 or 1), and its silhouette."""
        found = np.zeros((len(some.rows), 2))
        count, k = len(self._sizes), some.nearest.shape[1] - 1
        for deal, labels in enumerate(self._labels):
            own, around = labels[some.rows], labels[some.nearest]
            right = _votes(around[:, :k], count) == own
            silhouettes, slopes = _silhouettes(_sums(some.apart, labels, count), self._sizes, own)
            figures = np.stack([right, silhouettes], axis=1)
            if deal:
                self._sums[deal - 1] += figures.sum(axis=0)
                continue
            found = figures
            _pull(some.apart, labels, *slopes, self._pulls[:, 1])
            for left in range(k):
                other = _votes(np.delete(around, left, axis=1), count) == own
                change = right.astype(np.float64) - other
                self._pulls[:, 0] += np.bincount(some.nearest[:, left], change, minlength=self._n)
        return found

    def pseudo_values(self, figures: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, "n 2"]:
        """Return the pseudo-values of both figures, as `rank_measures.pseudo_values` does.

        Those of the silhouette use its derivatives, since a sample changes the mean distances of others
        a little.
        """
        return figures + self._pulls

    def baselines(self) -> tuple[float, float]:
        """Return the mean accuracy and silhouette of the dealt labels, once all samples are judged."""
        accuracy, silhouette = self._sums.mean(axis=0) / self._n
        return float(accuracy), float(silhouette)


def _votes(classes: Int64[np.ndarray, "rows k"], count: int) -> Int64[np.ndarray, " rows"]:
    """Return the class of most neighbours; of classes with equally many that of the nearest one."""
    at = np.arange(len(classes))
    counts = np.zeros((len(classes), count), dtype=np.int64)
    np.add.at(counts, (at[:, None], classes), 1)
    votes = np.take_along_axis(counts, classes, axis=1)
    winner: np.ndarray = classes[at, np.argmax(votes, axis=1)]
    return winner


@numba.njit(nogil=True, cache=True)
@no_type_check
def _sums(apart, labels, classes):
    """Return the sum of each row's distances to the samples of each class."""
    sums = np.zeros((len(apart), classes))
    for row in range(len(apart)):
        for column in range(len(labels)):
            sums[row, labels[column]] += apart[row, column]
    return sums


@numba.njit(nogil=True, cache=True)
@no_type_check
def _pull(apart, labels, slopes, means, pulls):
    """Add to each column the change of the rows' silhouettes with its weight in the mean distances."""
    for row in range(len(apart)):
        for column in range(len(labels)):
            slope = slopes[row, labels[column]]
            if slope != 0 and apart[row, column] != 0:
                pulls[column] += slope * (apart[row, column] - means[row, labels[column]])


def _silhouettes(
    sums: Float64[np.ndarray, "rows classes"],
    sizes: Int64[np.ndarray, " classes"],
    own: Int64[np.ndarray, " rows"],
) -> tuple[
    Float64[np.ndarray, " rows"],
    tuple[Float64[np.ndarray, "rows classes"], Float64[np.ndarray, "rows classes"]],
]:
    """Return ``(b - a) / max(a, b)``: a the mean distance within a class, b to the nearest other class.

    0 for the only sample of a class, and where all distances are 0. Besides, its slope by the weight of a
    sample of each class, for each unit that it is farther than the mean, and those means.
    """
    at = np.arange(len(own))
    inner = sums[at, own] / np.maximum(sizes[own] - 1, 1)
    outer = sums / sizes
    outer[at, own] = np.inf
    next_one = np.argmin(outer, axis=1)
    nearest = outer[at, next_one]
    greater = np.maximum(inner, nearest)
    alone = (sizes[own] == 1) | (greater == 0)
    greater[alone] = 1.0
    outer[at, own] = inner
    closer = inner < nearest  # then 1 - a / b, else b / a - 1
    by_inner = -np.where(closer, 1.0, nearest / greater) / greater / np.maximum(sizes[own] - 1, 1)
    by_next = np.where(closer, inner / greater, 1.0) / greater / sizes[next_one]
    slopes = np.zeros_like(sums)
    slopes[at, own] = np.where(alone, 0.0, by_inner)
    slopes[at, next_one] = np.where(alone, 0.0, by_next)
    return np.where(alone, 0.0, (nearest - inner) / greater), (slopes, outer)
