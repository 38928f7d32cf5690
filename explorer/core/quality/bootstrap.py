"""Intervals of figures by the bootstrap: the samples are drawn again, with replacement."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from explorer.core.errors import Cancelled
from explorer.core.progress import Progress, Stop

RESAMPLES = 500
"""The number of resamples; the ends of a 95 % interval are then known to about a tenth of it."""

LEVELS = (2.5, 97.5)
"""The percentiles at the ends of an interval."""

PAIRS = 100_000
"""The most pairs whose distances are correlated; a correlation is then off by 0.003 (one sigma)."""

_AT_ONCE = 20  # resamples


class Pairs:
    """Distances of pairs of samples in two spaces, and how well their orders agree.

    Parameters
    ----------
    first, second
        The samples of each pair.
    distances, others
        Of each pair, in either space; what agrees in single precision is a tie.
    """

    def __init__(
        self,
        first: Int64[np.ndarray, " pairs"],
        second: Int64[np.ndarray, " pairs"],
        distances: Float64[np.ndarray, " pairs"],
        others: Float64[np.ndarray, " pairs"],
    ) -> None:
        order = np.argsort(distances)  # so that half of the reads below are in sequence
        self._first, self._second = first[order], second[order]
        self._orders = [
            np.unique(apart[order].astype(np.float32), return_inverse=True)[1]
            for apart in (distances, others)
        ]

    def __len__(self) -> int:
        return len(self._first)

    def correlation(self, counts: Float64[np.ndarray, " n"] | None = None) -> float:
        """Return Spearman's correlation, of ranks with ties at their mean; NaN where one side is constant.

        Parameters
        ----------
        counts
            The number of times that each sample was drawn; a pair counts as often as both of its samples
            together. None is once each.

        References
        ----------
        Spearman (1904), The proof and measurement of association between two things.
        """
        weights = np.ones(len(self)) if counts is None else counts[self._first] * counts[self._second]
        total = weights.sum()
        if not total:
            return float("nan")
        ranks = []
        for order in self._orders:
            groups = np.bincount(order, weights)
            middle = np.cumsum(groups) - groups / 2
            ranks.append(middle[order] - total / 2)  # the mean of all ranks, whatever the ties
        weighted = ranks[0] * weights
        scale = np.sqrt(weighted @ ranks[0]) * np.sqrt((ranks[1] * weights) @ ranks[1])
        return float(weighted @ ranks[1] / scale) if scale > 0 else float("nan")


def drawn_pairs(n: int, seed: int) -> tuple[Int64[np.ndarray, " pairs"], Int64[np.ndarray, " pairs"]]:
    """Return all pairs of n samples; where they are more than `PAIRS`, so many drawn from the seed."""
    if n * (n - 1) // 2 <= PAIRS:
        first, second = np.triu_indices(n, 1)
        return first.astype(np.int64), second.astype(np.int64)
    random = np.random.default_rng(seed)
    first, second = random.integers(0, n, PAIRS), random.integers(0, n - 1, PAIRS)
    return first, second + (second >= first)


def resampled(
    values: Float64[np.ndarray, "n measures"],
    pairs: Pairs | None,
    seed: int,
    *,
    stop: Stop,
    progress: Progress,
) -> tuple[Float64[np.ndarray, "resamples measures"], Float64[np.ndarray, " resamples"] | None]:
    """Return the means of the columns, and the correlation of the pairs, over samples drawn again.

    The same seed and number of samples give the same draws: differences of two calls are those of pairs.
    Pairs are not drawn but come with their samples, since those that share one are not independent.

    Raises
    ------
    Cancelled
        When `stop` turned true.

    References
    ----------
    Efron (1979), Bootstrap methods: another look at the jackknife; Snijders and Borgatti (1999),
    Non-parametric standard errors and tests for network statistics (pairs by their samples).
    """
    n = len(values)
    random = np.random.default_rng(seed)
    means = np.empty((RESAMPLES, values.shape[1]))
    correlations = np.empty(RESAMPLES)
    for start in range(0, RESAMPLES, _AT_ONCE):
        if stop():
            raise Cancelled(f"how sure the figures are was not measured: stopped after {start} resamples.")
        rows = slice(start, min(start + _AT_ONCE, RESAMPLES))
        counts = np.stack(
            [np.bincount(random.integers(0, n, n), minlength=n) for _ in range(rows.start, rows.stop)]
        ).astype(np.float64)
        means[rows] = counts @ values / n
        if pairs is not None:
            correlations[rows] = [pairs.correlation(row) for row in counts]
        progress(rows.stop / RESAMPLES)
    return means, None if pairs is None else correlations


def interval(draws: Float64[np.ndarray, " resamples"]) -> tuple[float, float]:
    """Return the range of the middle 95 % of the resampled figures."""
    low, high = np.nanpercentile(draws, LEVELS)
    return float(low), float(high)
