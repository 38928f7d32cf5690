"""The places of all samples at the end of each epoch, to be drawn at any moment in between.

Positions are kept as 16 bits for each axis: on a plane, 4 bytes for each sample and epoch. Each epoch is
matched to the one before it as it is added; the epoch that stays fixed is chosen when they are drawn.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from explorer.core.errors import ExplorerError
from explorer.core.latent.outliers import inner_corners, union
from explorer.core.latent.quantisation import Quantised
from explorer.core.projections import Aligned, Projection, Rotation, Turning
from explorer.core.projections.procrustes import Alignment, align, between
from explorer.core.scene.gaussian import prior_corners
from models import Autoencoder


@dataclass(frozen=True, slots=True, eq=False)
class PlacedEpoch:
    """Points of one epoch, quantised.

    Attributes
    ----------
    projection
        The map as it was fitted to that epoch.
    alignment
        To the first epoch that was added.
    box
        Corners of a box around the points on the plane, without outliers; of a map that can be turned, none.
    """

    quantised: Quantised
    projection: Projection
    alignment: Alignment
    box: Float64[np.ndarray, "2 2"] | None

    def points(self, alignment: Alignment) -> Float32[np.ndarray, "n axes"]:
        """Return the points, aligned: one product for rounding and turn together."""
        turn = alignment.scale * alignment.turn
        matrix = (self.quantised.step[:, None] * turn).astype(np.float32)
        offset = ((self.quantised.low - alignment.centre) @ turn + alignment.target).astype(np.float32)
        placed: np.ndarray = self.quantised.steps.astype(np.float32) @ matrix
        placed += offset
        return placed


@dataclass(frozen=True, slots=True, eq=False)
class Evolution:
    """The same samples at some epochs of a run, in order.

    They are kept as places of the plane, and on a map that can be turned as codes.

    Attributes
    ----------
    epochs
        The epochs, ascending; between two of them points are interpolated.
    rigid
        True where the map may be turned without a change of its meaning: not so for an embedding.
    """

    epochs: tuple[int, ...] = ()
    placed: tuple[PlacedEpoch, ...] = ()
    rigid: bool = True

    def __contains__(self, epoch: int) -> bool:
        return epoch in self.epochs

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the points take."""
        return sum(placed.quantised.steps.nbytes for placed in self.placed)

    @property
    def turns(self) -> bool:
        """True where the map can be turned by a drag."""
        return bool(self.placed) and isinstance(self.placed[0].projection, Turning)

    @property
    def sphere(self) -> bool:
        """True where points are places of the unit sphere."""
        return self.turns and self.placed[0].projection.sphere

    def added(self, epoch: int, projection: Projection, codes: Float32[np.ndarray, "n latent"]) -> Evolution:
        """Return the evolution with one more epoch, matched to the one before it, or else to the one after.

        Parameters
        ----------
        projection
            Fitted to these codes, or, where it is not fitted anew, to others.
        """
        if epoch in self.epochs:
            return self
        points = codes
        if not isinstance(projection, Turning):
            points = np.ascontiguousarray(projection.forward(codes), dtype=np.float32)
        at = bisect_left(self.epochs, epoch)
        alignment = Alignment.identity(points.shape[1])
        if self.placed and projection.exact:
            near = self.placed[max(at - 1, 0)]
            onto = near.points(Alignment.identity(points.shape[1]))
            sphere = projection.sphere
            alignment = align(points, onto, sphere=sphere).then(near.alignment)
        box = None if isinstance(projection, Turning) else inner_corners(points)
        one = PlacedEpoch(Quantised.of(points), projection, alignment, box)
        return Evolution(
            (*self.epochs[:at], epoch, *self.epochs[at:]),
            (*self.placed[:at], one, *self.placed[at:]),
            projection.exact,
        )

    def around(self, at: float | int) -> tuple[int, int]:
        """Return the epochs around a moment; the same one twice at an epoch, and beyond either end."""
        if not self.epochs:
            raise ExplorerError("no epoch has been placed yet; wait until the first one is.")
        right = bisect_left(self.epochs, at)
        if right == len(self.epochs):
            return self.epochs[-1], self.epochs[-1]
        if right == 0 or self.epochs[right] == at:
            return self.epochs[right], self.epochs[right]
        return self.epochs[right - 1], self.epochs[right]

    def alignment(self, epoch: int, anchor: int, aligned: bool = True) -> Alignment:
        """Return the alignment of an epoch to another, which stays fixed; neither needs to be a placed one.

        Parameters
        ----------
        aligned
            True to turn; a cloud in space is moved to the other's middle in any case.
        """
        one, held = self._nearest(epoch), self._nearest(anchor)
        if not self.rigid or one is held:
            return Alignment.identity(len(one.quantised.low))
        if aligned:
            return one.alignment.then(held.alignment.inverse())
        still = Alignment.identity(len(one.quantised.low))
        if isinstance(one.projection, Rotation) and isinstance(held.projection, Rotation):
            return Alignment(still.turn, one.projection.centre, held.projection.centre)
        return still

    def points(self, at: float | int, anchor: int, aligned: bool = True) -> Float32[np.ndarray, "n axes"]:
        """Return the places of the samples at a moment, in epochs: on straight lines between two epochs.

        On a sphere they are on great circles.
        """
        left, right = self.around(at)
        start = self._at(left, anchor, aligned)
        if left == right:
            return start
        end = self._at(right, anchor, aligned)
        share = (at - left) / (right - left)
        if self.sphere:
            start, end = (unit / np.linalg.norm(unit, axis=1, keepdims=True) for unit in (start, end))
            return between(start, end, share, sphere=True)
        end -= start
        end *= np.float32(share)
        start += end
        return start

    def projection(self, epoch: int, anchor: int, aligned: bool = True) -> Projection:
        """Return the map of a placed epoch, turned to match another one; its inverse takes the turn back."""
        plain = self._nearest(epoch).projection
        alignment = self.alignment(epoch, anchor, aligned)
        if not aligned or alignment.still:
            return plain
        if isinstance(plain, Turning):
            return plain.framed(alignment.turn.T)
        return Aligned(plain, alignment)

    def origin(self, at: float | int, anchor: int, aligned: bool = True) -> Float64[np.ndarray, " axes"]:
        """Return the place of the origin of latent space at a moment, or its code on a map that is turned."""
        left, right = self.around(at)
        start, end = (self._origin(epoch, anchor, aligned) for epoch in (left, right))
        share = 0.0 if left == right else (at - left) / (right - left)
        moved: np.ndarray = start + share * (end - start)
        return moved

    def _origin(self, epoch: int, anchor: int, aligned: bool) -> Float64[np.ndarray, " axes"]:
        origin = _origin_of(self._nearest(epoch).projection)
        return self.alignment(epoch, anchor, aligned).apply(origin[None])[0]

    def home(
        self, anchor: int, aligned: bool = True, model: Autoencoder | None = None
    ) -> Float64[np.ndarray, "corners 2"] | None:
        """Return places of the plane around every epoch; None where the map has them, or none is placed.

        Parameters
        ----------
        model
            One whose prior they are to surround too, where that is drawn.
        """
        if not self.placed or self.turns:
            return None
        boxes = np.stack([_box_of(one, model) for one in self.placed])
        low, high = boxes[:, 0], boxes[:, 1]
        x, y = (np.stack([low[:, axis], high[:, axis]], axis=1) for axis in (0, 1))
        corners = np.stack([x[:, [0, 1, 0, 1]], y[:, [0, 0, 1, 1]]], axis=2)
        if not aligned or not self.rigid:
            return corners.reshape(-1, 2)
        centres, targets, turns = (
            np.stack([getattr(one.alignment, part) for one in self.placed])
            for part in ("centre", "target", "turn")
        )
        turned = (corners - centres[:, None]) @ turns + targets[:, None]
        return self._nearest(anchor).alignment.inverse().apply(turned.reshape(-1, 2))

    def _at(self, epoch: int, anchor: int, aligned: bool) -> Float32[np.ndarray, "n axes"]:
        return self._nearest(epoch).points(self.alignment(epoch, anchor, aligned))

    def _nearest(self, epoch: int) -> PlacedEpoch:
        left, right = self.around(epoch)
        near = left if epoch - left <= right - epoch else right
        return self.placed[bisect_left(self.epochs, near)]


