"""The decoded sample at the cursor, the figures of that place, and the picked sample."""

from __future__ import annotations

import param
from panel.custom import JSComponent

from explorer.core.datasets import Dataset
from explorer.core.scene.decode import Frame
from explorer.core.scene.pick import Picked
from explorer.core.scene.scene import Scene
from explorer.session import Session
from explorer.views.components.assets import script, styles
from explorer.views.components.binary_channel import BinaryChannel, pack


class SamplePanel(JSComponent):
    """Draws the frames under the cursor and the picked sample, each from a binary channel."""

    frame = param.Bytes(b"", doc="Head and raw sample of the newest frame.")
    picked = param.Bytes(b"", doc="Head, original and reconstruction of the picked sample.")
    drawing = param.Dict(default={}, doc="Description of the drawing of one sample.")

    _esm = script("inspect/sample")
    _stylesheets = styles("inspect/sample")


class SampleView:
    """Sends frames and the picked sample of a session to its panel."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._shown = 0
        self._picked: Picked | None = None
        self._dataset: Dataset | None = None
        self.panel = SamplePanel(sizing_mode="stretch_width", margin=0)
        self._frames = BinaryChannel(self.panel, "frame")

    def refresh(self) -> None:
        """Send the newest frame and the newest pick, each once, if they are of the scene on the map."""
        scene = self._session.state.scene
        if scene is None:
            return
        if scene.dataset is not self._dataset:
            self._dataset = scene.dataset
            self._frames.send(b"")  # no frame of the former data may come after the new way of drawing
            self.panel.param.update(drawing=scene.dataset.drawing.described(), picked=b"")
        self.refresh_frame()
        picked = self._session.state.picked
        if picked is not self._picked:
            self._picked = picked
            self.panel.picked = b"" if picked is None else _packed_pick(scene, picked)

    def refresh_frame(self) -> None:
        """Send the newest frame alone, if it has not been sent: this touches no model of the document."""
        scene = self._session.state.scene
        version, frame = self._session.decoder.frame.read()
        if scene is None or frame is None or version == self._shown or scene.dataset is not self._dataset:
            return
        self._shown = version
        if frame.stamp == scene.key:
            self._frames.send(_packed_frame(scene, frame, self._session.timeline.epoch))


def _packed_frame(scene: Scene, frame: Frame, epoch: int | None = None) -> bytes:
    classes = scene.dataset.classes
    predicted = None if frame.predicted is None else [classes[frame.predicted[0]], float(frame.predicted[1])]
    label = None
    if frame.nearest is not None and scene.cloud.labels is not None:
        label = classes[int(scene.cloud.labels[frame.nearest])]
    head = {
        "x": frame.xy[0],
        "y": frame.xy[1],
        "code": [float(value) for value in frame.code],
        "support": frame.support,
        "nearest": frame.nearest,
        "label": label,
        "distance": frame.distance,
        "predicted": predicted,
        "how": frame.how if epoch is None else f"{frame.how}; epoch {epoch}",
        "error": frame.error,
    }
    drawing, shown = scene.dataset.drawing, [frame.sample]
    if drawing.kind == "profile" and frame.nearest is not None:
        shown.append(scene.dataset.x[frame.nearest])  # the real row beside the decoded one
    return pack(head, b"".join(map(drawing.to_bytes, shown)))


def _packed_pick(scene: Scene, picked: Picked) -> bytes:
    head = {
        "index": picked.index,
        "label": picked.label,
        "split": picked.split,
        "error": picked.error,
        "convention": picked.convention,
    }
    to_bytes = scene.dataset.drawing.to_bytes
    return pack(head, to_bytes(picked.original) + to_bytes(picked.reconstruction))
