"""Agreement of labels: which classes the nearest samples in latent space have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int, Int64

from explorer.core.errors import Cancelled, ExplorerError
from explorer.core.latent.knn import FEW_FOR_MANY, nearest_in
from explorer.core.progress import Progress, Stop, never, silent

NEAREST = 10

_WELL = 6  # up to so many dimensions a search tree answers for any number of samples

_PAIRS = 10_000_000_000
"""The most distances in more dimensions: 70,000 samples are judged among all, a million among 10,000."""

_ROWS = 2_048  # at a time, so that `stop` is asked several times a second

_SPARE = 6  # more than are needed: so many that are equally far are put in order


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """The classes of the k nearest of each sample.

    Attributes
    ----------
    share
        The share of the k nearest that have the sample's own label, in [0, 1].
    majority
        The class that most of the k nearest have; of equally many, the one with the nearest sample.
    """

    share: Float32[np.ndarray, " n"]
    majority: Int64[np.ndarray, " n"]


def searched(count: int, latent: int) -> int:
    """Return the number of samples that the nearest are looked for among: all, or a part of very many."""
    if latent <= _WELL or count * count <= _PAIRS:
        return count
    return max(NEAREST + 1, _PAIRS // count)


def agreement(
    codes: Float32[np.ndarray, "n latent"],
    labels: Int64[np.ndarray, " n"],
    k: int = NEAREST,
    *,
    among: int | None = None,
    seed: int = 0,
    stop: Stop = never,
    progress: Progress = silent,
) -> Agreement:
    """Compare the label of each sample with those of its k nearest, itself left out.

    Of samples that are equally far the one with the lower row is nearer, where not more than seven are.
    70,000 codes of two dimensions take half a second of one core, of twenty dimensions about forty.

    Parameters
    ----------
    k
        The number of neighbours; of fewer samples all others are.
    among
        The number of samples, drawn from `seed`, that the nearest are looked for among; None is what
        `searched` gives.

    Raises
    ------
    ExplorerError
        For fewer than two samples.
    Cancelled
        When `stop` turned true.
    """
    count, latent = codes.shape
    if count < 2:
        raise ExplorerError(f"neighbours need at least two samples and got {count}; use more data.")
    among = min(count, searched(count, latent) if among is None else among)
    k = min(k, among - 1)
    columns = np.arange(count)
    if among < count:
        columns = np.sort(np.random.default_rng(seed).choice(count, among, replace=False))
    index = nearest_in(codes[columns], FEW_FOR_MANY)
    share, majority = np.empty(count, np.float32), np.empty(count, np.int64)
    for start in range(0, count, _ROWS):
        if stop():
            raise Cancelled(f"comparing labels was stopped after {start:,} of {count:,} samples.")
        rows = np.arange(start, min(count, start + _ROWS))
        distances, found = index.query_many(codes[rows], min(among, k + 1 + _SPARE))
        nearest = labels[_others(distances, columns[found], rows, k)]
        share[rows] = (nearest == labels[rows, None]).mean(axis=1)
        votes = (nearest[:, :, None] == nearest[:, None, :]).sum(axis=2)
        # `argmax` gives the first of equals, and the neighbours come nearest first.
        majority[rows] = np.take_along_axis(nearest, votes.argmax(axis=1)[:, None], axis=1)[:, 0]
        progress((start + len(rows)) / count)
    for array in (share, majority):
        array.setflags(write=False)
    return Agreement(share, majority)


def _others(
    distances: Float64[np.ndarray, "rows found"],
    found: Int[np.ndarray, "rows found"],
    rows: Int[np.ndarray, " rows"],
    k: int,
) -> Int[np.ndarray, "rows k"]:
    """Return the k nearest of each row without itself, ties by row."""
    itself = found == rows[:, None]
    order = np.lexsort((found, np.where(itself, np.inf, distances)), axis=1)
    return np.take_along_axis(found, order[:, :k], axis=1)
