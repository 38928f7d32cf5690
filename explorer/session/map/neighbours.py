"""When the neighbours of the codes on the map are found."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from explorer.core.scene.scene import Scene

if TYPE_CHECKING:
    from explorer.session.session import Session


class Nearby:
    """Has the scene on the map gain its neighbours before the hand comes.

    While a training brings one map after the other, only once somebody has asked about a place.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked: int | None = None  # key of the scene whose neighbours are under way or found

    def forget(self) -> None:
        """Another scene comes on the map, or the same one as it was at first."""
        self._asked = None

    def follow(self) -> None:
        """Have the neighbours found, if they are missing and wanted. On the session's own thread."""
        session, scene = self._session, self._session.scene
        if scene is None or scene.neighbours is not None or scene.key == self._asked:
            return
        looked_at = session.cursor is not None or session.inspecting.shown
        if looked_at or not session.training.busy:
            self._asked = scene.key
            find = partial(session.services.with_neighbours, scene)
            session.errands.send(session.services.neighbours, "neighbours", find, self._gain)

    def _gain(self, found: Scene) -> None:
        session, scene = self._session, self._session.scene
        if scene is not None and scene.key == found.key:
            turned = found.projection is not scene.projection
            session.scene = replace(scene, neighbours=found.neighbours) if turned else found
            session.decode()
