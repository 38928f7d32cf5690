"""The explorer's own columns: of the data set, of the model and of the map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Int64

from explorer.core.columns.column import Column, Cost, Kind
from explorer.core.latent.agreement import NEAREST, agreement, searched
from explorer.core.latent.cloud import reconstruction_errors
from explorer.core.progress import Progress, Stop
from explorer.core.projections import Turning
from explorer.core.quality.measure import trustworthiness
from explorer.core.scene.inversion import map_distortion, round_trip_errors
from explorer.core.scene.scene import Scene

DISTORTION, ROUND_TRIP = "map distortion", "round-trip error"
"""Columns of a map without a formula for its inverse: its local stretch, and the error of its inverse."""

TRUST = "trustworthiness"
"""The share of a sample's neighbours on the map that are its neighbours in the data, by rank."""

SPLITS = ("train", "test")

_PAIRS = 50_000_000
"""The most distances for a trustworthiness: 70,000 samples are judged beside 714 drawn ones."""

Values = dict[str, pd.Series]
"""The values of columns by name, training split first."""


@dataclass(frozen=True, slots=True)
class OwnColumn:
    """A column that the explorer makes.

    Attributes
    ----------
    describe
        Returns the column of a scene; None where the scene has none of that name.
    compute
        Returns its values, and those of columns that come with it.
    """

    describe: Callable[[Scene], Column | None]
    compute: Callable[[Scene, Stop, Progress], Values]


def of_classes(indices: Int64[np.ndarray, " n"], classes: tuple[str, ...]) -> pd.Series:
    """Return the names of classes, as a categorical column where they differ."""
    if len(set(classes)) < len(classes):
        return pd.Series(np.array(classes, dtype=object)[indices])
    return pd.Series(pd.Categorical.from_codes(indices, pd.Index(classes, dtype=object)))


# -- the data set ----------------------------------------------------------------------------------------


def _label(scene: Scene) -> Column | None:
    heading = scene.dataset.label_name or "label"
    says = f"The class of the sample ({heading})."
    return None if scene.cloud.labels is None else Column("label", "label", Kind.CLASS, says, heading=heading)


def _labels(scene: Scene, _stop: Stop, _progress: Progress) -> Values:
    assert scene.cloud.labels is not None
    return {"label": of_classes(scene.cloud.labels, scene.dataset.classes)}


def _split(_scene: Scene) -> Column:
    return Column("split", "split", Kind.CLASS, 'The split of the sample: "train", or "test" if held out.')


def _splits(scene: Scene, _stop: Stop, _progress: Progress) -> Values:
    held_out = (np.arange(len(scene.cloud)) >= scene.cloud.train).astype(np.int64)
    return {"split": of_classes(held_out, SPLITS)}


# -- the model -------------------------------------------------------------------------------------------


def _density(_scene: Scene) -> Column:
    says = "Log density of the codes around the sample, in latent space."
    return Column(
        "density", "density", Kind.NUMBER, says, Cost.SECONDS, heading="log density in latent space"
    )


def _densities(scene: Scene, _stop: Stop, _progress: Progress) -> Values:
    neighbours = scene.neighbours or scene.find_neighbours()
    return {"density": pd.Series(neighbours.densities())}


def _error(_scene: Scene) -> Column:
    says = "Reconstruction error of the sample, decoded at its own code, in nats."
    return Column("error", "reconstruction error", Kind.NUMBER, says, Cost.SECONDS, unit="nats")


def _errors(scene: Scene, stop: Stop, progress: Progress) -> Values:
    errors = reconstruction_errors(scene.model, scene.dataset, stop=stop, progress=progress)
    return {"error": pd.Series(errors)}


def _kl(scene: Scene) -> Column | None:
    says = "Divergence of the sample's posterior from the prior, in nats."
    own = Column("kl", "KL", Kind.NUMBER, says, unit="nats", heading="KL to the prior, nats")
    return None if scene.cloud.kl is None else own


def _kls(scene: Scene, _stop: Stop, _progress: Progress) -> Values:
    return {"kl": pd.Series(scene.cloud.kl)}


def _among(scene: Scene) -> str:
    count = len(scene.cloud)
    found = searched(count, scene.cloud.latent)
    return "" if found == count else f", among {found:,} drawn samples"


