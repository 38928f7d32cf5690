"""Neighbours in the data and on a map of them, and their ranks in the other space.

`latent.knn` finds the nearest only; a rank among all needs every distance of a row, and these give the
nearest too. So both spaces are computed once, some rows at a time, and the loop over a row's neighbours is
compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float32, Float64, Int, Int64

from explorer.core.errors import Cancelled
from explorer.core.progress import Progress, Stop
from explorer.core.quality.distances import Space

_AT_ONCE = 1 << 21  # distances: 16 MB, of which a handful exist at a time


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhoods:
    """Neighbours and rank measures of some samples among the others.

    Attributes
    ----------
    rows
        The samples.
    apart
        Their distances on the map to all columns.
    nearest
        Columns of the k + 1 nearest on the map, nearest first.
    trustworthiness, continuity, kept
        Of each sample, in [0, 1]; `kept` is the share of its k nearest in the data that are its k nearest
        on the map.
    """

    rows: Int64[np.ndarray, " rows"]
    apart: Float64[np.ndarray, "rows columns"]
    nearest: Int64[np.ndarray, "rows more"]
    trustworthiness: Float64[np.ndarray, " rows"]
    continuity: Float64[np.ndarray, " rows"]
    kept: Float64[np.ndarray, " rows"]


def neighbourhoods(
    data: Space,
    drawn: Space,
    rows: Int64[np.ndarray, " rows"],
    columns: Int64[np.ndarray, " columns"],
    k: int,
    seed: int,
    *,
    without: Float64[np.ndarray, "3 left"] | None = None,
    stop: Stop,
    progress: Progress,
) -> Iterator[Neighbourhoods]:
    """Go through the rows, some at a time, with their neighbours among the columns.

    A sample is no neighbour of its own. Distances that agree in single precision are ties, and go in an
    order that is drawn from the seed for each row, the same in both spaces: the order of the samples says
    nothing, a map on which all coincide does no better than a random one, and the data as a map of
    themselves keep all.

    Parameters
    ----------
    data, drawn
        The samples, and where a map has them.
    rows, columns
        Samples to judge, and samples to search; each at most once. More than k columns beside the sample.
    without
        Added to, for each column: the changes in the rows of all others when it is left out, of the ranks in
        excess of k of neighbours on the map, of those of neighbours in the data, and of the number kept.

    Raises
    ------
    Cancelled
        When `stop` turned true.
    """
    without = np.zeros((3, 0)) if without is None else without
    place = np.full(len(data), -1)
    place[columns] = np.arange(len(columns))
    size = max(1, _AT_ONCE // len(columns))
    for start in range(0, len(rows), size):
        if stop():
            raise Cancelled(f"the map was not measured: stopped after {start:,} of {len(rows):,} samples.")
        part = rows[start : start + size]
        own = place[part]
        apart = drawn.between(part, columns)
        in_data, on_map = _others(data.between(part, columns), own), _others(apart, own)
        nearest, figures = _judged(
            in_data,
            np.sort(in_data, axis=1),
            on_map,
            np.sort(on_map, axis=1),
            part,
            columns,
            own,
            k,
            seed,
            without,
        )
        yield Neighbourhoods(part, apart, nearest, *figures)
        progress(min(1.0, (start + size) / len(rows)))


def pseudo_values(
    figures: Float64[np.ndarray, "n 3"], without: Float64[np.ndarray, "3 n"], k: int
) -> Float64[np.ndarray, "n 3"]:
    """Return the jackknife pseudo-values of trustworthiness, continuity and the share kept.

    ``n t - (n - 1) t_without``. Samples are neighbours of one another, so their own figures scatter less than
    the mean of fresh samples would; pseudo-values include the effect of a sample on the figures of the
    others, and on average their scatter is not too small (Efron and Stein). Where neighbours are counted it
    may be twice too large.

    Parameters
    ----------
    figures, without
        Over all samples, as `neighbourhoods` gives them.

    References
    ----------
    Tukey (1958), Bias and confidence in not quite large samples; Efron and Stein (1981), The jackknife
    estimate of variance.
    """
    n = len(figures)
    if k > n - 3:  # without one, all are neighbours
        return figures
    worst, left = _worst(n, k), _worst(n - 1, k)
    excess = (1 - figures[:, :2]) * worst
    sums = np.column_stack([excess, figures[:, 2] * k])
    after = (sums.sum(axis=0) + without.T - sums) / (n - 1) / np.array([left, left, k])
    after[:, :2] = 1 - after[:, :2]
    return n * figures.mean(axis=0) - (n - 1) * after


def random_trustworthiness(n: int, k: int) -> float:
    """Return the expected trustworthiness, and continuity, of a map with random places.

    A neighbour's rank in the data is then uniform in 1 .. n - 1, and exceeds k by
    ``(n - k) (n - 1 - k) / (2 (n - 1))`` on average: nearly 1/2 of the worst for k far below n.
    """
    return 1 - k * (n - k) * (n - 1 - k) / (2 * (n - 1)) / _worst(n, k)


def _others(
    apart: Float64[np.ndarray, "rows columns"], own: Int[np.ndarray, " rows"]
) -> Float32[np.ndarray, "rows columns"]:
    """Return distances for ranking, a sample's own infinite."""
    ranked = apart.astype(np.float32)
    found = np.flatnonzero(own >= 0)
    ranked[found, own[found]] = np.inf
    return ranked


