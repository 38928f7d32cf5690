"""From a scene and a viewport to the bytes of one map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from explorer.core.lru import LRU
from explorer.core.projections import Projection, SphereMap, Turning
from explorer.core.projections.turnable.orientation import Orientation
from explorer.core.rendering.cloud_3d import Cloud3D
from explorer.core.rendering.colouring import Colouring
from explorer.core.rendering.depth_buffer import Front
from explorer.core.rendering.graticule import graticule
from explorer.core.rendering.grid_order import GridOrder
from explorer.core.rendering.overlay import ClassName, class_centres, class_names, prior_lines
from explorer.core.rendering.panning import Panning
from explorer.core.rendering.png import MIME, encode_pixels
from explorer.core.rendering.points import Points
from explorer.core.rendering.shade import Counts, paint
from explorer.core.scene.evolution import Moment
from explorer.core.scene.gaussian import Lines
from explorer.core.scene.scene import Scene
from explorer.core.scene.viewport import Viewport


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """The style of the points, apart from their places.

    Attributes
    ----------
    selected
        The selection, which dims the rest; None when there is none.
    hidden
        Class indices that the legend has switched off.
    draws
        Points drawn from each sample's posterior; 0 shows the means.
    dims
        True where the points on the back of a globe are dimmed rather than hidden.
    emphasised
        The class that keeps its colour while the others are dimmed; None is every class.
    named
        True where the visible classes' names are written at their centres.
    """

    colouring: Colouring
    selected: Bool[np.ndarray, " n"] | None = None
    hidden: frozenset[int] = frozenset()
    draws: int = 0
    theme: str = "light"
    dims: bool = False
    emphasised: int | None = None
    named: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class MapRequest:
    """One map to paint.

    Attributes
    ----------
    home
        True where the viewport shows everything.
    sequence
        The number of the question that it answers.
    orientation
        The orientation of a map that can be turned; None leaves it as it was laid out.
    draft
        True during a drag that turns it: of very many points a coarser map is enough until the drag ends.
    moment
        The moment of a run that is passed through; None where the map shows the scene itself.
    """

    scene: Scene
    style: Style
    viewport: Viewport
    home: bool
    sequence: int
    orientation: Orientation | None = None
    draft: bool = False
    moment: Moment | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MapImage:
    """One painted map: compressed pixels, the viewport that they fill, and the number of points.

    Attributes
    ----------
    value_range
        The values at the two ends of the scale, where points are coloured by a number.
    projection
        The projection as turned for this map.
    net
        Lines to draw under the points: meridians, parallels and the edge of a globe.
    front
        The front-most sample of each pixel, on a map with depth.
    at
        The moment of a run that it shows, in epochs; None where it shows the scene itself.
    prior
        Lines around the prior at one and at two standard deviations, where they are true on this map.
    names
        Plane position and name of each class, where they are asked for; of a globe, of those in front.
    outside
        The number of visible samples beyond the first view; 0 on any other map.
    """

    pixels: bytes
    mime: str
    viewport: Viewport
    points: int
    value_range: tuple[float, float] | None
    home: bool
    sequence: int
    scene: int
    projection: Projection
    net: tuple[Float64[np.ndarray, "_ 2"], ...] = ()
    front: Front | None = None
    at: float | None = None
    prior: Lines = ()
    names: tuple[ClassName, ...] = ()
    outside: int = 0
    theme: str = "light"


class Painter:
    """A painter of maps, for one thread at a time, which keeps the points of the latest styles prepared.

    Parameters
    ----------
    capacity
        The most points that are kept; those of the last map are kept whatever their number.
    entries
        The most styles that they are of: small data would otherwise be kept thousands of times.
    """

    def __init__(self, capacity: int = 30_000_000, entries: int = 32) -> None:
        # The key names objects by identity, and the style keeps them alive as long as the entry. The request
        # is not kept, since it holds a scene with its model, of which a training makes thousands.
        # The last two stay: a selection's points and those that it was made from.
        self._ready: LRU[tuple[Style, Points]] = LRU(
            max(2, entries), weight=lambda kept: len(kept[1]), capacity=capacity, least=2
        )
        self._centres: tuple[int, Colouring, Float32[np.ndarray, "classes axes"]] | None = None
        self._in_space: tuple[tuple[object, ...], Cloud3D] | None = None
        self._panning = Panning()

    @property
    def ready(self) -> int:
        """The number of styles whose points are kept."""
        return len(self._ready)

    def paint(self, request: MapRequest) -> MapImage:
        """Aggregate, shade and compress."""
        image, pixels = self.draw(request)
        return replace(image, pixels=encode_pixels(pixels))

    def draw(self, request: MapRequest) -> tuple[MapImage, UInt8[np.ndarray, "height width 4"]]:
        """Paint a map without compression, with the pixels as `shade` gives them."""
        points = self._styled(request)
        viewport, moment = request.viewport, request.moment
        if request.draft:
            viewport = viewport.draft(len(points))
        viewport = self._panning.aligned(points, viewport)
        image = MapImage(
            b"",
            MIME,
            viewport,
            len(points),
            points.value_range,
            request.home,
            request.sequence,
            request.scene.key,
            request.scene.projection,
            at=None if moment is None else float(moment.at),
            theme=request.style.theme,
        )
        passing = None if moment is None else moment.points()
        if isinstance(image.projection, Turning):
            image, counts, nearness = self._seen(request, points, image, passing)
        else:
            if passing is not None:
                points = points.moved(passing.take(points.grid.order, axis=0))
            counts, nearness = self._panning.aggregate(points, viewport), None
        image = replace(
            image,
            prior=prior_lines(request.scene.model, image.projection, moment),
            names=self._names(request, image.projection, passing),
            outside=_outside(request, points, counts),
        )
        return image, paint(counts, points, request.style.theme, nearness, request.style.emphasised)

    def _seen(
        self,
        request: MapRequest,
        points: Points,
        image: MapImage,
        passing: Float32[np.ndarray, "n 3"] | None,
    ) -> tuple[MapImage, Counts, Float32[np.ndarray, "height width"] | None]:
        """Count a map that can be turned in the orientation of the request, with the opacity by depth."""
        viewport, style, cloud = image.viewport, request.style, self._cloud_3d(request)
        projection = request.scene.projection
        if request.moment is not None and passing is not None:
            projection = request.moment.projection
            cloud = replace(cloud, codes=passing.take(cloud.grid.order, axis=0))
        assert isinstance(projection, Turning)
        if request.orientation is not None:
            projection = projection.turned(request.orientation)
        counts, front = cloud.counted(points, projection, viewport, dimmed=style.dims)
        nearness = None if front is None else front.alpha()
        if front is not None:
            front = front.of(points.grid.order // max(1, style.draws))
        net = (*graticule(projection), projection.edge) if isinstance(projection, SphereMap) else ()
        return replace(image, projection=projection, net=net, front=front), counts, nearness

    def _names(
        self, request: MapRequest, projection: Projection, passing: Float32[np.ndarray, "n axes"] | None
    ) -> tuple[ClassName, ...]:
        """Return the names to write on the map; the centres of the latest scene are kept."""
        scene, style = request.scene, request.style
        labels, classes = style.colouring.labels, style.colouring.classes
        if not style.named or labels is None:
            return ()
        if passing is not None:
            centres = class_centres(passing, labels, len(classes))
            return class_names(centres, classes, style.hidden, projection)
        kept = self._centres
        if kept is None or kept[0] != scene.key or kept[1] is not style.colouring:
            places = scene.cloud.mean if isinstance(projection, Turning) else scene.xy
            centres = class_centres(places, labels, len(classes))
            kept = self._centres = (scene.key, style.colouring, centres)
        return class_names(kept[2], classes, style.hidden, projection)

    def _cloud_3d(self, request: MapRequest) -> Cloud3D:
        """Return the codes of the scene, prepared for turning; those of the last scene are kept."""
        key = (request.scene.key, request.style.draws)
        if self._in_space is None or self._in_space[0] != key:
            self._in_space = (key, Cloud3D.of(request.scene.cloud.draws(request.style.draws).mean))
        return self._in_space[1]

    def _styled(self, request: MapRequest) -> Points:
        style = request.style
        # On the plane a passage through the epochs has one order for all of them.
        passing = request.moment is not None and not isinstance(request.scene.projection, Turning)
        where = (-1 if passing else request.scene.key, id(style.colouring), style.draws)
        every = self._kept(where, request, self._points)
        if style.selected is None and not style.hidden:
            return every
        key = (*where, id(style.selected), style.hidden)
        return self._kept(
            key, request, lambda _: every.showing(_repeated(style.selected, len(every)), style.hidden)
        )

    def _kept(
        self, key: tuple[object, ...], request: MapRequest, make: Callable[[MapRequest], Points]
    ) -> Points:
        kept = self._ready.get(key)
        if kept is None:
            kept = (request.style, make(request))
            self._ready.put(key, kept)
        return kept[1]

    def _points(self, request: MapRequest) -> Points:
        scene, colouring, draws = request.scene, request.style.colouring, request.style.draws
        xy, n, grid = scene.xy, len(scene.cloud), None
        if isinstance(scene.projection, Turning):
            cloud = self._cloud_3d(request)
            # At any positions: each map moves them.
            xy, n, grid = cloud.codes[:, :2], len(cloud.codes), cloud.grid
        elif request.moment is not None:
            xy = request.moment.points()
            grid = GridOrder.of_any(xy)
        elif draws:
            drawn = scene.cloud.draws(draws)
            xy, n = np.asarray(scene.projection.forward(drawn.mean), dtype=np.float32), len(drawn)
        labels, values = _repeated(colouring.labels, n), _repeated(colouring.values, n)
        ordered = colouring.ordered
        return Points.of(xy, labels, colouring.classes, values=values, grid=grid, ordered=ordered)


def _outside(request: MapRequest, points: Points, counts: Counts) -> int:
    """Return the number of visible points beyond the first view."""
    if not (request.home and request.scene.outliers) or request.moment is not None:
        return 0
    return points.visible - counts.visible


def _repeated(column: Any, n: int) -> Any:
    # The draws of one sample lie one after the other, and look like their sample.
    return None if column is None else np.repeat(column, n // len(column))
