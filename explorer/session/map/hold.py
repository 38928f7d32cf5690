"""The part of a decoded code off the plane of the map, and the way from a place to its code."""

from __future__ import annotations

from functools import partial

import numpy as np
import param

from explorer.core.latent.cloud import Cloud
from explorer.core.scene.inversion import Formula, Guess, Lift, Through
from explorer.core.scene.scene import Scene
from explorer.services import Services
from explorer.session.state import State
from explorer.session.tasks import Tasks

FRONT, NEAREST, MEAN, ZERO, PICKED = "point in front", "nearest", "mean", "zero", "picked"
_HOLDS = {
    "pca": (NEAREST, MEAN, ZERO, PICKED),
    "slice": (ZERO, MEAN, PICKED),
    "rotation": (FRONT, PICKED, MEAN, ZERO),
}


class Hold(param.Parameterized):
    """Chooses what is held off the plane, and gives the way from a place of the map to its code."""

    hold: param.Selector[str] = param.Selector(
        default=MEAN,
        objects=[MEAN],
        doc="What the decoded code takes from, off the plane of the map: the sample drawn nearest to the "
        "cursor, the cloud's mean, the origin, or the picked sample. In space, front: the "
        "sample that is seen at the cursor itself.",
    )
    ready = param.Parameter(None, doc="Key of a scene and its way back, as far as that is prepared.")

    def __init__(self, state: State, tasks: Tasks, services: Services) -> None:
        super().__init__()
        self._state, self._tasks, self._services = state, tasks, services
        self._holds: dict[str, str] = {}
        self._mean: tuple[Cloud, np.ndarray] | None = None

    @property
    def guess(self) -> Guess | None:
        """The guess of the embedding's inverse on the map; None for a formula, or not yet."""
        scene, ready = self._state.scene, self.ready
        if scene is None or ready is None or ready[0] != scene.key:
            return None
        return ready[1] if isinstance(ready[1], Guess) else None

    def lift(self, scene: Scene) -> Lift:
        """Return the way from a place of the map to the code that is decoded there."""
        ready: Lift | None = self.ready[1] if self.ready is not None and self.ready[0] == scene.key else None
        if not scene.projection.exact:
            return ready or Formula()
        if not holds(scene):
            return Formula()
        if self.hold == NEAREST and ready is not None:
            return ready
        if self.hold == ZERO:
            return Through(np.zeros(scene.cloud.latent), "the origin")
        picked = self._state.picked
        if self.hold == PICKED and picked is not None:
            return Through(scene.cloud.mean[picked.index], f"sample #{picked.index}")
        return Through(self._centre(scene.cloud), "the cloud's mean")

    def suit(self, scene: Scene) -> None:
        """Offer what can be held on a scene that has come on the map, and have its way back prepared."""
        names = list(holds(scene)) or [MEAN]
        with param.parameterized.batch_call_watchers(self):
            self.param.hold.objects = names
            held = self._holds.get(str(scene.projection.name))
            self.hold = held if held in names else names[0]
        self._prepare()  # also where that is what it was

    @param.depends("hold", watch=True)
    def _prepare(self) -> None:
        scene = self._state.scene
        if scene is None:
            return
        self._holds[str(scene.projection.name)] = str(self.hold)
        if not scene.projection.exact or (holds(scene) and self.hold == NEAREST):
            work = partial(self._services.lift, scene)
            done = partial(self._on_prepared, scene.key)
            self._tasks.send(self._services.neighbours, "lift", work, done)

    def _on_prepared(self, scene_key: int, lift: Lift) -> None:
        self.ready = (scene_key, lift)

    def _centre(self, cloud: Cloud) -> np.ndarray:
        if self._mean is None or self._mean[0] is not cloud:
            self._mean = cloud, cloud.mean.mean(axis=0, dtype=np.float64)
        return self._mean[1]


def holds(scene: Scene) -> tuple[str, ...]:
    """Return what can be held off the plane of a scene's map, the default first; nothing, where it is all."""
    name = scene.projection.name
    return _HOLDS.get(str(name), ()) if scene.cloud.latent > 2 else ()
