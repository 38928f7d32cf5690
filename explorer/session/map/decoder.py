"""Decode the place under the cursor, and pick the sample at a place."""

from __future__ import annotations

from functools import partial

import numpy as np
import param
from jaxtyping import Float32

from explorer.core.datasets import Dataset
from explorer.core.scene.decode import Frame, FrameRequest, make_frame
from explorer.core.scene.pick import Picked, nearest_on_plane, pick
from explorer.runtime.concurrency.published import Published
from explorer.services import Services
from explorer.session.map.hold import FRONT, PICKED, Hold
from explorer.session.map.view import MapView
from explorer.session.state import State
from explorer.session.tasks import FRAME, Tasks


class Decoder:
    """Decodes the place under the cursor each time that the cursor moves, or what is decoded there changes.

    Attributes
    ----------
    frame
        The newest decoded sample.
    """

    def __init__(self, state: State, tasks: Tasks, services: Services, hold: Hold, view: MapView) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self._hold, self._view = hold, view
        self.frame: Published[Frame] = Published()
        state.param.watch(self._on_cursor, "cursor")
        state.param.watch(self._on_picked, "picked")
        state.param.watch(self._on_changed, ["scene", "passing"])
        state.param.watch(self._on_front, "front")
        hold.param.watch(self._on_changed, ["hold", "ready"])

    def decode(self) -> None:
        """Decode the place under the cursor; returns at once."""
        state = self._state
        shown, cursor = state.scene, state.cursor
        if shown is None or cursor is None:
            return
        scene = state.passing or shown
        xy = (float(cursor[0]), float(cursor[1]))
        seen = self.seen_at(xy)
        point = None if seen is None else (seen, scene.cloud.mean[seen])
        request = FrameRequest(self._tasks.token, xy, shown.key, point)
        lift = self._hold.lift(scene)
        work = partial(make_frame, request, scene.model, scene.projection, scene.neighbours, lift)
        self._tasks.send_straight(self._services.frames, "frame", work, self.publish)

    def publish(self, frame: Frame) -> None:
        """Show a decoded sample as the one under the cursor. Any thread."""
        self.frame.post(frame)
        self._tasks.ring_channel(FRAME)

    # -- what is at a place ------------------------------------------------------------------------------

    def seen_at(self, xy: tuple[float, float]) -> int | None:
        """Return the front-most sample at a place of a map with depth; None for no sample, or no depth."""
        image, scene = self._view.image.read()[1], self._state.scene
        if image is None or image.front is None or scene is None or image.scene != scene.key:
            return None
        if self._hold.hold != FRONT:
            return None  # the cursor is on a plane that lies in the cloud
        return image.front.under(xy)

    def code_at(self, xy: tuple[float, float]) -> Float32[np.ndarray, " latent"] | None:
        """Return the code of a place of the map; None before there is a map."""
        scene = self._state.scene
        if scene is None:
            return None
        seen = self.seen_at(xy)
        if seen is not None:
            code: np.ndarray = scene.cloud.mean[seen]
            return code
        lifted = self._hold.lift(scene).at(scene.projection, np.array([xy], dtype=np.float64))
        return lifted.code.astype(np.float32)

    def pick(self, xy: tuple[float, float]) -> None:
        """Pick the visible sample that is drawn nearest to a place of the plane."""
        scene = self._state.scene
        if scene is not None:
            seen = self.seen_at(xy)
            self.pick_index(nearest_on_plane(scene, xy, self._state.visible) if seen is None else seen)

    def pick_index(self, index: int) -> None:
        """Pick the sample of that index, training split first."""
        scene = self._state.scene
        if scene is not None:
            done = partial(self._on_pick, scene.dataset)
            self._tasks.send(self._services.frames, "picked", partial(pick, scene, index), done)

    def pick_again(self) -> None:
        """Reconstruct the picked sample by the model that has come on the map."""
        if self._state.picked is not None:
            self.pick_index(self._state.picked.index)

    def _on_pick(self, dataset: Dataset, picked: Picked) -> None:
        scene = self._state.scene
        if scene is not None and scene.dataset is dataset:
            self._state.pick(picked)

    def _on_cursor(self, event: param.parameterized.Event) -> None:
        self.decode()
        if event.old is None:
            self._tasks.ring()  # neighbours are wanted from now on

    def _on_picked(self, *_: object) -> None:
        if self._hold.hold == PICKED:
            self.decode()

    def _on_front(self, *_: object) -> None:
        if self._state.front is not None:
            self.decode()  # seen closer, or with every pixel, another sample may be under the cursor

    def _on_changed(self, *_: object) -> None:
        self.decode()
