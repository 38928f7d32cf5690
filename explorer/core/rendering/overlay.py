"""Lines and words over the points of a map: the prior, and the names of the classes at their centres."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64

from explorer.core.projections import Projection, SphereMap, Turning
from explorer.core.scene.evolution import Moment
from explorer.core.scene.gaussian import Lines, prior
from models import Autoencoder

ClassName = tuple[float, float, str]  # plane position, and the name

_MOST = 50_000
"""Samples of which a centre is taken: a median of so many lies within a hundredth of the class's spread."""

_LONGEST = 14  # characters of a name on the map


def class_centres(
    places: Float[np.ndarray, "n axes"], labels: Int64[np.ndarray, " n"], classes: int
) -> Float32[np.ndarray, "classes axes"]:
    """Return the median of each class along each axis; NaN for a class without samples.

    The median rather than the mean: a few samples far away do not draw the name out of its class.
    """
    step = max(1, len(places) // _MOST)
    places, labels = places[::step], labels[::step]
    centres = np.full((classes, places.shape[1]), np.nan, np.float32)
    order = np.argsort(labels, kind="stable")
    bounds = np.searchsorted(labels[order], np.arange(classes + 1))
    for which in range(classes):
        rows = order[bounds[which] : bounds[which + 1]]
        if len(rows):
            centres[which] = np.median(places[rows], axis=0)
    return centres


def class_names(
    centres: Float32[np.ndarray, "classes axes"],
    classes: Sequence[str],
    hidden: Collection[int],
    projection: Projection,
) -> tuple[ClassName, ...]:
    """Return the names of the visible classes with their places on a map.

    Parameters
    ----------
    centres
        As `class_centres` gives them: places of the plane, and on a map that is turned codes.
    """
    rows = [row for row in range(len(classes)) if row not in hidden and np.isfinite(centres[row]).all()]
    places = centres[rows]
    if isinstance(projection, SphereMap):
        front = projection.visible(places)
        rows, places = [row for row, seen in zip(rows, front, strict=True) if seen], places[front]
    if isinstance(projection, Turning):
        places = projection.forward(places)
    return tuple((float(x), float(y), _short(classes[row])) for row, (x, y) in zip(rows, places, strict=True))


def prior_lines(model: Autoencoder, projection: Projection, moment: Moment | None) -> Lines:
    """Return the contours of the prior on a map, at a moment of a run or as it was laid out."""
    if moment is None:
        return prior(model, projection)
    origin: Float64[np.ndarray, " axes"] = moment.origin
    if isinstance(projection, Turning):
        origin = projection.forward(origin[None].astype(np.float32))[0].astype(np.float64)
    return prior(model, projection, origin)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1].rstrip() + "…"
