"""What part of the map a session looks at, and how: from there to a painted map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from explorer.core.projections import SphereMap, Turning
from explorer.core.rendering.depth_buffer import Front
from explorer.core.rendering.painter import MapImage, MapRequest, Style
from explorer.core.scene.scene import Scene
from explorer.core.scene.viewport import Viewport
from explorer.runtime.concurrency.published import Published

if TYPE_CHECKING:
    from explorer.session.session import Session

_PASSING = 0.1  # seconds, at least, between two turns while the map passes through epochs, or a hand turns it
_CLOSEST = 1e-3  # of a viewport's width: a step by which the scales of two maps are compared


@dataclass(frozen=True, slots=True)
class Jump:
    """Where the screen is to go by itself; no viewport: to where everything is seen."""

    viewport: Viewport | None


class Looking:
    """The viewport of a session's map, and the style that it is painted in.

    Attributes
    ----------
    viewport
        What was asked for last; None before the screen has said its size.
    jump
        The newest place to go to that no hand has asked for.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.viewport: Viewport | None = None
        self.jump: Published[Jump] = Published()
        self._size = (700, 600)
        self._home = True
        self._sequence = 0
        self._style: Style | None = None
        self._rung = 0.0
        self._front: Front | None = None  # of the map that was followed last
        session.param.watch(self.restyle, ["colouring", "hidden", "draws", "theme"])
        session.selecting.param.watch(self.restyle, "current")
        session.orienting.param.watch(self.restyle, "dims")

    @property
    def style(self) -> Style | None:
        """How points are shown now; None before there is anything to show."""
        return self._style

    def look(self, viewport: Viewport, *, home: bool, sequence: int = 0, draft: bool = False) -> None:
        """Show these ranges at that size; `home` asks for everything, whatever the ranges.

        While a hand is turning the map, a `draft` of it will do.
        """
        self._size = (viewport.width, viewport.height)
        self._home, self._sequence, self.viewport = home, sequence, viewport
        self.paint(draft)

    def go_over(self, before: Scene | None) -> None:
        """Look at another scene that has come on the map.

        What was seen close stays in view where the two maps have something in common: the same
        projection, or the same globe, whose place under the cursor stays there. Else all is shown.
        """
        scene = self._session.scene
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
        session, view = self._session, self.viewport
        if view is None:
            return
        middle = (view.x0 + view.x1) / 2, (view.y0 + view.y1) / 2
        x, y = session.cursor if session.cursor is not None else middle
        step = _CLOSEST * (view.x1 - view.x0)
        moved = now.forward(then.inverse(np.array([(x, y), (x + step, y), (x, y + step)], dtype=np.float64)))
        if session.cursor is not None:
            session.cursor = (float(moved[0, 0]), float(moved[0, 1]))
        if self._home:
            self.jump.post(Jump(None))
            return
        scale = float(np.clip(np.linalg.norm(moved[1:] - moved[0], axis=1).max() / step, 0.05, 20))
        to = view.panned(float(moved[0, 0]) - x, float(moved[0, 1]) - y)
        self.viewport = to.zoomed(1 / scale, (float(moved[0, 0]), float(moved[0, 1])))
        self.jump.post(Jump(self.viewport))

    def restyle(self, *_: object) -> None:
        """Paint in the colours, for the selection and in the theme that hold now."""
        session = self._session
        if session.colouring is None:
            return
        # Draws of every posterior have places only where that is a formula: thousands of times as many.
        draws = session.draws if session.scene is not None and session.scene.projection.exact else 0
        self._style = Style(
            session.colouring,
            session.selecting.mask,
            session.hidden,
            draws,
            session.theme,
            session.orienting.dims,
        )
        self.paint()

    def paint(self, draft: bool = False) -> None:
        """Have the map painted as it is looked at now."""
        session, scene, style = self._session, self._session.scene, self._style
        if scene is None or style is None or not _fits(scene, style):
            return
        moment, every = session.timeline.moment, session.timeline.home()
        if self._home or self.viewport is None:
            self.viewport = Viewport.around(scene.home if every is None else every, *self._size)
        if moment is not None:
            draft, style = True, replace(style, draws=0)
        orientation = session.orienting.orientation
        request = MapRequest(
            scene, style, self.viewport, self._home, self._sequence, orientation, draft, moment
        )
        paint = partial(session.services.painter.paint, request)
        painted = partial(self._painted, draft)
        session.errands.send_straight(session.services.maps, "map", paint, painted)

    def follow(self) -> None:
        """Have what is decoded and picked follow the map that is on the screen, as it was turned."""
        session = self._session
        scene, image = session.scene, session.map.read()[1]
        if scene is None or image is None or image.scene != scene.key:
            return
        now, then = image.projection, scene.projection
        if isinstance(now, Turning) and isinstance(then, Turning) and now.orientation != then.orientation:
            session.scene = replace(scene, projection=then.turned(now.orientation))
            session.decode()
        elif image.front is not None and image.front is not self._front:
            session.decode()  # seen closer, or with every pixel, another sample may be under the cursor
        self._front = image.front

    def _painted(self, draft: bool, image: MapImage) -> None:
        self._session.map.post(image)
        self._session.errands.ring_frame()  # its pixels go at once
        now = perf_counter()
        if not draft or now - self._rung > _PASSING:
            self._rung = now
            self._session.errands.ring()


def _fits(scene: Scene, style: Style) -> bool:
    # While a new scene's colours are under way, the old ones may be of another data set's length.
    n = len(scene.cloud)
    columns = (style.colouring.labels, style.colouring.values, style.selected)
    return all(column is None or len(column) == n for column in columns)
