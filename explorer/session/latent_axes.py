"""The axes of the latent space: a code that is moved along them, and traversals."""

from __future__ import annotations

from functools import partial

import numpy as np
import param

from explorer.core.errors import Cancelled
from explorer.core.latent.axes import Axes, Start, measure, moved, start
from explorer.core.latent.cloud import Cloud
from explorer.core.latent.traversal import MOST_ACTIVE, Traversal, traverse
from explorer.core.scene.decode import Frame
from explorer.core.scene.probing import probe
from explorer.core.scene.scene import Scene
from explorer.runtime.concurrency.published import Published
from explorer.services import Services
from explorer.session.map.decoder import Decoder
from explorer.session.state import State
from explorer.session.tasks import CODE, Tasks


class LatentAxes(param.Parameterized):
    """The axes of the cloud on the map, a code that begins at the picked sample's, and what it decodes to.

    All of it is computed only while it is `shown`, and follows the map and the pick then.

    Attributes
    ----------
    frame
        The newest decoded `code`; its stamp is the key of the scene.
    progress
        The share of the axes' figures that is done, while they are being made.
    """

    shown: param.Selector[str] = param.Selector(
        default="", objects=["", "axes", "traversals"], doc="What is looked at; nothing is computed for ''."
    )
    every = param.Boolean(False, doc=f"Traverse every axis, not only the {MOST_ACTIVE} that say most.")
    axes = param.ClassSelector(class_=Axes, doc="What each axis says about the samples on the map.")
    start = param.ClassSelector(class_=Start, doc="The code that a reset goes back to.")
    code = param.Array(None, allow_None=True, doc="The code that is decoded, in latent units.")
    traversal = param.ClassSelector(class_=Traversal, doc="The grid of decoded samples.")

    def __init__(self, state: State, tasks: Tasks, services: Services, decoder: Decoder) -> None:
        super().__init__()
        self._state, self._tasks, self._services = state, tasks, services
        self._decoder = decoder
        self.frame: Published[Frame] = Published()
        self.progress: Published[float] = Published()
        self._cloud: Cloud | None = None  # whose axes are measured, or being measured
        self._scene: Scene | None = None  # of the axes
        self._traversed: tuple[object, ...] = ()
        state.param.watch(self._follow, ["scene", "picked"])
        self.param.watch(self._follow, ["shown", "every"])

    @property
    def current(self) -> bool:
        """True where `axes`, `start` and `code` are of the codes that are on the map."""
        scene = self._state.scene
        return scene is not None and self._scene is not None and self._scene.cloud is scene.cloud

    # -- gestures ----------------------------------------------------------------------------------------

    def move(self, axis: int, value: float) -> None:
        """Move the code along one axis; on a sphere it stays on it."""
        if (
            self.axes is None
            or self.code is None
            or not (0 <= axis < self.axes.latent and np.isfinite(value))
        ):
            return
        self.code = moved(self.code, axis, value, self.axes.sphere)
        self._decode()

    def reset(self, axis: int | None = None) -> None:
        """Go back to where the code began, along one axis or along all."""
        if self.start is None:
            return
        if axis is None:
            self.code = self.start.code
            self._decode()
        elif 0 <= axis < len(self.start.code):
            self.move(axis, float(self.start.code[axis]))

    def take(self, row: int, column: int) -> None:
        """Make a cell of the traversal the code, and show it as if the cursor were at it."""
        grid = self.traversal
        if grid is None or not (0 <= row < grid.values.shape[0] and 0 <= column < grid.values.shape[1]):
            return
        self.code = grid.codes[row, column]
        self._decode(also_under_cursor=True)

    def abandon(self) -> None:
        """Give up what is being measured when the session ends. Any thread."""
        self._cloud = None

    # -- following ---------------------------------------------------------------------------------------

    def _follow(self, *_: object) -> None:
        scene = self._state.scene
        if not self.shown or scene is None:
            return
        if scene.cloud is not self._cloud:
            self._cloud = scene.cloud
            work = partial(self._measure, scene.cloud, scene)
            self._tasks.send(self._services.extras, "axes", work, partial(self._on_measured, scene))
        elif self.axes is not None and self._scene is not None and self._scene.cloud is scene.cloud:
            self._begin(scene)

    def _measure(self, cloud: Cloud, scene: Scene) -> Axes | None:
        def told(share: float) -> None:
            self.progress.post(share)
            self._tasks.ring()

        try:
            return measure(cloud, scene.model, progress=told, stop=lambda: self._cloud is not cloud)
        except Cancelled:
            return None  # another cloud has come meanwhile

    def _on_measured(self, scene: Scene, axes: Axes | None) -> None:
        now = self._state.scene
        if axes is None or now is None or now.cloud is not scene.cloud:
            return
        before = self._scene
        # Codes of another model mean nothing here; of one that trains, they do.
        if before is None or before.dataset is not scene.dataset or before.model.config != scene.model.config:
            self.start = None
        self.axes = axes
        self._begin(now)

    def _begin(self, scene: Scene) -> None:
        picked = self._state.picked
        index = None if picked is None or picked.index >= len(scene.cloud) else picked.index
        assert self.axes is not None
        before = self.start
        stays = before is not None and before.index == index
        if not stays or self._scene is None or self._scene.cloud is not scene.cloud:
            begun = self.start = start(self.axes, scene.cloud, index)
            # While a model trains its sample moves, and the bars with it, unless a hand has moved them.
            at_start = self.code is not None and before is not None and np.array_equal(self.code, before.code)
            if at_start or not stays:
                self.code = begun.code
        fresh, self._scene = self._scene is not scene, scene
        newest = self.frame.read()[1]
        if self.shown == "axes" and (fresh or newest is None or newest.code is not self.code):
            self._decode()
        if self.shown == "traversals":
            self._traverse(scene)
        self._tasks.ring()  # a tab that is opened again begins without a worker that would

    def _traverse(self, scene: Scene) -> None:
        wanted = (self.start, self.every)
        if wanted == self._traversed:
            return
        self._traversed = wanted
        assert self.axes is not None
        assert self.start is not None
        rows = None if self.every else MOST_ACTIVE

        def outdated() -> bool:
            return self._traversed is not wanted

        work = partial(_tried, partial(traverse, scene.model, self.axes, self.start, rows, stop=outdated))
        done = partial(self._on_traversed, wanted)
        self._tasks.send(self._services.extras, "traversal", work, done)

    def _on_traversed(self, wanted: tuple[object, ...], traversal: Traversal | None) -> None:
        if traversal is not None and wanted is self._traversed:
            self.traversal = traversal

    def _decode(self, *, also_under_cursor: bool = False) -> None:
        scene = self._state.scene
        if scene is None or self.code is None or len(self.code) != scene.cloud.latent:
            return
        work = partial(probe, scene, self.code)
        name, done = ("cell", self._on_decoded_cell) if also_under_cursor else ("code", self._on_decoded)
        self._tasks.send_straight(self._services.frames, name, work, done)

    def _on_decoded(self, frame: Frame) -> None:
        self.frame.post(frame)
        self._tasks.ring_channel(CODE)

    def _on_decoded_cell(self, frame: Frame) -> None:
        self._decoder.publish(frame)
        self._on_decoded(frame)


def _tried(work: partial[Traversal]) -> Traversal | None:
    try:
        return work()
    except Cancelled:
        return None
