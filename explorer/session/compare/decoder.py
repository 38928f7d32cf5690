"""Decode the place under the cursor by both sides of a comparison."""

from __future__ import annotations

from functools import partial

from explorer.core.comparison.pair import Pair, TwinFrame
from explorer.runtime.concurrency.published import Published
from explorer.services import Services
from explorer.session.state import State
from explorer.session.tasks import COMPARISON, Tasks


class TwinDecoder:
    """Decodes one place by both sides; the newest place wins.

    Attributes
    ----------
    frame
        The newest decoded samples.
    """

    def __init__(self, state: State, tasks: Tasks, services: Services) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self.frame: Published[TwinFrame] = Published()
        self._pair: Pair | None = None
        self._cursor: tuple[float, float] | None = None

    def show(self, pair: Pair | None) -> None:
        """Decode by another pair from now on."""
        self._pair = pair
        self._decode()

    def hover(self, xy: tuple[float, float]) -> None:
        """Decode a place of the maps; returns at once."""
        self._cursor = xy
        self._decode()

    def _decode(self) -> None:
        if self._pair is None or self._cursor is None:
            return
        work = partial(self._pair.decode, self._cursor, self._state.orientation)
        self._tasks.send_straight(self._services.frames, "twin frame", work, self._on_decoded)

    def _on_decoded(self, frame: TwinFrame) -> None:
        self.frame.post(frame)
        self._tasks.ring_channel(COMPARISON)
