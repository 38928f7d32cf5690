"""The abstract Embedding: a map that keeps neighbours, known at the codes that it was fitted to."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import param
from jaxtyping import Float, Float64, Int64

from explorer.core.errors import ExplorerError
from explorer.core.latent.knn import FEW_FOR_MANY, Nearest, nearest_in
from explorer.core.progress import Stage
from explorer.core.projections.base import Projection
from explorer.core.projections.embeddings.out_of_sample import Placing
from explorer.core.projections.embeddings.shepard import ShepardInverse
from explorer.core.projections.pca import PCA
from explorer.core.projections.procrustes import align


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The result of fitting an Embedding.

    Attributes
    ----------
    rows
        Rows of the cloud, ascending, that the map was fitted to; their codes are all different.
    count
        The number of codes of the cloud.
    codes, xy
        Those codes, in latent units, and their places on the plane, in the map's own unit.
    spread
        Root mean square distance of the codes from their mean, in latent units.
    """

    rows: Int64[np.ndarray, " n"]
    count: int
    codes: Float64[np.ndarray, "n latent"]
    xy: Float64[np.ndarray, "n 2"]
    spread: float
    nearest: Nearest
    placing: Placing
    lift: ShepardInverse


class Embedding(Projection):
    """A map of the plane on which codes have the neighbours that they have in latent space.

    It is found by descent for the codes that it is fitted to, and has no formula. Other codes are
    placed among them, and `inverse` interpolates between them: `error` is the error of that, and
    `distortion` shows where the map is torn or compressed. Equal seeds give equal maps.
    """

    exact: ClassVar[bool] = False

    samples = param.Integer(
        10_000,
        bounds=(100, 200_000),
        doc="To how many codes the map is fitted; of more, to a random choice of so many, and the others "
        "are placed among them. The time grows with it.",
    )
    seed = param.Integer(0, bounds=(0, 2**31 - 1), doc="Of all random choices: equal seeds, equal maps.")

    def __init__(self, **knobs: object) -> None:
        super().__init__(**knobs)
        self._map: Fitted | None = None

    @classmethod
    def suits(cls, latent: int) -> bool:
        return latent >= 3

    @classmethod
    def _demand(cls) -> str:
        return "needs at least 3 latent dimensions"

    @property
    def fitted(self) -> Fitted:
        """The codes that it was fitted to, and their places.

        Raises
        ------
        NotFitted
            Before `fit`.
        """
        _ = self.latent  # asks whether there is one
        assert self._map is not None
        return self._map

    def forward(self, z: Float[np.ndarray, "points latent"]) -> Float[np.ndarray, "points 2"]:
        """Place codes on the map, each by itself; a fitted code exactly at its fitted place.

        Raises
        ------
        NotFitted
            Before `fit`.
        """
        return self._placed(z)[0].astype(z.dtype)

    def inverse(self, xy: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "points latent"]:
        """Lift points of the plane back into latent space, between the codes that lie around them.

        Exact at the places of the fitted codes, continuous, and never outside the hull of the nearest.

        Raises
        ------
        NotFitted
            Before `fit`.
        ExplorerError
            For a place that is not finite.
        """
        return self.fitted.lift.codes(self._checked(xy)).astype(xy.dtype)

    def error(self, z: Float[np.ndarray, "points latent"]) -> Float64[np.ndarray, " points"]:
        """Return the distance of ``inverse(forward(z))`` from z, as a share of the cloud's spread.

        For a fitted code it is the figure of its place had the code not been fitted; 1 is the typical
        distance of a code from the cloud's mean. In latent units it is this times
        ``fitted.spread``.
        """
        xy, own = self._placed(z)
        back = self.fitted.lift.codes_without(xy, own)
        return np.linalg.norm(back - z, axis=1) / self.fitted.spread

    def distortion(self, xy: Float[np.ndarray, "points 2"]) -> Float64[np.ndarray, " points"]:
        """Return the map's local stretch: 1 where it is typical, 2 where neighbours are twice as far apart.

        It is large where the map has put together what is apart in latent space, and between clusters
        that it has pulled apart by less than they are.
        """
        return self.fitted.lift.stretch(self._checked(xy))

    def _placed(
        self, z: Float[np.ndarray, "points latent"]
    ) -> tuple[Float64[np.ndarray, "points 2"], Int64[np.ndarray, " points"]]:
        codes = self._codes(z).astype(np.float64)
        if not np.isfinite(codes).all():
            raise ExplorerError(
                f"the projection {self.key!r} places finite codes only; leave out the others."
            )
        return self.fitted.placing.places(codes)

    def _checked(self, xy: Float[np.ndarray, "points 2"]) -> Float64[np.ndarray, "points 2"]:
        if not np.isfinite(xy).all():
            raise ExplorerError("a place of the plane has two finite coordinates; move back to the map.")
        return xy.astype(np.float64)

    # -- fitting ---------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def _least(self) -> int:
        """The number of different codes that the knobs need."""

    @abstractmethod
    def _too_few(self, count: int) -> str:
        """Return the error sentence for a cloud of so many different codes, fewer than `_least`."""

    @abstractmethod
    def _embed(
        self,
        codes: Float64[np.ndarray, "n latent"],
        start: Float64[np.ndarray, "n 2"],
        stage: Stage,
    ) -> Float64[np.ndarray, "n 2"]:
        """Find the places of codes of spread 1, from principal coordinates of spread 1 along x."""

    def _fit(self, z: Float[np.ndarray, "points latent"]) -> None:
        self._fit_in_stages(z, Stage())

    def _fit_in_stages(self, z: Float[np.ndarray, "points latent"], stage: Stage) -> None:
        stage.at(0.0)
        rows = self._chosen(z)
        if len(rows) < self._least:
            raise ExplorerError(self._too_few(len(rows)))
        codes = z[rows].astype(np.float64)
        # In units of their own spread, so that codes of any size are embedded alike.
        centred = codes - codes.mean(axis=0)
        size = np.abs(centred).max()
        spread = float(np.sqrt(((centred / size) ** 2).sum(axis=1).mean()) * size)
        unit = centred / spread
        start = PCA().fit(unit).forward(unit)
        start = start / start[:, 0].std()
        start += np.random.default_rng(self.seed).normal(scale=0.01, size=start.shape)
        xy = self._embed(unit, start, stage)
        self._map = _joined(rows, len(z), codes, xy, spread, nearest_in(codes, FEW_FOR_MANY))

    def _chosen(self, z: Float[np.ndarray, "points latent"]) -> Int64[np.ndarray, " n"]:
        """Return the rows of the codes to fit to: at most `samples`, no two codes the same."""
        rows = np.arange(len(z))
        if len(z) > self.samples:
            rows = np.random.default_rng(self.seed).choice(len(z), self.samples, replace=False)
            rows.sort()
        _, first = np.unique(z[rows], axis=0, return_index=True)
        return rows[np.sort(first)]

    def _align(self, previous: Embedding) -> None:
        before, now = previous.fitted, self.fitted
        if before.count != now.count:
            return  # another cloud: its rows are other samples
        _, there, here = np.intersect1d(before.rows, now.rows, assume_unique=True, return_indices=True)
        if len(here) < 2:
            return
        xy = align(now.xy[here], before.xy[there]).apply(now.xy)
        self._map = _joined(now.rows, now.count, now.codes, xy, now.spread, now.nearest)


def _joined(
    rows: Int64[np.ndarray, " n"],
    count: int,
    codes: Float64[np.ndarray, "n latent"],
    xy: Float64[np.ndarray, "n 2"],
    spread: float,
    nearest: Nearest,
) -> Fitted:
    return Fitted(
        rows, count, codes, xy, spread, nearest, Placing(nearest, xy, codes), ShepardInverse(xy, codes)
    )
