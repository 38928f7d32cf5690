"""The projection of a session's map: its knobs, and maps that are computed when asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import param

from explorer.core import projections
from explorer.core.datasets import Dataset
from explorer.core.latent.cloud import Cloud
from explorer.core.projections import Projection, Turning
from explorer.core.projections.layout import Computed, Layout, shown_knobs
from explorer.runtime.base import Base
from explorer.runtime.projection_fit import Fit, FitState, key
from explorer.runtime.run import Snapshot
from explorer.services import Services
from explorer.session.state import State
from explorer.session.tasks import Tasks
from models import Autoencoder


class ProjectionChoice(param.Parameterized):
    """Decides how a cloud is laid out, and computes the maps that take long.

    A projection with a formula is laid out at once, whenever it is chosen, its knobs change or the cloud
    does. An embedding is computed only by `compute`. Until then what is on the map
    stays, and so it does when the computation fails or is cancelled. When the cloud moves on in a
    training, the embedding is kept: it is a map of latent space itself, on which the new codes are
    placed, while its neighbourhoods are those of the cloud that it was computed for.
    """

    fit = param.ClassSelector(class_=Fit, doc="The latest computation; None before the first.")

    def __init__(self, state: State, tasks: Tasks, services: Services) -> None:
        super().__init__()
        self._state, self._tasks, self._services = state, tasks, services
        self._knobs: dict[str, Projection] = {}
        self._drawn: Layout | None = None
        self._refused: Layout | None = None
        self._base: Base | None = None  # whose codes are on the map
        self._computed: dict[str, Layout] = {}  # the latest embeddings of those codes, by name
        state.param.watch(self._on_chosen, "projection")

    # -- what there is to choose -------------------------------------------------------------------------

    @staticmethod
    def offered(model: Autoencoder) -> tuple[str, ...]:
        """Return the projections that suit the latent space of a model, the one to open with first."""
        return projections.suiting(model.latent, sphere=model.sphere)

    def knobs(self, name: str) -> Projection:
        """Return the projection of that name whose parameters are the session's knobs; it is not fitted."""
        if name not in self._knobs:
            knobs = self._knobs[name] = projections.create(name)
            if shown := list(shown_knobs(type(knobs))):
                knobs.param.watch(self._ring, shown)
        return self._knobs[name]

    # -- what is on the map ------------------------------------------------------------------------------

    @property
    def drawn(self) -> Layout | None:
        """The layout of what is on the map; None before there is one."""
        return self._drawn

    @property
    def stale(self) -> bool:
        """True where the embedding on the map was computed for an earlier state of the cloud."""
        scene, drawn = self._state.scene, self._drawn
        return bool(scene and drawn and drawn.computed and not drawn.computed.of(scene.cloud))

    @property
    def complete(self) -> bool:
        """True where the map shows the chosen projection, with its knobs, of this very cloud."""
        if self._drawn is None or self.stale:
            return False
        return replace(self._drawn, computed=None) == Layout.of(self.knobs(self._state.projection))

    def layout(self, base: Base, snapshot: Snapshot) -> Layout:
        """Return how the codes of a base are to be laid out now."""
        offered, name = self.offered(snapshot.model), self._state.projection
        if name in offered:
            wanted = self._wanted(name, base, snapshot.cloud)
            if wanted is not None and wanted != self._refused:
                return wanted
        drawn = self._drawn
        if drawn is not None and drawn.name in offered and (drawn.computed is None or base is self._base):
            return drawn
        return Layout(offered[0])

    def like(self, layout: Layout, dataset: Dataset) -> Projection | None:
        """Return the projection that a new layout should turn to; None where it should stand by itself."""
        scene, drawn = self._state.scene, self._drawn
        if scene is None or drawn is None or scene.dataset is not dataset:
            return None
        if drawn.name == layout.name and drawn.knobs != layout.knobs:
            # Other axes are asked for: to lay them as the former ones lay would undo that.
            return scene.projection if isinstance(scene.projection, Turning) else None
        return projections.plain(scene.projection)

    def on_shown(self, base: Base, layout: Layout) -> bool:
        """Note how the scene that comes on the map was laid out; return whether it is of another base."""
        another = base is not self._base
        if another:
            self.cancel()
            self._computed = {}
        self._base, self._drawn = base, replace(layout, fitted=None)
        if layout.computed is not None:
            self._computed[layout.name] = layout
        return another

    def refuse(self, layout: Layout, sentence: str) -> Layout | None:
        """Say why a layout cannot be, and go back to the one on the map, which is returned."""
        state, drawn = self._state, self._drawn
        self._refused = layout
        state.say(sentence)
        if drawn is not None and state.projection == layout.name != drawn.name:
            state.choose_projection(drawn.name)
        return drawn

    # -- maps that are computed when asked for -----------------------------------------------------------

    def compute(self) -> None:
        """Compute the chosen embedding of the cloud that is on the map; returns at once."""
        state, scene = self._state, self._state.scene
        knobs = self.knobs(state.projection)
        if scene is None or knobs.exact:
            return
        self.cancel()
        before = self._computed.get(state.projection)
        like = before.computed.projection if before is not None and before.computed is not None else None
        fit = Fit(Layout.of(knobs), scene.cloud, like, self._tasks.ring)
        state.say("")
        self._services.under_way.add(fit)
        self.fit = fit
        work = partial(fit.run, self._services.computed)
        self._tasks.send(self._services.fits, "fit", work, partial(self._on_fitted, self._base, fit))

    def cancel(self) -> None:
        """Give the computation up; the map stays as it is."""
        if self.fit is not None:
            self.fit.cancel()
            self._tasks.ring()

    def abandon(self) -> None:
        """Give the computation up when the session ends. Any thread."""
        if self.fit is not None:
            self.fit.cancel()

    def _wanted(self, name: str, base: Base, cloud: Cloud) -> Layout | None:
        """The layout that the choice asks for; None for an embedding that has not been computed."""
        layout = Layout.of(self.knobs(name))
        if self.knobs(name).exact:
            return layout
        known = self._services.computed.get(key(cloud, layout))
        if known is not None:
            return replace(layout, computed=known)
        return self._computed.get(name) if base is self._base else None

    def _on_fitted(self, base: Base | None, fit: Fit, computed: Computed | None) -> None:
        if computed is not None and fit.state is FitState.DONE and base is self._base:
            self._computed[fit.layout.name] = replace(fit.layout, computed=computed)

    def _on_chosen(self, *_: object) -> None:
        self._refused = None

    def _ring(self, *_: object) -> None:
        self._tasks.ring()