def _agreement(scene: Scene) -> Column | None:
    if scene.cloud.labels is None:
        return None
    says = f"Share of the {NEAREST} nearest in latent space that have the sample's label{_among(scene)}."
    heading = f"agreement: share of the {NEAREST} nearest with the same label{_among(scene)}"
    return Column("agreement", "agreement", Kind.NUMBER, says, Cost.SECONDS, heading=heading)


def _nearest_label(scene: Scene) -> Column | None:
    if scene.cloud.labels is None:
        return None
    says = f"Label that most of the {NEAREST} nearest in latent space have{_among(scene)}."
    heading = f"label of most of the {NEAREST} nearest{_among(scene)}"
    return Column("nearest_label", "nearest label", Kind.CLASS, says, Cost.SECONDS, heading=heading)


def _agreements(scene: Scene, stop: Stop, progress: Progress) -> Values:
    assert scene.cloud.labels is not None
    found = agreement(scene.cloud.mean, scene.cloud.labels, stop=stop, progress=progress)
    return {
        "agreement": pd.Series(found.share),
        "nearest_label": of_classes(found.majority, scene.dataset.classes),
    }


# -- the map ---------------------------------------------------------------------------------------------


def _judged(scene: Scene) -> int:
    """Return the number of samples that a trustworthiness is judged among."""
    count = len(scene.cloud)
    return count if count * count <= _PAIRS else max(NEAREST + 2, _PAIRS // count)


def _trust(scene: Scene) -> Column | None:
    count, most = len(scene.cloud), _judged(scene)
    if count < NEAREST + 2:
        return None
    among = "all samples" if most == count else f"{most:,} drawn samples"
    what = "of codes" if isinstance(scene.projection, Turning) else "on this map"
    return Column(
        TRUST,
        TRUST,
        Kind.NUMBER,
        "Share of the sample's neighbours on the map that are its neighbours in the data, by rank.",
        Cost.LONG,
        heading=f"trustworthiness {what}: {NEAREST} nearest among {among}",
        of_map=True,
    )


def _trusts(scene: Scene, stop: Stop, _progress: Progress) -> Values:
    # A map that turns has no fixed places: there the codes are judged.
    turns = isinstance(scene.projection, Turning)
    values = trustworthiness(
        scene.dataset.x,
        scene.cloud.mean if turns else scene.xy,
        sphere=turns and scene.cloud.sphere,
        k=NEAREST,
        most=_judged(scene),
        stop=stop,
    )
    return {TRUST: pd.Series(values)}


def _distortion(scene: Scene) -> Column | None:
    heading = "map distortion, log2 of the local stretch: 0 is typical, 1 twice that"
    says = "Local stretch of the map as a power of two: 0 is typical, 1 twice that."
    own = Column(DISTORTION, DISTORTION, Kind.NUMBER, says, Cost.SECONDS, heading=heading, of_map=True)
    return None if scene.projection.exact else own


def _distortions(scene: Scene, _stop: Stop, _progress: Progress) -> Values:
    return {DISTORTION: pd.Series(map_distortion(scene))}


def _round_trip(scene: Scene) -> Column | None:
    heading = "round-trip error, share of the cloud's spread"
    says = "Distance between the code and the inverse of its place, as a share of the cloud's spread."
    own = Column(ROUND_TRIP, ROUND_TRIP, Kind.NUMBER, says, Cost.SECONDS, heading=heading, of_map=True)
    return None if scene.projection.exact else own


def _round_trips(scene: Scene, _stop: Stop, _progress: Progress) -> Values:
    return {ROUND_TRIP: pd.Series(round_trip_errors(scene))}


OWN: dict[str, OwnColumn] = {
    "label": OwnColumn(_label, _labels),
    "split": OwnColumn(_split, _splits),
    "density": OwnColumn(_density, _densities),
    "error": OwnColumn(_error, _errors),
    "kl": OwnColumn(_kl, _kls),
    "agreement": OwnColumn(_agreement, _agreements),
    "nearest_label": OwnColumn(_nearest_label, _agreements),
    TRUST: OwnColumn(_trust, _trusts),
    DISTORTION: OwnColumn(_distortion, _distortions),
    ROUND_TRIP: OwnColumn(_round_trip, _round_trips),
}
"""Every column of the explorer's own but the codes, in the order of the menus."""

OF_LABELS = ("label", "agreement", "nearest_label")
"""Those that data without labels do not have."""