def _origin_of(projection: Projection) -> Float64[np.ndarray, " axes"]:
    origin = np.zeros(projection.latent)
    if isinstance(projection, Turning):
        return origin
    place: np.ndarray = projection.forward(origin[None])[0]
    return place


def _box_of(one: PlacedEpoch, model: Autoencoder | None) -> Float64[np.ndarray, "2 2"]:
    assert one.box is not None
    around = None if model is None else prior_corners(model, one.projection)
    return one.box if around is None else union(one.box, around)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of a run, to be drawn.

    Attributes
    ----------
    at
        In epochs.
    anchor
        The epoch that the others are aligned to.
    """

    evolution: Evolution
    at: float | int
    anchor: int
    aligned: bool = True

    @property
    def projection(self) -> Projection:
        """The map that the points are drawn on, for one that can be turned."""
        return self.evolution.projection(self.anchor, self.anchor, self.aligned)

    @property
    def origin(self) -> Float64[np.ndarray, " axes"]:
        """The place of the origin of latent space then, or its code on a map that can be turned."""
        return self.evolution.origin(self.at, self.anchor, self.aligned)

    def points(self) -> Float32[np.ndarray, "n axes"]:
        """Return the places of the samples then: of the plane, or codes of a map that can be turned."""
        return self.evolution.points(self.at, self.anchor, self.aligned)
