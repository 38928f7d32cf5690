"""From a scene and a viewport to the bytes of one map."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool

from explorer.core.colouring import Colouring
from explorer.core.pixels import MIME, encode_pixels
from explorer.core.points import Points
from explorer.core.scene import Scene
from explorer.core.shade import shade
from explorer.core.viewport import Viewport


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """How the points are shown, apart from where.

    Attributes
    ----------
    selected
        The selection, which dims the rest; None when there is none.
    hidden
        Class indices that the legend has switched off.
    draws
        Points drawn from each sample's posterior; 0 shows the means.
    """

    colouring: Colouring
    selected: Bool[np.ndarray, " n"] | None = None
    hidden: frozenset[int] = frozenset()
    draws: int = 0
    theme: str = "light"


@dataclass(frozen=True, slots=True, eq=False)
class MapRequest:
    """One map to paint; `home`: the viewport shows everything; `sequence`: which question it answers."""

    scene: Scene
    style: Style
    viewport: Viewport
    home: bool
    sequence: int


@dataclass(frozen=True, slots=True, eq=False)
class MapImage:
    """One painted map: compressed pixels, the viewport they fill, and how many points took part.

    `value_range` is what the two ends of the scale mean, where points are coloured by a number.
    """

    pixels: bytes
    mime: str
    viewport: Viewport
    points: int
    value_range: tuple[float, float] | None
    home: bool
    sequence: int
    scene: int


class Painter:
    """Paints maps, on one thread at a time, and keeps the points of the latest styles ready for aggregation.

    Parameters
    ----------
    capacity
        How many points are kept in all; those of the last map are kept whatever their number.
    entries
        How many styles they are of at most: small data would otherwise be kept thousands of times.
    """

    def __init__(self, capacity: int = 30_000_000, entries: int = 32) -> None:
        self._capacity = capacity
        self._entries = max(2, entries)
        # What the key names by identity keeps it for as long as the entry lives: the style holds it. The
        # request is not kept, since it holds a scene with its model, of which a training makes thousands.
        self._ready: OrderedDict[tuple[object, ...], tuple[Style, Points]] = OrderedDict()

    @property
    def ready(self) -> int:
        """Of how many styles the points are kept ready."""
        return len(self._ready)

    def paint(self, request: MapRequest) -> MapImage:
        """Aggregate, shade and compress."""
        points = self._styled(request)
        pixels = encode_pixels(shade(points, request.viewport, theme=request.style.theme))
        return MapImage(
            pixels,
            MIME,
            request.viewport,
            len(points),
            points.value_range,
            request.home,
            request.sequence,
            request.scene.key,
        )

    def _styled(self, request: MapRequest) -> Points:
        style = request.style
        every = self._kept((request.scene.key, id(style.colouring), style.draws), request, _points)
        if style.selected is None and not style.hidden:
            return every
        key = (request.scene.key, id(style.colouring), style.draws, id(style.selected), style.hidden)
        return self._kept(
            key, request, lambda _: every.showing(_repeated(style.selected, len(every)), style.hidden)
        )

    def _kept(
        self, key: tuple[object, ...], request: MapRequest, make: Callable[[MapRequest], Points]
    ) -> Points:
        if key not in self._ready:
            self._ready[key] = (request.style, make(request))
            # The last two stay: a selection's points and those that it was made from.
            while len(self._ready) > 2 and self._too_many():
                self._ready.popitem(last=False)
        self._ready.move_to_end(key)
        return self._ready[key][1]

    def _too_many(self) -> bool:
        points = sum(len(points) for _, points in self._ready.values())
        return len(self._ready) > self._entries or points > self._capacity


def _points(request: MapRequest) -> Points:
    scene, colouring, draws = request.scene, request.style.colouring, request.style.draws
    xy, n = scene.xy, len(scene.cloud)
    if draws:
        drawn = scene.cloud.draws(draws)
        xy, n = np.asarray(scene.projection.forward(drawn.mean), dtype=np.float32), len(drawn)
    return Points.of(
        xy, _repeated(colouring.labels, n), colouring.classes, values=_repeated(colouring.values, n)
    )


def _repeated(column: Any, n: int) -> Any:
    # The draws of one sample lie one after the other, and look like their sample.
    return None if column is None else np.repeat(column, n // len(column))
