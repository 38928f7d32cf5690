"""Colour the samples on the map by what is chosen."""

from __future__ import annotations

from functools import partial

from explorer.core.rendering.colouring import CHEAP, SLOW, Colouring
from explorer.services import Services
from explorer.session.map.view import MapView
from explorer.session.state import State
from explorer.session.tasks import Tasks


class Colours:
    """Computes the colouring of the scene: at once where that is cheap, else on a worker."""

    def __init__(self, state: State, tasks: Tasks, services: Services, view: MapView) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self._view = view
        state.param.watch(self._on_choice, "colour_by")

    def recolour(self) -> None:
        """Colour the scene that is on the map by now."""
        scene, name = self._state.scene, self._state.colour_by
        if scene is None:
            return
        work = partial(self._services.colouring, scene, name)
        if name in CHEAP:
            self._on_coloured(name, work())
        else:
            self._view.restyle()  # in the former colours, until the new ones have been computed
            worker = self._services.measures if name in SLOW else self._services.extras
            self._tasks.send(worker, "colouring", work, partial(self._on_coloured, name))

    def _on_coloured(self, name: str, colouring: Colouring) -> None:
        if name == self._state.colour_by:
            self._state.colour(colouring)

    def _on_choice(self, *_: object) -> None:
        self.recolour()
