"""The epochs of a kept run on one map: read, encoded where they were not, and matched to one another."""

from __future__ import annotations

import logging

import numpy as np
import torch
from jaxtyping import Float32

from explorer.core.datasets import Dataset
from explorer.core.errors import SHOWN, StoreError
from explorer.core.latent.cloud import Cloud, Stamp, encode
from explorer.core.lru import LRU
from explorer.core.projections import Projection
from explorer.core.projections.layout import Layout
from explorer.core.scene.evolution import Evolution
from explorer.core.scene.scene import Scene, fitted_scene
from explorer.runtime.run import Snapshot
from explorer.runtime.store.reader import KeptRun
from models import Autoencoder

_log = logging.getLogger(__name__)

MOST_BYTES = 256 * 2**20
"""Of the points of a run's epochs in memory together: a longer run has those of every second, third, ..."""

_LATEST = 4  # models, with their clouds, that are at hand for going to and fro


class EpochsOnMap:
    """The places of the samples at each epoch of a run. One worker writes it; any thread reads it.

    Attributes
    ----------
    kept
        The run; replaced by a newer one of itself as it goes on.
    evolution
        The epochs that have been placed so far.
    """

    def __init__(
        self,
        kept: KeptRun,
        dataset: Dataset,
        layout: Layout,
        device: torch.device | None = None,
        evolution: Evolution | None = None,
    ) -> None:
        self.kept = kept
        self.dataset = dataset
        self.layout = layout
        self.evolution = evolution or Evolution()
        self._device = device or torch.device("cpu")
        self._latest: LRU[Snapshot] = LRU(_LATEST)
        self._lost: set[int] = set()  # epochs that cannot be read

    @property
    def last(self) -> int:
        """The newest epoch of the run."""
        return self.kept.epochs[-1].epoch

    def stored(self, epoch: int) -> bool:
        """Tell whether an epoch's codes were kept, and need not be encoded."""
        return self.kept.epoch(epoch).cloud is not None

    def readable(self) -> tuple[int, ...]:
        """The epochs of which places or weights were kept: of a long run, not every one."""
        return tuple(r.epoch for r in self.kept.epochs if r.cloud is not None or r.weights is not None)

    def wanted(self) -> tuple[int, ...]:
        """The epochs that are to be placed: all of them, as far as there is room; the last one always."""
        axes = 3 if self.evolution.turns else 2
        room = max(2, MOST_BYTES // (2 * axes * len(self.dataset)))
        epochs = self.readable()
        stride = -(-len(epochs) // room)
        return tuple(sorted({*epochs[::stride], epochs[-1]}))

    @property
    def share(self) -> float:
        """The share of the epochs that can be placed which are placed, in [0, 1]."""
        wanted = len({*self.wanted()} - self._lost)
        return len(self.evolution.epochs) / wanted if wanted else 1.0

    def settled(self, epoch: int) -> bool:
        """Tell whether an epoch is placed, or will not be."""
        return epoch in self.evolution or epoch in self._lost or epoch not in self.wanted()

    def next(self, near: float | None = None, *, stored: bool = False) -> int | None:
        """The epoch to be placed next; None where all are.

        Those whose codes were kept come first, from the newest back, so that each is matched to its
        neighbour; where nothing is matched, and of those that are to be encoded, the nearest.

        Parameters
        ----------
        near
            The epoch that is looked at.
        stored
            Whether to encode no other than that one: a training needs the device.
        """
        there = {*self.evolution.epochs, *self._lost}
        missing = [epoch for epoch in self.wanted() if epoch not in there]
        kept = [epoch for epoch in missing if self.stored(epoch)]
        if kept and self.layout.computed is None:
            return kept[-1]
        pool = kept or [epoch for epoch in missing if not stored or epoch == near]
        return min(pool, key=lambda epoch: abs(epoch - (near or 0.0)), default=None)

    def place(self, epoch: int) -> None:
        """Put one epoch on the map; one that cannot be read, or put there, is passed over. On the worker."""
        try:
            codes = self.kept.codes(epoch)
            if codes is None:
                codes = self.snapshot(epoch).cloud.mean
            self.evolution = self.evolution.added(epoch, self._fitted(codes), codes)
        except SHOWN:
            self._lost.add(epoch)
            _log.warning("epoch %s of run %s is passed over", epoch, self.kept.record.id, exc_info=True)

    def weights(self, epoch: int) -> int:
        """The epoch whose weights stand for those of another: itself, where they were kept."""
        if self.kept.epoch(epoch).weights is not None:
            return epoch
        with_weights = [record.epoch for record in self.kept.epochs if record.weights is not None]
        return min(with_weights, key=lambda other: abs(other - epoch))

    def model(self, epoch: int) -> Autoencoder:
        """The model of the epoch that `weights` names, ready to decode."""
        return self.kept.model(self.weights(epoch)).to(self._device).eval()

    def snapshot(self, epoch: int, *, spread: bool = False) -> Snapshot:
        """Model and cloud of an epoch. On the worker.

        Parameters
        ----------
        spread
            Whether each sample's posterior is needed too, which is not kept and takes encoding.
        """
        known = self.at_hand(epoch, spread=spread)
        if known is not None:
            return known
        without = self.at_hand(epoch)
        model = self.model(epoch) if without is None else without.model
        cloud = None if spread else self.kept.cloud(epoch, self.dataset)
        if cloud is None:
            cloud = self._encoded(model, epoch) if self.weights(epoch) == epoch else None
        if cloud is None:
            cloud = self.kept.cloud(epoch, self.dataset)
        if cloud is None:
            near = self.weights(epoch)
            raise StoreError(
                f"neither the weights nor the places of epoch {epoch} were kept; choose epoch {near}."
            )
        snapshot = Snapshot(model, cloud, None, epoch)
        self._latest.put((epoch, spread), snapshot)
        return snapshot

    def at_hand(self, epoch: int, *, spread: bool = False) -> Snapshot | None:
        """The same, where it is ready. Any thread."""
        return self._latest.get((epoch, spread))

    def projection(self, epoch: int, anchor: int, aligned: bool) -> Projection:
        """The map of an epoch that is at hand, matched to another's. Any thread."""
        if epoch in self.evolution:
            return self.evolution.projection(epoch, anchor, aligned)
        snapshot = self.at_hand(epoch)
        if snapshot is None:
            raise StoreError(f"epoch {epoch} has not been read yet; wait until it is.")
        # There was no room to keep it: it is matched to those that are kept, and let go again.
        added = self.evolution.added(epoch, self._fitted(snapshot.cloud.mean), snapshot.cloud.mean)
        return added.projection(epoch, anchor, aligned)

    def scene(self, epoch: int, anchor: int, aligned: bool, *, spread: bool = False) -> Scene:
        """The epoch as it is laid out on its map, matched to another's. On the worker."""
        snapshot = self.snapshot(epoch, spread=spread)
        projection = self.projection(epoch, anchor, aligned)
        return fitted_scene(self.dataset, snapshot.model, snapshot.cloud, projection)

    def lacks(self, epoch: int) -> list[str]:
        """Return what is still missing before that epoch is on the map, in words."""
        if epoch in self.evolution:
            return []
        return ["being read" if self.stored(epoch) else "being encoded; drawn between its neighbours"]

    def remarks(self, epoch: int) -> list[str]:
        """Return remarks on the map of that epoch, in words."""
        said = ["on the map as it was computed"] if self.layout.computed is not None else []
        if (weights := self.weights(epoch)) != epoch:
            said.append(f"decoded by the weights of epoch {weights}: those of {epoch} were not kept")
        return said

    def _fitted(self, codes: Float32[np.ndarray, "n latent"]) -> Projection:
        if self.layout.computed is not None:
            return self.layout.computed.projection
        projection = self.layout.create().fit(codes)
        if self.evolution.placed:
            projection.align(self.evolution.placed[-1].projection)
        return projection

    def _encoded(self, model: Autoencoder, epoch: int) -> Cloud:
        stamp = Stamp(self.dataset.stamp, f"{self.kept.record.id}@{epoch}")
        return encode(model, self.dataset, stamp=stamp)
