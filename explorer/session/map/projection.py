"""How a session lays its map out: knobs, maps that are computed when asked for, and what is held."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import param

from explorer.core import projections
from explorer.core.datasets import Dataset
from explorer.core.latent.cloud import Cloud
from explorer.core.projections import Projection, Turning
from explorer.core.projections.layout import Layout, shown_knobs
from explorer.core.scene.inversion import Formula, Guess, Lift, Through
from explorer.core.scene.scene import Scene
from explorer.runtime.base_models import Base
from explorer.runtime.projection_fit import Fit, FitState, key
from explorer.runtime.run import Snapshot
from models import Autoencoder

if TYPE_CHECKING:
    from explorer.session.session import Session

FRONT, NEAREST, MEAN, ZERO, PICKED = "point in front", "nearest", "mean", "zero", "picked"
_HOLDS = {
    "pca": (NEAREST, MEAN, ZERO, PICKED),
    "slice": (ZERO, MEAN, PICKED),
    "rotation": (FRONT, PICKED, MEAN, ZERO),
}


class Mapping(param.Parameterized):
    """Says what the chosen projection means for a cloud, and computes the maps that take long.

    A projection with a formula is laid out at once, by `Session`, whenever it is chosen, its knobs
    change or the cloud does. An embedding is computed only by `compute`. Until then what is on the map
    stays, and so it does when the computation fails or is cancelled. When the cloud moves on in a
    training, the embedding is kept: it is a map of latent space itself, on which the new codes are
    placed, while its neighbourhoods are those of the cloud that it was computed for.
    """

    hold = param.Selector(
        default=MEAN,
        objects=[MEAN],
        doc="What the decoded code takes from, off the plane of the map: the sample drawn nearest to the "
        "cursor, the cloud's mean, the origin, or the picked sample. In space, front: the "
        "sample that is seen at the cursor itself.",
    )
    fit = param.ClassSelector(class_=Fit, doc="The latest computation; None before the first.")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._knobs: dict[str, Projection] = {}
        self._drawn: Layout | None = None
        self._refused: Layout | None = None
        self._base: Base | None = None  # whose codes are on the map
        self._computed: dict[str, Layout] = {}  # the latest embeddings of those codes, by name
        self._holds: dict[str, str] = {}
        self._ready: tuple[int, Lift] | None = None
        self._mean: tuple[Cloud, np.ndarray] | None = None
        session.param.watch(self._chosen, "projection")
        session.param.watch(self._picked, "picked")

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
        """How what is on the map was laid out; None before there is one."""
        return self._drawn

    @property
    def stale(self) -> bool:
        """Whether the embedding on the map was computed for an earlier state of the cloud."""
        scene, drawn = self._session.scene, self._drawn
        return bool(scene and drawn and drawn.computed and not drawn.computed.of(scene.cloud))

    @property
    def complete(self) -> bool:
        """Whether the map shows the chosen projection, with its knobs, of this very cloud."""
        if self._drawn is None or self.stale:
            return False
        return replace(self._drawn, computed=None) == Layout.of(self.knobs(self._session.projection))

    def layout(self, base: Base, snapshot: Snapshot) -> Layout:
        """Return how the codes of a base are to be laid out now."""
        offered, name = self.offered(snapshot.model), self._session.projection
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
        scene, drawn = self._session.scene, self._drawn
        if scene is None or drawn is None or scene.dataset is not dataset:
            return None
        if drawn.name == layout.name and drawn.knobs != layout.knobs:
            # Other axes are asked for: to lay them as the former ones lay would undo that.
            return scene.projection if isinstance(scene.projection, Turning) else None
        return projections.plain(scene.projection)

    def took(self, base: Base, layout: Layout, scene: Scene) -> None:
        """Show a scene that was laid out, unless another choice has been made since."""
        session = self._session
        if session.laid_out is None or session.laid_out[1] != layout or not session.expects(base):
            return
        elsewhere = base is not self._base
        if elsewhere:
            self.cancel()
            self._computed = {}
        self._base, self._drawn = base, replace(layout, fitted=None)
        if layout.computed is not None:
            self._computed[layout.name] = layout
        session.show(base, scene)
        if elsewhere:
            session.projection = layout.name

    def refused(self, layout: Layout, sentence: str) -> None:
        """Leave the map as it is: it cannot be laid out so."""
        session, drawn = self._session, self._drawn
        self._refused = layout
        session.error = sentence
        if drawn is not None and session.projection == layout.name != drawn.name:
            session.projection = drawn.name
        snapshot = session.laid_out[0] if session.laid_out is not None else None
        if snapshot is not None and session.scene is not None and session.scene.cloud is snapshot.cloud:
            session.laid_out = (snapshot, drawn)  # it is there already

    # -- maps that are computed when asked for -----------------------------------------------------------

    def compute(self) -> None:
        """Compute the chosen embedding of the cloud that is on the map; returns at once."""
        session, scene = self._session, self._session.scene
        knobs = self.knobs(session.projection)
        if scene is None or knobs.exact:
            return
        self.cancel()
        before = self._computed.get(session.projection)
        like = before.computed.projection if before is not None and before.computed is not None else None
        fit = Fit(Layout.of(knobs), scene.cloud, like, session.errands.ring)
        session.error = ""
        session.services.under_way.add(fit)
        self.fit = fit
        work = partial(fit.run, session.services.computed)
        session.errands.send(session.services.fits, "fit", work, partial(self._fitted, self._base, fit))

    def cancel(self) -> None:
        """Give the computation up; the map stays as it is."""
        if self.fit is not None:
            self.fit.cancel()
            self._session.errands.ring()

    def abandon(self) -> None:
        """Give it up with nobody left to see it. Any thread."""
        if self.fit is not None:
            self.fit.cancel()

    # -- what is held under the cursor -------------------------------------------------------------------

    @property
    def guess(self) -> Guess | None:
        """What is known of the inverse of the embedding on the map; None for a formula, or not yet."""
        scene, ready = self._session.scene, self._ready
        if scene is None or ready is None or ready[0] != scene.key:
            return None
        return ready[1] if isinstance(ready[1], Guess) else None

    def lift(self, scene: Scene) -> Lift:
        """Return the way from a place of the map to the code that is decoded there."""
        ready = self._ready[1] if self._ready is not None and self._ready[0] == scene.key else None
        if not scene.projection.exact:
            return ready or Formula()
        if not holds(scene):
            return Formula()
        if self.hold == NEAREST and ready is not None:
            return ready
        if self.hold == ZERO:
            return Through(np.zeros(scene.cloud.latent), "the origin")
        picked = self._session.picked
        if self.hold == PICKED and picked is not None:
            return Through(scene.cloud.mean[picked.index], f"sample #{picked.index}")
        return Through(self._centre(scene.cloud), "the cloud's mean")

    def suit(self, scene: Scene) -> None:
        """Offer what can be held on a scene that has come on the map, and have its way back prepared."""
        names = list(holds(scene)) or [MEAN]
        with param.parameterized.batch_call_watchers(self):
            self.param.hold.objects = names
            held = self._holds.get(scene.projection.name)
            self.hold = held if held in names else names[0]
        self._hold()  # also where that is what it was

    @param.depends("hold", watch=True)
    def _hold(self) -> None:
        session, scene = self._session, self._session.scene
        if scene is None:
            return
        self._holds[scene.projection.name] = self.hold
        if not scene.projection.exact or (holds(scene) and self.hold == NEAREST):
            work = partial(session.services.lift, scene)
            done = partial(self._prepared, scene.key)
            session.errands.send(session.services.neighbours, "lift", work, done)
        session.decode()

    def _prepared(self, scene_key: int, lift: Lift) -> None:
        self._ready = (scene_key, lift)
        self._session.decode()

    def _picked(self, *_: object) -> None:
        if self.hold == PICKED:
            self._session.decode()

    def _centre(self, cloud: Cloud) -> np.ndarray:
        if self._mean is None or self._mean[0] is not cloud:
            self._mean = cloud, cloud.mean.mean(axis=0, dtype=np.float64)
        return self._mean[1]

    # --------------------------------------------------------------------------------------------------

    def _wanted(self, name: str, base: Base, cloud: Cloud) -> Layout | None:
        """The layout that the choice asks for; None for an embedding that has not been computed."""
        layout = Layout.of(self.knobs(name))
        if self.knobs(name).exact:
            return layout
        known = self._session.services.computed.get(key(cloud, layout))
        if known is not None:
            return replace(layout, computed=known)
        return self._computed.get(name) if base is self._base else None

    def _fitted(self, base: Base | None, fit: Fit, computed: object) -> None:
        if computed is not None and fit.state is FitState.DONE and base is self._base:
            self._computed[fit.layout.name] = replace(fit.layout, computed=computed)

    def _chosen(self, *_: object) -> None:
        self._refused = None

    def _ring(self, *_: object) -> None:
        self._session.errands.ring()


def holds(scene: Scene) -> tuple[str, ...]:
    """Return what can be held off the plane of a scene's map, the default first; nothing, where it is all."""
    name = scene.projection.name
    return _HOLDS.get(name, ()) if scene.cloud.latent > 2 else ()
