"""Maps of the cloud: datashader counts the points in each pixel, this module turns counts into colours.

The colour of a pixel is the mean of its points' colours, weighted by their counts and taken in
linear light: the colour that the eye sees where it cannot separate the points. Its alpha is the rank of
its total count (histogram equalisation), so that both a single point and the densest ridge are visible,
at any zoom.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import datashader as ds
import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Float32, Float64, UInt8, UInt32
from scipy.ndimage import maximum_filter

from explorer.core.errors import ExplorerError
from explorer.core.latent.cloud import Cloud
from explorer.core.projections import Projection
from explorer.core.rendering import palette, shade_kernels
from explorer.core.rendering.points import COLUMNS, Points
from explorer.core.scene.viewport import Viewport

FAINTEST = 0.4  # alpha of the pixel with the fewest points: a single point stays visible
CONTEXT = (0.16, 0.5)  # alpha of what is not selected, from the fewest to the most points

LARGEST_DOT = 4.5  # pixels, radius

_BLOCK = 16  # side in pixels of the blocks that show where there are any points
MANY = 3_000_000  # points above which two threads count half each
_RANKED = 65_536  # totals from here on share the highest rank
_LEVELS = 4096  # steps of the linear-light to sRGB table
_TO_SRGB = palette.to_srgb(np.linspace(0.0, 1.0, _LEVELS))
_counters = ThreadPoolExecutor(2, thread_name_prefix="count points")


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """The number of points of each category in each pixel.

    Attributes
    ----------
    counts
        Row 0 is at the bottom, as datashader has it. The first ``colours`` columns have a colour of
        their own; the last but one is the context, the last the hidden.
    sums
        Sum of the coloured points' values, or None when colours stand for classes.
    """

    counts: UInt32[np.ndarray, "height width columns"]
    sums: Float64[np.ndarray, "height width"] | None
    colours: int

    @property
    def visible(self) -> int:
        """The number of points in view, without hidden ones."""
        return int(self.counts[:, :, :-1].sum(dtype=np.int64))


def aggregate(points: Points, viewport: Viewport) -> Counts:
    """Count the points of each category in each pixel, every one of them.

    A pixel holds the points at its left and lower edge and not those at its right and upper one,
    but for the last column and row, which hold the viewport's own edge too: the viewport is closed,
    and a point in it is in exactly one pixel.
    """
    first, last = points.grid.span(*viewport.y_range)
    cuts = [first, last] if last - first < MANY else [first, (first + last) // 2, last]
    parts = [points.frame.iloc[start:stop] for start, stop in pairwise(cuts)]
    if len(parts) == 1:
        counts, sums = _count(parts[0], viewport)
    else:
        # datashader's loops hold no lock. Each half has its own array; pages it never touches cost nothing.
        (counts, sums), (other, more) = _counters.map(lambda part: _count(part, viewport), parts)
        counts += other
        if sums is not None:
            sums += more
    return Counts(counts, sums, points.colours)


def paint(
    counts: Counts,
    points: Points,
    theme: str = "light",
    nearness: Float32[np.ndarray, "height width"] | None = None,
    emphasised: int | None = None,
) -> UInt8[np.ndarray, "height width 4"]:
    """Colour the counts.

    Where single points are scattered, each is drawn as a round dot, the larger the fewer there are;
    the counts themselves stay as they are.

    Parameters
    ----------
    nearness
        Opacity of the points in each pixel, 0 to 1, lower for distant ones; row 0 at the bottom.
    emphasised
        The class that keeps its colour while all others are drawn as context; None is every class.

    Returns
    -------
    RGBA, not premultiplied, sRGB; row 0 is at the top, as images have it. Empty pixels are (0, 0, 0, 0).
    """
    light, context = _mixed(counts, points, theme, emphasised)
    alphas = _alphas(light[:, :, 3], FAINTEST, 1.0)
    context_alphas = _alphas(context, *CONTEXT)
    radius = _radius(light, context)
    if radius:
        light, context = shade_kernels.spread(light, context, _disc(radius))
    grey = palette.srgb([palette.context(theme)])[0]
    image = shade_kernels.painted(light, context, alphas, context_alphas, grey, _TO_SRGB)
    if nearness is not None:
        side = 2 * math.ceil(radius) + 1  # a dot is as near as its point
        opacity = maximum_filter(nearness, side) if radius else nearness
        image[:, :, 3] = (image[:, :, 3] * opacity[::-1] + 0.5).astype(np.uint8)
    return image


def shade(
    cloud: Cloud | Points,
    viewport: Viewport,
    colour_by: str | Float[np.ndarray, " n"] = "label",
    *,
    projection: Projection | None = None,
    selected: Bool[np.ndarray, " points"] | None = None,
    hidden: Collection[int | str] = frozenset(),
    theme: str = "light",
) -> UInt8[np.ndarray, "height width 4"]:
    """Paint the map of a cloud with every point in view.

    Parameters
    ----------
    cloud
        A Cloud; or Points, prepared once for many maps, which have a colouring of their own.
    colour_by
        ``label``, ``kl``, or a number for each sample.
    projection
        A fitted one; it may be left out where the latent space is the plane or a line.
    selected, hidden
        As in `Points.of`.
    theme
        ``light`` or ``dark``.

    Returns
    -------
    As `paint` does.

    Raises
    ------
    ExplorerError
        Where a projection is missing, or the cloud cannot be coloured as asked.
    """
    if isinstance(cloud, Cloud):
        points = _points(cloud, colour_by, projection, selected, hidden)
    else:
        points = cloud if selected is None and not hidden else cloud.showing(selected, hidden)
    return paint(aggregate(points, viewport), points, theme)


def warm_up() -> None:
    """Compile every kernel that a map can need (seconds, once per process), on a handful of points."""
    viewport = Viewport(0.0, 1.0, 0.0, 1.0, 8, 8)
    xy = np.array([[0.1, 0.2], [0.8, 0.9]], np.float32)
    for columns in sorted(COLUMNS, key=lambda size: abs(size - 12)):
        classes = tuple(map(str, range(columns - 2)))
        points = Points.of(xy, np.array([0, columns - 3]), classes)
        paint(aggregate(points, viewport), points)
    numbers = Points.of(xy, values=np.array([0.0, 1.0]))
    paint(aggregate(numbers, viewport), numbers)


def _points(
    cloud: Cloud,
    colour_by: str | Float[np.ndarray, " n"],
    projection: Projection | None,
    selected: Bool[np.ndarray, " points"] | None,
    hidden: Collection[int | str],
) -> Points:
    if projection is not None:
        xy = projection.forward(cloud.mean)
    elif cloud.latent <= 2:
        xy = np.pad(cloud.mean, ((0, 0), (0, 2 - cloud.latent)))
    else:
        raise ExplorerError(
            f"{cloud.latent} latent dimensions need a projection to the plane; "
            "give projection=explorer.projections.create('pca').fit(cloud.mean)"
        )
    values = cloud.kl if isinstance(colour_by, str) and colour_by == "kl" else None
    if not isinstance(colour_by, str):
        values = colour_by
    elif values is None and colour_by != "label":
        raise ExplorerError(
            f"this cloud cannot be coloured by {colour_by!r}; give 'label', 'kl' where the model has it, "
            "or a number for each sample"
        )
    if values is not None and len(values) != len(cloud):
        raise ExplorerError(f"{len(values):,} values do not fit {len(cloud):,} samples; give one for each")
    return Points.of(xy, cloud.labels, cloud.classes, values, selected, hidden, ordered=cloud.ordered)


def _count(
    frame: pd.DataFrame, viewport: Viewport
) -> tuple[UInt32[np.ndarray, "height width columns"], Float64[np.ndarray, "height width"] | None]:
    canvas = ds.Canvas(viewport.width, viewport.height, viewport.x_range, viewport.y_range)
    if "value" not in frame:
        return canvas.points(frame, "x", "y", ds.by("category", ds.count())).data, None
    both = canvas.points(frame, "x", "y", ds.summary(n=ds.by("category", ds.count()), total=ds.sum("value")))
    return both["n"].data, np.nan_to_num(both["total"].data, copy=False)


def _mixed(
    counts: Counts, points: Points, theme: str, emphasised: int | None = None
) -> tuple[Float32[np.ndarray, "height width 4"], Float32[np.ndarray, "height width"]]:
    """Return per pixel, top row first: light and number of the coloured points, number of the context."""
    if counts.sums is None:
        colours = palette.of_classes(counts.colours, theme, ordered=points.ordered)
        only = -1 if emphasised is None else points.colour_of(emphasised)
        return shade_kernels.sum_of_colours(counts.counts, palette.linear(colours), only)
    low, high = points.value_range or (0.0, 1.0)
    ramp = palette.linear(palette.sequential(theme))
    return shade_kernels.sum_of_ramp(counts.counts, counts.sums, low, high, ramp)


def _alphas(
    totals: Float32[np.ndarray, "height width"], low: float, high: float
) -> Float32[np.ndarray, " totals"]:
    """Return the alpha of each total count: its rank among the pixels in view, from ``low`` to ``high``."""
    held = shade_kernels.histogram(totals, _RANKED)
    ranks = np.cumsum(held) / max(1, held.sum())
    alphas = (low + (high - low) * ranks).astype(np.float32)
    alphas[0] = 0
    return alphas


def _radius(
    light: Float32[np.ndarray, "height width 4"], context: Float32[np.ndarray, "height width"]
) -> float:
    """Return the radius of a dot in pixels; 0 where the points are dense enough to be pixels.

    It is a third of the mean distance between points where there are any, so that dots touch now and
    then and never cover the map.
    """
    pixels, blocks = shade_kernels.crowd(light, context, _BLOCK)
    if not pixels:
        return 0.0
    radius = round(4 * 0.35 * math.sqrt(blocks * _BLOCK**2 / pixels)) / 4
    return 0.0 if radius < 0.75 else min(radius, LARGEST_DOT)


def _disc(radius: float) -> Float32[np.ndarray, "side side"]:
    """Return the share of each pixel that a dot covers, its edge softened over one pixel."""
    reach = math.ceil(radius - 0.5)
    away = np.arange(-reach, reach + 1)
    return np.clip(radius + 0.5 - np.hypot(away[:, None], away), 0, 1).astype(np.float32)
