"""Colour the samples on the map by what is chosen."""

from __future__ import annotations

from functools import partial

from explorer.core.columns.column import Kind
from explorer.core.columns.columns import check
from explorer.core.progress import Progress, Stop
from explorer.core.rendering.colouring import Colouring
from explorer.core.scene.scene import Scene
from explorer.services import Services
from explorer.session.map.columns import Columns
from explorer.session.map.view import MapView
from explorer.session.state import State
from explorer.session.tasks import Tasks

_ASKER = "colours"


class Colours:
    """Computes the colouring of the scene: at once where that is cheap, else on a worker."""

    def __init__(
        self, state: State, tasks: Tasks, services: Services, columns: Columns, view: MapView
    ) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self._columns, self._view = columns, view
        state.param.watch(self._on_choice, "colour_by")

    @property
    def progress(self) -> str:
        """A sentence on what is being computed for the colours, or ""."""
        return self._columns.progress(_ASKER)

    def recolour(self) -> None:
        """Colour the scene that is on the map by now."""
        scene, name = self._state.scene, self._state.colour_by
        if scene is None:
            return
        if check(scene, name).kind is not Kind.TEXT and not self._columns.missing((name,)):
            self._columns.forget(_ASKER)
            self._on_coloured(name, self._services.colouring(scene, name))
            return
        self._view.restyle()  # in the former colours, until the new ones have been computed

        def work(scene: Scene, stop: Stop, progress: Progress) -> Colouring:
            return self._services.colouring(scene, name, stop=stop, progress=progress)

        self._columns.compute((name,), work, partial(self._on_coloured, name), asker=_ASKER)

    def _on_coloured(self, name: str, colouring: Colouring) -> None:
        if name == self._state.colour_by:
            self._state.colour(colouring)

    def _on_choice(self, *_: object) -> None:
        self.recolour()
