"""The view of a session's map: which part of the plane is seen, in which style; and its painted map."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

import numpy as np
import param

from explorer.core.projections import SphereMap, Turning
from explorer.core.rendering.painter import MapImage, MapRequest, Style
from explorer.core.scene.scene import Scene
from explorer.core.scene.viewport import Viewport
from explorer.runtime.concurrency.published import Published
from explorer.services import Services
from explorer.session.state import State
from explorer.session.tasks import MAP, Tasks

_STYLING = ["colouring", "hidden", "draws", "theme", "selection", "dims", "emphasised", "named"]
_PASSING = 0.1  # seconds, at least, between two turns while the map passes through epochs, or a hand turns it
_CLOSEST = 1e-3  # of a viewport's width: a step by which the scales of two maps are compared


@dataclass(frozen=True, slots=True)
class Jump:
    """A place that the screen goes to by itself; no viewport: where everything is seen."""

    viewport: Viewport | None


class MapView:
    """The viewport of a session's map, the style that it is painted in, and the newest painted map.

    Attributes
    ----------
    image
        The newest painted map.
    viewport
        The viewport that was asked for last; None before the screen has said its size.
    style
        How points are shown now; None before there is anything to show.
    jump
        The newest place to go to that no gesture has asked for.
    """

    def __init__(self, state: State, tasks: Tasks, services: Services) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self.image: Published[MapImage] = Published()
        self.viewport: Viewport | None = None
        self.style: Style | None = None
        self.jump: Published[Jump] = Published()
        self._size = (700, 600)
        self._sized = False  # whether the screen has said its size
        self._wanted: tuple[float, float, float] | None = None  # where to go as soon as it has
        self._home = True
        self._sequence = 0
        self._rung: tuple[object, ...] = ()  # what the page knew of a map besides its pixels
        self._rung_at = 0.0
        self._postponed = False
        self._tells_moves = False
        self._fixed: Viewport | None = None  # the first view, where the scale is kept
        state.param.watch(self.restyle, _STYLING)
        state.param.watch(self._on_moved, ["orientation", "passage"])
        state.param.watch(self._on_scale_kept, "keeps_scale")

    def look(self, viewport: Viewport, *, home: bool, sequence: int = 0, draft: bool = False) -> None:
        """Show these ranges at that size; `home` asks for everything, whatever the ranges.

        While a hand turns the map, a `draft` of it is enough.
        """
        self._size, self._sized = (viewport.width, viewport.height), True
        self._home, self._sequence, self.viewport = home, sequence, viewport
        if self._wanted is not None:
            self.go_to(*self._wanted)
        self.paint(draft)

    def tell_moves(self, on: bool) -> None:
        """Ring for each map of another part of the plane: what is in view is looked at."""
        self._tells_moves = on

    @property
    def at_home(self) -> bool:
        """True where everything is shown."""
        return self._home and self._wanted is None

    def go_to(self, x: float, y: float, scale: float) -> None:
        """Look at a place by itself, as soon as the size of the screen is known.

        Parameters
        ----------
        scale
            Units of the plane for each pixel.
        """
        self._wanted = None if self._sized else (x, y, scale)
        if not self._sized:
            return
        width, height = (side * scale / 2 for side in self._size)
        ranges = (x - width, x + width), (y - height, y + height)
        self._home, self.viewport = False, Viewport.of_ranges(*ranges, *self._size)
        self.jump.post(Jump(self.viewport))

    @contextmanager
    def postponed(self) -> Iterator[None]:
        """Paint nothing meanwhile: a `look` follows, which paints all that has changed at once."""
        self._postponed = True
        try:
            yield
        finally:
            self._postponed = False

    def go_over(self, before: Scene | None) -> None:
        """Look at another scene that has come on the map.

        What was seen close stays in view where the two maps have something in common: the same
        projection, or the same globe, whose place under the cursor stays there. Else all is shown.
        """
        scene = self._state.scene
        if before is None or scene is None or before.dataset is not scene.dataset:
            self._home = True
            if before is not None:
                self.jump.post(Jump(None))
            return
        then, now = before.projection, scene.projection
        if now.name == then.name:
            return
        if isinstance(then, SphereMap) and isinstance(now, SphereMap):
            self._keep_place(then, now)
        else:
            self._home = True
            self.jump.post(Jump(None))

    def _keep_place(self, then: SphereMap, now: SphereMap) -> None:
        state, view = self._state, self.viewport
        if view is None:
            return
        middle = (view.x0 + view.x1) / 2, (view.y0 + view.y1) / 2
        x, y = state.cursor if state.cursor is not None else middle
        step = _CLOSEST * (view.x1 - view.x0)
        moved = now.forward(then.inverse(np.array([(x, y), (x + step, y), (x, y + step)], dtype=np.float64)))
        if state.cursor is not None:
            state.point_at((float(moved[0, 0]), float(moved[0, 1])))
        if self._home:
            self.jump.post(Jump(None))
            return
        scale = float(np.clip(np.linalg.norm(moved[1:] - moved[0], axis=1).max() / step, 0.05, 20))
        to = view.panned(float(moved[0, 0]) - x, float(moved[0, 1]) - y)
        self.viewport = to.zoomed(1 / scale, (float(moved[0, 0]), float(moved[0, 1])))
        self.jump.post(Jump(self.viewport))

    def restyle(self, *_: object) -> None:
        """Paint in the colours, for the selection and in the theme that hold now."""
        state = self._state
        if state.colouring is None:
            return
        # Draws of every posterior have places only where that is a formula: thousands of times as many.
        draws = state.draws if state.scene is not None and state.scene.projection.exact else 0
        self.style = Style(
            state.colouring,
            state.selected,
            state.hidden,
            draws,
            state.theme,
            state.dims,
            # Of a class that is switched off there is nothing to see.
            None if state.emphasised in state.hidden else state.emphasised,
            state.named,
        )
        self.paint()

    def paint(self, draft: bool = False) -> None:
        """Paint the map as it is looked at now; returns at once."""
        state, scene, style = self._state, self._state.scene, self.style
        if self._postponed or scene is None or style is None or not _fits(scene, style):
            return
        passage = state.passage
        home = self._home
        if home or self.viewport is None:
            places = scene.home if passage.home is None else passage.home
            self.viewport = Viewport.around(places, *self._size)
            if state.keeps_scale:
                self._fix(self.viewport)
        if passage.moment is not None:
            draft, style = True, replace(style, draws=0)
        request = MapRequest(
            scene,
            style,
            self.viewport,
            home,
            self._sequence,
            state.orientation,
            draft,
            passage.moment,
        )
        paint = partial(self._services.painter.paint, request)
        self._tasks.send_straight(self._services.maps, "map", paint, partial(self._on_painted, draft))

    def follow(self) -> None:
        """Turn the scene as the map on the screen is turned. On the session's own thread."""
        scene, image = self._state.scene, self.image.read()[1]
        if scene is None or image is None or image.scene != scene.key:
            return
        now, then = image.projection, scene.projection
        if isinstance(now, Turning) and isinstance(then, Turning) and now.orientation != then.orientation:
            self._state.refine(replace(scene, projection=then.turned(now.orientation)))
        self._state.see(image.front)

    def _fix(self, viewport: Viewport) -> None:
        """Stay at a first view, whatever comes on the map, as if a hand had gone there."""
        self._home, self._fixed = False, viewport
        self.jump.post(Jump(viewport))
        self._tasks.ring()

    def _on_scale_kept(self, event: param.parameterized.Event) -> None:
        if event.new and self._home and self.viewport is not None:
            self._fix(self.viewport)
        elif not event.new and self._fixed is not None and self.viewport is not None:
            if self.viewport.alike(self._fixed):  # no hand has gone elsewhere
                self._home = True
                self.jump.post(Jump(None))
                self._tasks.ring()
            self._fixed = None

    def _on_moved(self, *_: object) -> None:
        self.paint()

    def _on_painted(self, draft: bool, image: MapImage) -> None:
        self.image.post(image)
        self._tasks.ring_channel(MAP)  # its pixels go at once
        told = (
            image.scene,
            image.points,
            image.value_range,
            image.projection,
            image.front,
            image.at,
            image.outside,
            image.viewport if self._tells_moves else None,
        )
        now = perf_counter()
        # The session is called only where more than the pixels is new.
        if told != self._rung and not (draft and now - self._rung_at <= _PASSING):
            self._rung, self._rung_at = told, now
            self._tasks.ring()


def _fits(scene: Scene, style: Style) -> bool:
    # While a new scene's colours are under way, the old ones may be of another data set's length.
    n = len(scene.cloud)
    columns = (style.colouring.labels, style.colouring.values, style.selected)
    return all(column is None or len(column) == n for column in columns)
