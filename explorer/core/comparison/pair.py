"""Two sides of a comparison on one plane: the places of their samples, and the codes of a place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32

from explorer.core import projections
from explorer.core.comparison.side import Side
from explorer.core.datasets import Dataset
from explorer.core.errors import ExplorerError
from explorer.core.projections import Projection, SphereMap, Turning
from explorer.core.projections.layout import Layout
from explorer.core.projections.procrustes import Alignment, align, between
from explorer.core.projections.turnable.orientation import Orientation
from explorer.core.scene.decode import decoded_frame
from explorer.core.scene.scene import home_of
from models import Autoencoder

_keys = count(1)


@dataclass(frozen=True, slots=True, eq=False)
class PlacedSide:
    """A side with the places of its samples.

    Attributes
    ----------
    alignment
        From the side's own latent space into the one that `projection` maps.
    codes
        The side's codes in that space, training split first.
    xy
        Where they lie on the plane, as it was laid out.
    home
        Lower left and upper right corner of a box that holds all samples, in any orientation.
    """

    side: Side
    alignment: Alignment
    projection: Projection
    codes: Float32[np.ndarray, "n latent"]
    xy: Float32[np.ndarray, "n 2"]
    home: Float[np.ndarray, "2 2"]

    def turned(self, orientation: Orientation | None) -> Projection:
        """Return the projection, turned to an orientation where it can be."""
        if orientation is not None and isinstance(self.projection, Turning):
            return self.projection.turned(orientation)
        return self.projection

    def places(self, orientation: Orientation | None = None) -> Float32[np.ndarray, "n 2"]:
        """Return the plane positions of the samples, as the map is turned."""
        if not isinstance(self.projection, Turning):
            return self.xy
        return np.ascontiguousarray(self.turned(orientation).forward(self.codes), dtype=np.float32)

    def visible(self, orientation: Orientation | None = None) -> Bool[np.ndarray, " n"] | None:
        """Tell for each sample whether it is on the front of a globe; None where every sample is visible."""
        projection = self.turned(orientation)
        return projection.visible(self.codes) if isinstance(projection, SphereMap) else None

    def code_at(
        self, xy: tuple[float, float], orientation: Orientation | None = None
    ) -> Float32[np.ndarray, " latent"]:
        """Return the code, in the side's own latent space, of a place of the plane.

        Latent coordinates off the plane are those that the projection's own inverse holds.
        """
        lifted = self.turned(orientation).inverse(np.array([xy], dtype=np.float64))
        return self.alignment.inverse().apply(lifted)[0].astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class TwinFrame:
    """The samples that both sides decode at one place.

    Attributes
    ----------
    before, after
        The decoders' expected samples, in data units.
    codes
        The code of each of them, in its own latent space.
    stamp
        The pair's key.
    """

    xy: tuple[float, float]
    before: Float32[np.ndarray, "*shape"]
    after: Float32[np.ndarray, "*shape"]
    codes: tuple[Float32[np.ndarray, " latent"], Float32[np.ndarray, " other"]]
    stamp: int


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two sides of a comparison, laid out.

    Attributes
    ----------
    common
        True where a place of the plane means the same on both: one projection maps both. Where training gave
        them latent spaces of their own, the second side was turned onto the first before.
    turned
        True where it was turned so.
    key
        Differs between any two pairs, a pair and its swapped one included.
    """

    dataset: Dataset
    before: PlacedSide
    after: PlacedSide
    common: bool
    turned: bool
    key: int

    def swapped(self) -> Pair:
        """Return the pair with before and after exchanged; nothing is laid out anew."""
        return replace(self, before=self.after, after=self.before, key=next(_keys))

    def moved(
        self, fraction: float | int, orientation: Orientation | None = None
    ) -> Float32[np.ndarray, "n 2"]:
        """Return the places on the way from before (0) to after (1): straight, or along the globe.

        Where places do not correspond there is no way, and the places after are returned.
        """
        if fraction == 1 or not self.common:
            return self.after.places(orientation)
        if fraction == 0:
            return self.before.places(orientation)
        projection = self.before.turned(orientation)
        if isinstance(projection, Turning):
            codes = between(self.before.codes, self.after.codes, fraction, sphere=projection.sphere)
            return np.ascontiguousarray(projection.forward(codes), dtype=np.float32)
        return between(self.before.xy, self.after.xy, fraction)

    @torch.inference_mode()
    def decode(self, xy: tuple[float, float], orientation: Orientation | None = None) -> TwinFrame:
        """Decode a place of the plane with both models.

        Raises
        ------
        ExplorerError
            When the place or what is decoded is not finite.
        """
        if not np.isfinite(xy).all():
            raise ExplorerError(f"the cursor is at {xy}, which is no place of the plane; move it.")
        codes = self.before.code_at(xy, orientation), self.after.code_at(xy, orientation)
        where = f"({xy[0]:.3g}, {xy[1]:.3g})"
        samples = [
            decoded_frame(code, placed.side.model, None, xy=xy, stamp=self.key, where=where).sample
            for code, placed in zip(codes, (self.before, self.after), strict=True)
        ]
        return TwinFrame(xy, samples[0], samples[1], codes, self.key)

    @property
    def home(self) -> Float[np.ndarray, "4 2"]:
        """The corners of a box that holds all samples of both sides."""
        return np.concatenate([self.before.home, self.after.home])