@numba.njit(nogil=True, cache=True)
@no_type_check
def _worst(n, k):
    """Return the largest sum by which the ranks of k neighbours can exceed k, in a sample of n."""
    if 2 * k < n:
        return k * (2 * n - 3 * k - 1) / 2
    return (n - k) * (n - k - 1) / 2


@numba.njit(nogil=True, cache=True)
@no_type_check
def _lot(seed, row, column):
    """Return a pseudo-random number for a pair of samples; the mixing of SplitMix64 (Steele et al. 2014)."""
    x = np.uint64(seed) + np.uint64(row) * np.uint64(0x9E3779B97F4A7C15)
    for _ in range(2):
        x += np.uint64(column) * np.uint64(0xD1B54A32D192ED03)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return x


@numba.njit(nogil=True, cache=True)
@no_type_check
def _first(apart, kth, k, row, columns, seed):
    """Return the k nearest in a row of distances, nearest first, ties in the order of their numbers."""
    near = np.flatnonzero(apart <= kth)
    near = near[np.argsort(apart[near])]
    start = 0
    while start < k:
        end = start + 1
        while end < len(near) and apart[near[end]] == apart[near[start]]:
            end += 1
        for at in range(start, min(end, k) if end - start > 1 else start):
            least = at
            for other in range(at + 1, end):
                if _lot(seed, row, columns[near[other]]) < _lot(seed, row, columns[near[least]]):
                    least = other
            near[at], near[least] = near[least], near[at]
        start = end
    return near[:k]


@numba.njit(nogil=True, cache=True)
@no_type_check
def _excess(apart, ordered, near, k, row, columns, seed):
    """Return the excess over k of the ranks of some places in a row of distances."""
    found = np.zeros(len(near))
    for at in range(len(near)):
        place = near[at]
        rank = np.searchsorted(ordered, apart[place], side="right")
        if rank <= k:
            continue
        nearer = np.searchsorted(ordered, apart[place], side="left")
        if rank - nearer > 1:
            mine = _lot(seed, row, columns[place])
            rank = nearer + 1
            for other in range(len(apart)):
                if apart[other] == apart[place] and _lot(seed, row, columns[other]) < mine:
                    rank += 1
        found[at] = max(0, rank - k)
    return found


@numba.njit(nogil=True, cache=True)
@no_type_check
def _without_each(apart, near, excess, k, found):
    """Add to each column the change of the summed excess of the first k places without it."""
    farther = np.sort(apart[near[:k][excess[:k] > 0]])
    if len(farther):
        for column in range(len(apart)):
            if apart[column] < farther[-1]:
                found[column] -= len(farther) - np.searchsorted(farther, apart[column], side="right")
    for at in range(k):
        # The column itself is left out, and the next one enters, whose rank it may have raised.
        raised = excess[k] > 0 and apart[near[at]] < apart[near[k]]
        found[near[at]] += excess[k] - raised - excess[at]


@numba.njit(nogil=True, cache=True)
@no_type_check
def _judged(in_data, data_ordered, on_map, map_ordered, rows, columns, own, k, seed, without):
    """Return for each row its k + 1 nearest on the map, and its trustworthiness, continuity and share kept.

    For each column, the changes of the sums of the two excesses and of the kept without it, in rows other
    than its own, are added to ``without``.
    """
    nearest = np.empty((len(rows), k + 1), np.int64)
    figures = np.empty((3, len(rows)))
    by_data, by_map = np.full(len(columns), -1), np.full(len(columns), -1)
    for at in range(len(rows)):
        row, there, here = rows[at], in_data[at], on_map[at]
        similar = _first(there, data_ordered[at, k], k + 1, row, columns, seed)
        near = _first(here, map_ordered[at, k], k + 1, row, columns, seed)
        intruding = _excess(there, data_ordered[at], near, k, row, columns, seed)
        torn = _excess(here, map_ordered[at], similar, k, row, columns, seed)
        worst = _worst(len(columns) + (1 if own[at] < 0 else 0), k)
        by_data[similar[:k]] = at
        by_map[near[:k]] = at
        figures[0, at] = 1 - intruding[:k].sum() / worst
        figures[1, at] = 1 - torn[:k].sum() / worst
        figures[2, at] = np.sum(by_data[near[:k]] == at) / k
        nearest[at] = near
        if without.shape[1]:
            _without_each(there, near, intruding, k, without[0])
            _without_each(here, similar, torn, k, without[1])
            comes, joins = by_data[near[k]] == at, by_map[similar[k]] == at
            for place in near[:k]:
                without[2, place] += comes
                if by_data[place] == at:  # in both: each list has a next one, which may be the same
                    without[2, place] += joins + (near[k] == similar[k]) - 1
            for place in similar[:k]:
                if by_map[place] != at:
                    without[2, place] += joins
    return nearest, figures
