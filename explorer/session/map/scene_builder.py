"""Build the scene that the map shows: a source in, a scene out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from explorer.core.projections.layout import Layout
from explorer.core.scene.scene import Scene
from explorer.runtime.run import Snapshot
from explorer.services import Services
from explorer.session.map.projection import ProjectionChoice
from explorer.session.state import MapSource, State
from explorer.session.tasks import Tasks


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """A scene, with what it was built from."""

    source: MapSource
    layout: Layout
    scene: Scene


class SceneBuilder:
    """Lays out what the map is to show, on a worker, each time that it changes.

    Attributes
    ----------
    requested
        The snapshot and the layout that were asked for last.
    """

    def __init__(self, state: State, tasks: Tasks, services: Services, projection: ProjectionChoice) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self._projection = projection
        self.requested: tuple[Snapshot, Layout] | None = None
        self._built: Built | None = None

    def build(self, source: MapSource, layout: Layout) -> None:
        """Lay a source out, unless that was asked for already; returns at once."""
        if self.requested == (source.snapshot, layout):
            return
        self.requested = (source.snapshot, layout)
        like = self._projection.like(layout, source.dataset)
        # Placing codes on an embedding takes seconds, and no other session should wait for that.
        quick = layout.computed is None
        services, snapshot = self._services, source.snapshot
        self._tasks.send(
            services.scenes if quick else services.placings,
            "scene" if quick else "placed scene",
            partial(services.lay_out, source.dataset, snapshot.model, snapshot.cloud, layout, like),
            partial(self._on_laid_out, source, layout),
            partial(self._on_refused, layout),
        )

    def take(self) -> Built | None:
        """Return the scene that was built since, if it is still wanted; None where there is none."""
        built, self._built = self._built, None
        wanted = built is not None and self._state.expects(built.source.base)
        return built if wanted else None

    def _on_laid_out(self, source: MapSource, layout: Layout, scene: Scene) -> None:
        if self.requested is not None and self.requested[1] == layout:
            self._built = Built(source, layout, scene)

    def _on_refused(self, layout: Layout, sentence: str) -> None:
        """Leave the map as it is: it cannot be laid out so."""
        drawn = self._projection.refuse(layout, sentence)
        requested, scene = self.requested, self._state.scene
        if requested is None or drawn is None or scene is None:
            return
        if scene.cloud is requested[0].cloud:
            self.requested = (requested[0], drawn)  # it is on the map already
