"""The surroundings of a place of latent space: the nearest sample, the support, the class."""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import Lock

import numpy as np
from jaxtyping import Float, Float32, Int64

from explorer.core.errors import ExplorerError
from explorer.core.latent.knn import Nearest, nearest_in


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The answer of `Neighbours.around` for one place.

    Attributes
    ----------
    nearest, distance
        Row of the nearest encoded sample and how far it is, in latent units.
    support
        Share of encoded samples whose local density is lower, in [0, 1].
    predicted
        Index of the class with the most votes and its share of them; None for data without labels.
    """

    nearest: int
    distance: float
    support: float
    predicted: tuple[int, float] | None


class Neighbours:
    """An index of the encoded samples, for questions about any place among them.

    Density is measured by the distance to the k-th nearest encoded sample, ``r_k``: the farther,
    the thinner. The **support** of a place z is

        share of encoded samples i with r_k(x_i) > r_k(z), samples as far count one half,

    where a sample is not its own neighbour, and neither is a sample that z coincides with. Over the
    encoded samples themselves support is therefore uniform with mean 1/2; far from all it is 0.

    Parameters
    ----------
    mean
        The encoded samples, in latent units; at least two.
    labels
        Class index of each, or None.
    k
        The number of neighbours for a density and a vote; at most as many as there are.
    train
        The number of rows, from the first on, that may vote; None is all.
    seed
        Of the subsample on which the radii are ranked where ranking all would take long. Nearest
        samples are exact always.

    Notes
    -----
    Building it takes up to some seconds (a million samples); queries are safe from any thread.

    References
    ----------
    Loftsgaarden and Quesenberry (1965), A nonparametric estimate of a multivariate density function.
    """

    def __init__(
        self,
        mean: Float[np.ndarray, "n latent"],
        labels: Int64[np.ndarray, " n"] | None = None,
        k: int = 10,
        *,
        train: int | None = None,
        seed: int = 0,
    ) -> None:
        count, latent = mean.shape
        if count < 2:
            raise ExplorerError(f"neighbours need at least two samples and got {count}; use more data.")
        if k < 1:
            raise ExplorerError(f"the number of neighbours cannot be {k}; give 1 or more.")
        train = count if train is None else train
        self.k = min(k, count - 1)
        self._mean = mean
        self._seed = seed
        self._all = nearest_in(mean)
        self._votes = min(k, train)
        self._labels = labels
        self._train = self._all if train == count or labels is None else nearest_in(mean[:train])
        self._densities: Float32[np.ndarray, " n"] | None = None
        self._lock = Lock()
        # As many radii as give the ranks to half a percent are enough.
        ranked = self._all.affordable(20_000 if count > 40_000 or latent > 3 else count)
        rows = np.arange(count)
        if ranked < count:
            rows = np.sort(np.random.default_rng(seed).choice(count, ranked, replace=False))
        self._ranked = np.sort(_radii(self._all, mean[rows], self.k))

    def around(self, z: Float[np.ndarray, " latent"]) -> Surroundings:
        """Answer all three questions about one place at the cost of little more than one."""
        distances, rows = self._all.query(self._checked(z), self.k + 1)
        return Surroundings(int(rows[0]), float(distances[0]), self._rank(distances), self.vote(z))

    def nearest(self, z: Float[np.ndarray, " latent"]) -> tuple[int, float]:
        """Return the row of the nearest encoded sample, and its distance in latent units."""
        distances, rows = self._all.query(self._checked(z), 1)
        return int(rows[0]), float(distances[0])

    def support(self, z: Float[np.ndarray, " latent"]) -> float:
        """Return the share of encoded samples whose local density is lower than that at `z`."""
        distances, _ = self._all.query(self._checked(z), self.k + 1)
        return self._rank(distances)

    def vote(self, z: Float[np.ndarray, " latent"]) -> tuple[int, float] | None:
        """Return the class with most votes of the k nearest training samples, and its share of them.

        Of classes with equally many the one with the nearest sample wins.
        """
        if self._labels is None:
            return None
        _, rows = self._train.query(self._checked(z), self._votes)
        classes = self._labels[rows].tolist()
        # `max` keeps the first of equals, and the neighbours come nearest first.
        winner = max(classes, key=classes.count)
        return winner, classes.count(winner) / len(classes)

    def densities(self) -> Float32[np.ndarray, " n"]:
        """Estimate the log density at each encoded sample, in log(1 / latent unit ** latent).

        ``log p(x) = log k - log(m) - log V - latent * log r_k(x)`` with V the volume of the unit
        ball and m the number of samples that the k nearest are looked for among: all others, or
        in more dimensions than a search tree serves well a seeded subsample of them.

        Computed once, in up to some seconds. Coinciding samples take the least radius that is not 0.
        """
        with self._lock:
            if self._densities is None:
                self._densities = self._log_densities()
        return self._densities

    def _log_densities(self) -> Float32[np.ndarray, " n"]:
        count, latent = self._mean.shape
        among = self._all.affordable(count)
        if among < count:
            rows = np.random.default_rng(self._seed).choice(count, among, replace=False)
            k = min(self.k, among - 1)
            radii = _radii(nearest_in(self._mean[rows]), self._mean, k)
        else:
            k, radii = self.k, _radii(self._all, self._mean, self.k)
        positive = radii[radii > 0]
        least = positive.min() if len(positive) else 1.0
        log_ball = 0.5 * latent * math.log(math.pi) - math.lgamma(0.5 * latent + 1)
        constant = math.log(k / (among - 1)) - log_ball
        densities = (constant - latent * np.log(np.maximum(radii, least))).astype(np.float32)
        densities.setflags(write=False)
        return densities

    def _rank(self, distances: Float[np.ndarray, " neighbours"]) -> float:
        radius = _kth(distances[None], self.k)[0]
        lower = len(self._ranked) - np.searchsorted(self._ranked, radius, side="right")
        tied = np.searchsorted(self._ranked, radius, side="right") - np.searchsorted(self._ranked, radius)
        return float((lower + 0.5 * tied) / len(self._ranked))

    def _checked(self, z: Float[np.ndarray, " latent"]) -> Float[np.ndarray, " latent"]:
        if z.shape != self._mean.shape[1:] or not np.isfinite(z).all():
            raise ExplorerError(
                f"a place here has {self._mean.shape[1]} finite latent coordinates, got {z.tolist()}."
            )
        return z


def _radii(index: Nearest, places: Float[np.ndarray, "m latent"], k: int) -> Float[np.ndarray, " m"]:
    return _kth(index.query_many(places, k + 1)[0], k)


def _kth(distances: Float[np.ndarray, "m neighbours"], k: int) -> Float[np.ndarray, " m"]:
    """Return the distance to the k-th neighbour, the place itself left out, from the k + 1 nearest.

    A sample asked about finds itself at distance 0; one zero is left out, so that a coinciding
    second sample still counts as a neighbour.
    """
    return np.where(distances[:, 0] == 0, distances[:, k], distances[:, k - 1])