def pair(
    dataset: Dataset,
    before: Side,
    after: Side,
    layout: Layout,
    *,
    like: Projection | None = None,
    related: bool = False,
    known: PlacedSide | None = None,
) -> Pair:
    """Lay two sides out on one plane, as far as that is possible.

    Parameters
    ----------
    layout
        The layout of `before`; where it does not suit, the one that suits its latent space best.
    like
        A map whose orientation a fresh fit should keep.
    related
        True where one side was trained on from the other, so that a code means the same to both. Else
        `after` is turned onto `before`: two trainings from scratch find latent spaces of their own, and the
        similarity of their weights does not show it (on iris, siblings with a cosine of 0.96 were half a
        turn apart).
    known
        `before` as it was laid out for an earlier pair, where that is still valid.

    Raises
    ------
    ExplorerError
        For clouds that are not of this data set.
    """
    for side in (before, after):
        if len(side.cloud) != len(dataset) or side.cloud.stamp.dataset != dataset.stamp:
            raise ExplorerError(
                f"{side.name!r} is of other data than {dataset.name!r}, so their samples cannot be compared; "
                "choose two of the same data."
            )
    first = known or _laid_out(before, layout, like)
    if not same_space(before.model, after.model):
        second = _laid_out(after, replace(layout, computed=None), first.projection)
        return Pair(dataset, first, second, False, False, next(_keys))
    alignment = Alignment.identity(after.cloud.latent)
    if not related:
        alignment = align(after.cloud.mean, before.cloud.mean, sphere=before.model.sphere)
    codes = alignment.apply(after.cloud.mean)
    places = np.ascontiguousarray(first.projection.forward(codes), dtype=np.float32)
    second = PlacedSide(after, alignment, first.projection, codes, places, home_of(first.projection, places))
    return Pair(dataset, first, second, True, not alignment.still, next(_keys))


def same_space(one: Autoencoder, other: Autoencoder) -> bool:
    """Tell whether two models' codes have as many coordinates, and lie on a sphere both or neither."""
    return one.latent == other.latent and one.sphere == other.sphere


def _laid_out(side: Side, layout: Layout, like: Projection | None) -> PlacedSide:
    """Lay a side out by the layout, or by the default of its latent space where that does not suit it."""
    offered = projections.suiting(side.model.latent, sphere=side.model.sphere)
    suits = layout.name in offered
    # No embedding is computed here: it takes minutes, and it would map one side alone.
    if not suits or (layout.computed is None and not projections.family(layout.name).exact):
        layout = Layout(offered[0])
    projection, xy = layout.place(side.cloud, like)
    still = Alignment.identity(side.cloud.latent)
    return PlacedSide(side, still, projection, side.cloud.mean, xy, home_of(projection, xy))
