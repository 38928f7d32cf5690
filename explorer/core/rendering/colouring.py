"""Colourings of the map's points: by class, by a column, by density or by an error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float32, Int64

from explorer.core.datasets import Dataset
from explorer.core.errors import UnknownName
from explorer.core.latent.cloud import reconstruction_errors
from explorer.core.progress import Stop, never
from explorer.core.projections import Turning
from explorer.core.quality.measure import trustworthiness
from explorer.core.scene.inversion import map_distortion, round_trip_errors
from explorer.core.scene.scene import Scene

CHEAP = ("label", "split", "KL")
"""The colourings that need no computation; others may take seconds."""

DISTORTION, ROUND_TRIP = "map distortion", "round-trip error"
"""Colourings of a map without a formula for its inverse: its local stretch, and the error of its inverse."""

TRUST = "trustworthiness"
"""The share of a sample's neighbours on the map that are its neighbours in the data, by rank."""

SLOW = (TRUST,)
"""The colourings that take up to half a minute on large data, so that no other work waits behind them."""

_OWN = (*CHEAP, "density", "reconstruction error", TRUST, DISTORTION, ROUND_TRIP)

_PAIRS = 50_000_000
"""The most distances for a trustworthiness: 70,000 samples are judged beside 714 drawn ones."""

_NEAREST = 10


@dataclass(frozen=True, slots=True, eq=False)
class Colouring:
    """A class or a number for each sample.

    Attributes
    ----------
    labels, classes
        Indices and names, for a colouring by class; `labels` is None where all samples are alike.
    values
        Numbers, for a colouring by a column; None otherwise.
    title
        The column's name with its unit, for the legend.
    ordered
        True where the classes are grades: their colours run from low to high.
    """

    title: str
    labels: Int64[np.ndarray, " n"] | None = None
    classes: tuple[str, ...] = ()
    values: Float32[np.ndarray, " n"] | None = None
    ordered: bool = False

    def shown(self, hidden: frozenset[int]) -> Bool[np.ndarray, " n"] | None:
        """Return the samples whose class is not among the hidden ones; None where that is every sample."""
        if not hidden or self.labels is None:
            return None
        return ~np.isin(self.labels, list(hidden))

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of samples of each class."""
        if self.labels is None:
            return ()
        return tuple(int(n) for n in np.bincount(self.labels, minlength=len(self.classes)))


def names(scene: Scene) -> tuple[str, ...]:
    """Return the names of the scene's colourings: the label first, if there is one."""
    return (
        *(("label",) if scene.cloud.labels is not None else ()),
        "split",
        "density",
        "reconstruction error",
        *(("KL",) if scene.cloud.kl is not None else ()),
        *((TRUST,) if len(scene.cloud) >= _NEAREST + 2 else ()),
        *(() if scene.projection.exact else (DISTORTION, ROUND_TRIP)),
        *_columns(scene.dataset),
    )


def colouring(scene: Scene, name: str, *, stop: Stop = never) -> Colouring:
    """Return the classes or numbers of that name; density and errors take seconds on large data.

    Parameters
    ----------
    stop
        Asked several times a second by what is `SLOW`.

    Raises
    ------
    UnknownName
        If the scene has nothing of that name.
    ExplorerError
        For data that it says nothing about.
    Cancelled
        When `stop` turned true.
    """
    cloud, dataset = scene.cloud, scene.dataset
    if name not in names(scene):
        raise UnknownName(f"unknown colouring {name!r}; choose from {', '.join(names(scene))}.")
    if name == "label":
        return Colouring(dataset.label_name, cloud.labels, dataset.classes, ordered=dataset.ordered)
    if name == "split":
        labels = (np.arange(len(cloud)) >= cloud.train).astype(np.int64)
        return Colouring("split", labels, ("training", "test"))
    if name == "density":
        neighbours = scene.neighbours or scene.find_neighbours()
        return Colouring("log density in latent space", values=neighbours.densities())
    if name == "reconstruction error":
        return Colouring("reconstruction error, nats", values=reconstruction_errors(scene.model, dataset))
    if name == "KL":
        return Colouring("KL to the prior, nats", values=cloud.kl)
    if name == TRUST:
        return _trust(scene, stop)
    if name == DISTORTION:
        title = "map distortion, log2 of the local stretch: 0 is typical, 1 twice that"
        return Colouring(title, values=map_distortion(scene))
    if name == ROUND_TRIP:
        title = "round-trip error, share of the cloud's spread"
        return Colouring(title, values=round_trip_errors(scene))
    values = _columns(dataset)[name].to_numpy(np.float32, na_value=np.nan)
    return Colouring(name, values=np.ascontiguousarray(values))


def _trust(scene: Scene, stop: Stop) -> Colouring:
    """Return the trustworthiness of each sample, with the computation in the title."""
    n = len(scene.cloud)
    most = n if n * n <= _PAIRS else max(_NEAREST + 2, _PAIRS // n)
    # A map that turns has no fixed places: there the codes are judged.
    turns = isinstance(scene.projection, Turning)
    places = scene.cloud.mean if turns else scene.xy
    values = trustworthiness(
        scene.dataset.x,
        places,
        sphere=turns and scene.cloud.sphere,
        k=_NEAREST,
        most=most,
        stop=stop,
    )
    among = "all samples" if most == n else f"{most:,} drawn samples"
    what = "of codes" if turns else "on this map"
    return Colouring(f"trustworthiness {what}: {_NEAREST} nearest among {among}", values=values)


def _columns(dataset: Dataset) -> dict[str, pd.Series]:
    """Return the numbers of a table by shown name; a name in use is marked, as in the selected frame."""
    if dataset.table is None:
        return {}
    numbers = dataset.table.select_dtypes("number")
    return {f"{name} (table)" if name in _OWN else str(name): column for name, column in numbers.items()}
