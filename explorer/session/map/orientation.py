"""How a session turns what can be turned: the globe and the cloud in space."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import param

from explorer.core.errors import SHOWN
from explorer.core.projections import Orthographic, Turning
from explorer.core.projections.turnable.orientation import Orientation

if TYPE_CHECKING:
    from explorer.session.session import Session

_STEP = math.radians(15)


class Orienting(param.Parameterized):
    """One orientation for all maps that can be turned, so that switching between them turns nothing."""

    orientation = param.ClassSelector(
        class_=Orientation, default=Orientation(), instantiate=False, doc="How latent space is turned."
    )
    dims = param.Boolean(False, doc="Whether points on the back of the globe are dimmed rather than hidden.")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._gesture: object = None
        self._began = self.orientation

    @property
    def turns(self) -> bool:
        """Whether what is on the map can be turned."""
        scene = self._session.scene
        return scene is not None and isinstance(scene.projection, Turning)

    @property
    def has_back(self) -> bool:
        """Whether the map shows one half of the globe and hides the other."""
        scene = self._session.scene
        return scene is not None and isinstance(scene.projection, Orthographic)

    def drag(self, gesture: object, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Turn as a drag from one place of the plane to another means.

        Parameters
        ----------
        gesture
            Tells one drag from the next: all of it counts from where its first call found the map, which
            is painted by the look that comes with it.
        """
        scene = self._session.scene
        if scene is None or not isinstance(scene.projection, Turning):
            return
        if gesture != self._gesture:
            self._gesture, self._began = gesture, self.orientation
        try:
            self.orientation = scene.projection.dragged(start, end).compose(self._began)
        except SHOWN as error:
            self._session.error = str(error)

    def step(self, right: int, up: int) -> None:
        """Turn by so many steps of 15 degrees, as a drag to the right or up does."""
        if right or up:
            turn = Orientation.about((-up, right, 0), _STEP * math.hypot(right, up))
            self.orientation = turn.compose(self.orientation)
            self._session.looking.paint()

    def face(self) -> None:
        """Turn back to how it came."""
        self.orientation = Orientation()
        self._session.looking.paint()
