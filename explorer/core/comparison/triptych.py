"""The three linked maps of a comparison: all before, the selected after, all after, in one viewport."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float32

from explorer.core.comparison.displacement import arrows
from explorer.core.comparison.pair import Pair
from explorer.core.lru import LRU
from explorer.core.projections.turnable.orientation import Orientation
from explorer.core.rendering.colouring import Colouring
from explorer.core.rendering.png import MIME, encode_pixels
from explorer.core.rendering.points import Points, scale_of
from explorer.core.rendering.shade import aggregate, paint
from explorer.core.scene.viewport import Viewport
from explorer.core.selection.brush import Box, Lasso, intersection

BEFORE, CHOSEN, AFTER = range(3)
"""The maps from left to right."""

_KEPT = 6  # the points of the maps on the screen, and of those that were there before a gesture


@dataclass(frozen=True, slots=True, eq=False)
class TriptychRequest:
    """Three maps to paint.

    Attributes
    ----------
    selected
        The selection, which dims the rest on the outer maps; None where there is none.
    chosen
        The samples on the middle map: the selection, or those that were trained on; None shows none.
    hidden
        Indices of the classes that the legend has switched off, on all three.
    fraction
        The part of the way from before to after that the samples of the two right maps have gone.
    arrows
        True where displacement arrows are wanted.
    home, sequence, orientation, draft
        As in `MapRequest`.
    """

    pair: Pair
    colouring: Colouring
    selected: Bool[np.ndarray, " n"] | None
    chosen: Bool[np.ndarray, " n"] | None
    hidden: frozenset[int]
    theme: str
    viewport: Viewport
    home: bool
    sequence: int
    fraction: float | int = 1.0
    arrows: bool = False
    orientation: Orientation | None = None
    draft: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Triptych:
    """Three painted maps: compressed pixels, how many points each shows, and the arrows on the last.

    Attributes
    ----------
    moves
        ``x0, y0, x1, y1`` of each arrow, in units of the plane.
    pair
        Key of the pair that it shows.
    """

    pixels: tuple[bytes, bytes, bytes]
    points: tuple[int, int, int]
    moves: Float32[np.ndarray, "arrows 4"]
    viewport: Viewport
    mime: str
    fraction: float | int
    home: bool
    sequence: int
    pair: int


class TriptychPainter:
    """Paints the three maps, on one thread at a time, and keeps the latest points ready for aggregation."""

    def __init__(self) -> None:
        # A key names objects by identity; they live as long as its entry, which holds the request.
        self._ready: LRU[tuple[TriptychRequest, Points]] = LRU(_KEPT)

    def paint(self, request: TriptychRequest) -> Triptych:
        """Aggregate, shade and compress all three."""
        viewport = request.viewport
        if request.draft:
            viewport = viewport.draft(len(request.pair.before.codes))
        every = [self._points(request, which) for which in (BEFORE, CHOSEN, AFTER)]
        pixels = [
            encode_pixels(paint(aggregate(points, viewport), points, request.theme)) for points in every
        ]
        return Triptych(
            (pixels[BEFORE], pixels[CHOSEN], pixels[AFTER]),
            (len(every[BEFORE]), len(every[CHOSEN]), len(every[AFTER])),
            _moves(request),
            viewport,
            MIME,
            request.fraction,
            request.home,
            request.sequence,
            request.pair.key,
        )

    def _points(self, request: TriptychRequest, which: int) -> Points:
        key = (
            request.pair.key,
            which,
            None if which == BEFORE else request.fraction,
            request.orientation,
            id(request.colouring),
            id(request.selected),
            id(request.chosen) if which == CHOSEN else None,
            request.hidden,
        )
        kept = self._ready.get(key)
        if kept is None:
            kept = (request, _made(request, which))
            self._ready.put(key, kept)
        return kept[1]


def drawn(request: TriptychRequest, which: int) -> Bool[np.ndarray, " n"] | None:
    """Tell for each sample whether a map draws it: chosen ones only in the middle; None is every sample."""
    placed = request.pair.before if which == BEFORE else request.pair.after
    shown = placed.visible(request.orientation)
    if which != CHOSEN:
        return shown
    chosen = np.zeros(len(placed.codes), bool) if request.chosen is None else request.chosen
    return chosen if shown is None else shown & chosen


def places(request: TriptychRequest, which: int) -> Float32[np.ndarray, "n 2"]:
    """Return the places of the samples on a map."""
    if which == BEFORE:
        return request.pair.before.places(request.orientation)
    return request.pair.moved(request.fraction, request.orientation)


def inside(request: TriptychRequest, which: int, shape: Box | Lasso) -> Bool[np.ndarray, " n"]:
    """Tell which of the samples visible on a map lie in a shape that was drawn on it."""
    found = shape.mask(places(request, which))
    shown = drawn(request, which)
    inside = intersection(found, shown, request.colouring.shown(request.hidden))
    assert inside is not None
    return inside


def _made(request: TriptychRequest, which: int) -> Points:
    colouring, rows, xy = request.colouring, drawn(request, which), places(request, which)
    labels, values = colouring.labels, colouring.values
    selected = None if which == CHOSEN else request.selected
    if rows is not None:
        xy = xy[rows]
        labels, values, selected = (
            None if column is None else column[rows] for column in (labels, values, selected)
        )
    points = Points.of(
        xy, labels, colouring.classes, values, selected, request.hidden, ordered=colouring.ordered
    )
    # A colour means the same on all three, however few of the samples one of them has.
    return replace(points, value_range=scale_of(colouring.values))


def _moves(request: TriptychRequest) -> Float32[np.ndarray, "arrows 4"]:
    pair = request.pair
    if not (request.arrows and pair.common):
        return np.empty((0, 4), np.float32)
    start, end = pair.before.places(request.orientation), pair.after.places(request.orientation)
    shown = intersection(
        request.selected,
        pair.before.visible(request.orientation),
        pair.after.visible(request.orientation),
        request.colouring.shown(request.hidden),
    )
    if shown is None:
        shown = np.ones(len(start), bool)
    rows = arrows(start, end, request.viewport, shown)
    return np.concatenate([start[rows], end[rows]], axis=1)
