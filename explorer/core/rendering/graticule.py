"""Meridians and parallels, drawn under the points of a map of the sphere."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Float64

from explorer.core.errors import ExplorerError
from explorer.core.projections.turnable.sphere_map import SphereMap

_FINE = 1.5  # degrees between the points of a line: straight strokes that look round at any size


def graticule(sphere: SphereMap, every: int = 30) -> list[Float64[np.ndarray, "_ 2"]]:
    """Return the meridians and parallels on a map, as the map is turned.

    The graticule belongs to the latent space and turns with it: its north is the second latent axis, which
    points up in a map's first orientation, and its first meridian passes through the third.

    Parameters
    ----------
    sphere
        A fitted map.
    every
        Degrees between two lines; a divisor of 90.

    Returns
    -------
    Lines of plane positions. A line that the map cuts, at the horizon or the seam, is in parts.

    Raises
    ------
    ExplorerError
        Where the lines would not meet the equator and the poles.
    """
    if every < 1 or 90 % every:
        raise ExplorerError(f"a net cannot have a line every {every} degrees; give a divisor of 90.")
    return [part for line in _lines(every) for part in sphere.trace(line)]


@lru_cache(maxsize=8)
def _lines(every: int) -> tuple[Float64[np.ndarray, "_ 3"], ...]:
    """Yield the lines as codes: the meridians from pole to pole, the parallels all the way round."""
    along = np.linspace(-90, 90, round(180 / _FINE) + 1)
    around = np.linspace(-180, 180, round(180 / _FINE) + 1)
    meridians = [_codes(np.full_like(along, longitude), along) for longitude in range(-180, 180, every)]
    parallels = [_codes(around, np.full_like(around, latitude)) for latitude in range(every - 90, 90, every)]
    return (*meridians, *parallels)


def _codes(
    longitude: Float64[np.ndarray, " points"], latitude: Float64[np.ndarray, " points"]
) -> Float64[np.ndarray, "points 3"]:
    """Return places of the unit sphere, from degrees."""
    east, north = np.radians(longitude), np.radians(latitude)
    return np.column_stack([np.cos(north) * np.sin(east), np.sin(north), np.cos(north) * np.cos(east)])
