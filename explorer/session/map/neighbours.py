"""Find the neighbours of the codes on the map, once they are wanted."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from explorer.core.scene.scene import Scene
from explorer.services import Services
from explorer.session.state import State
from explorer.session.tasks import Tasks


class SceneNeighbours:
    """Adds the neighbours to the scene on the map before the cursor comes.

    While a training brings one map after the other, only once a place has been asked about.
    """

    def __init__(self, state: State, tasks: Tasks, services: Services) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self._asked: int | None = None  # key of the scene whose neighbours are under way or found

    def forget(self) -> None:
        """Start anew: another scene comes on the map, or the same one as it was at first."""
        self._asked = None

    def follow(self, *, busy: bool, looked_at: bool) -> None:
        """Find the neighbours, if they are missing and wanted. On the session's own thread.

        Parameters
        ----------
        busy
            Whether a training of this session brings new maps.
        looked_at
            Whether the latent axes are looked at, which ask about places as the cursor does.
        """
        scene = self._state.scene
        if scene is None or scene.neighbours is not None or scene.key == self._asked:
            return
        if self._state.cursor is not None or looked_at or not busy:
            self._asked = scene.key
            find = partial(self._services.with_neighbours, scene)
            self._tasks.send(self._services.neighbours, "neighbours", find, self._on_found)

    def _on_found(self, found: Scene) -> None:
        scene = self._state.scene
        if scene is not None and scene.key == found.key:
            turned = found.projection is not scene.projection
            self._state.refine(replace(scene, neighbours=found.neighbours) if turned else found)
