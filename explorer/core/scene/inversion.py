"""Lifts from a place of the map to a code: the coordinates off the plane, and the error to expect."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64

from explorer.core.latent.knn import Tree
from explorer.core.projections import Embedding, Projection, SphereMap
from explorer.core.scene.scene import Scene

_SAMPLES = 4_000
"""Codes whose round trip is measured: their median is then known to about two hundredths of itself."""

_AROUND = 10
"""The number of them, nearest on the map, whose mean error is that of a place."""


@dataclass(frozen=True, slots=True)
class Lifted:
    """A code, and the way of its lift in words.

    Attributes
    ----------
    error
        The round-trip error of the samples drawn around there, as a share of the cloud's spread; None where
        the inverse is a formula, or it is not known yet.
    """

    code: Float[np.ndarray, " latent"]
    how: str
    error: float | None = None


class Lift(ABC):
    """A lift from one place of the plane to a code."""

    @abstractmethod
    def at(self, projection: Projection, xy: Float64[np.ndarray, "1 2"]) -> Lifted:
        """Lift one place of that projection's plane."""


class Formula(Lift):
    """The projection's own inverse."""

    def at(self, projection: Projection, xy: Float64[np.ndarray, "1 2"]) -> Lifted:
        code = projection.inverse(xy)
        how = "exact" if projection.exact else "a guess; how good is being computed"
        if isinstance(projection, SphereMap) and not np.allclose(projection.forward(code), xy, atol=1e-6):
            how = "beside the globe, where the nearest of its places is decoded"
        return Lifted(code[0], how)


class Through(Lift):
    """The plane is laid through a code: its part off the plane is the same at every place."""

    def __init__(self, code: Float[np.ndarray, " latent"], what: str) -> None:
        self._code = code
        self._what = what

    def at(self, projection: Projection, xy: Float64[np.ndarray, "1 2"]) -> Lifted:
        return Lifted(
            projection.inverse(xy)[0] + _apart(projection, self._code), f"exact, through {self._what}"
        )


class NearestHeld(Lift):
    """A lift with the coordinates off the plane of the sample drawn nearest to the place."""

    def __init__(self, scene: Scene) -> None:
        self._codes = scene.cloud.mean
        self._tree = Tree(scene.xy)

    def at(self, projection: Projection, xy: Float64[np.ndarray, "1 2"]) -> Lifted:
        row = int(self._tree.query(xy[0], 1)[1][0])
        code = projection.inverse(xy)[0] + _apart(projection, self._codes[row])
        return Lifted(code, f"exact, residual of sample #{row} held")


class Guess(Lift):
    """The inverse of an embedding, with the error to expect around each place.

    The error of a place is the mean of `Embedding.error` over the samples drawn around it, of a random
    choice from the cloud that is on the map; so it holds for that cloud, also where the map was fitted to
    an earlier one. It holds near samples: far from all of them, support and distance say more.

    Attributes
    ----------
    samples, median
        The number of samples whose round trip was measured, and the median over them.
    """

    def __init__(self, scene: Scene, seed: int = 0) -> None:
        projection = scene.projection
        assert isinstance(projection, Embedding)
        n = len(scene.cloud)
        rows = np.arange(n)
        if n > _SAMPLES:
            rows = np.sort(np.random.default_rng(seed).choice(n, _SAMPLES, replace=False))
        self._errors = projection.error(scene.cloud.mean[rows])
        self._tree = Tree(scene.xy[rows])
        self._k = min(_AROUND, len(rows))
        self.samples = len(rows)
        self.median = float(np.median(self._errors))

    def at(self, projection: Projection, xy: Float64[np.ndarray, "1 2"]) -> Lifted:
        rows = self._tree.query(xy[0], self._k)[1]
        error = float(self._errors[rows].mean())
        code = projection.inverse(xy)[0]
        return Lifted(code, f"a guess: error {error:.2f} of the cloud's spread", error)


def prepared(scene: Scene) -> Lift:
    """Prepare a lift: up to a second for an embedding, 50 ms for others."""
    return NearestHeld(scene) if scene.projection.exact else Guess(scene)


def map_distortion(scene: Scene) -> Float32[np.ndarray, " n"]:
    """Return log2 of an embedding's local stretch at each sample's place; 0 is typical, 1 twice that."""
    assert isinstance(scene.projection, Embedding)
    stretch = scene.projection.distortion(scene.xy)
    tiny = np.finfo(np.float32).tiny
    return np.log2(np.maximum(stretch, tiny)).astype(np.float32)


def round_trip_errors(scene: Scene) -> Float32[np.ndarray, " n"]:
    """Return the round-trip error of each sample's code, as a share of the cloud's spread."""
    assert isinstance(scene.projection, Embedding)
    return scene.projection.error(scene.cloud.mean).astype(np.float32)


def _apart(projection: Projection, code: Float[np.ndarray, " latent"]) -> Float64[np.ndarray, " latent"]:
    """Return the difference between a code and the one that the projection's own inverse gives."""
    z = code[None].astype(np.float64)
    apart: np.ndarray = z[0] - projection.inverse(projection.forward(z))[0]
    return apart
