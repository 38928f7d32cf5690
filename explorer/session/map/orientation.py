"""Turn what can be turned: the globe and the cloud in space."""

from __future__ import annotations

import math

from explorer.core.errors import SHOWN
from explorer.core.projections import Turning
from explorer.core.projections.turnable.orientation import Orientation
from explorer.session.state import State

_STEP = math.radians(15)


class OrientationControl:
    """Turns all maps that can be turned as one, so that switching between them turns nothing."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._gesture: object = None
        self._began = state.orientation

    def drag(self, gesture: object, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Turn as a drag from one place of the plane to another means.

        Parameters
        ----------
        gesture
            Tells one drag from the next: all of it counts from where its first call found the map.
        """
        state, projection = self._state, self._state.on_map
        if not isinstance(projection, Turning):
            return
        if gesture != self._gesture:
            self._gesture, self._began = gesture, state.orientation
        try:
            state.turn(projection.dragged(start, end).compose(self._began))
        except SHOWN as error:
            state.say(str(error))

    def step(self, right: int, up: int) -> None:
        """Turn by so many steps of 15 degrees, as a drag to the right or up does."""
        if right or up:
            turn = Orientation.about((-up, right, 0), _STEP * math.hypot(right, up))
            self._state.turn(turn.compose(self._state.orientation))

    def face(self) -> None:
        """Turn back to the initial orientation."""
        self._state.turn(Orientation())
