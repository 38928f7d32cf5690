"""A bar for each latent axis: its figures, the place of the picked sample, and a code to move."""

from __future__ import annotations

from typing import Any

import panel as pn
import param
from panel.custom import JSComponent

from explorer.core.datasets import Dataset
from explorer.core.latent.axes import Axes, Start
from explorer.core.scene.decode import Frame
from explorer.core.scene.scene import Scene
from explorer.session import Session
from explorer.views.components.assets import script, styles
from explorer.views.components.binary_channel import BinaryChannel, pack


class AxesPanel(JSComponent):
    """The bars, and the sample that their code decodes to."""

    drawing = param.Dict(default={}, doc="Description of the drawing of one sample.")
    axes = param.Dict(default={}, doc="Figures of each axis, and its range.")
    start = param.Dict(default={}, doc="The code that the bars begin from.")
    note = param.String("", doc="A sentence on what is being measured.")
    frame = param.Bytes(b"", doc="Head, decoded sample and nearest sample of the newest code.")

    _esm = script("inspect/axes")
    _stylesheets = styles("inspect/axes")

    def __init__(self, view: AxesView, **params: Any) -> None:
        self._view = view
        super().__init__(**params)

    def _handle_msg(self, data: dict[str, Any]) -> None:
        self._view.on_message(data)


class AxesView:
    """Made when its tab is opened first; then one message for the figures, and one for each code."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._component: AxesPanel | None = None
        self._ready = False  # a message to a component that is not there yet would be lost
        self._shown = 0
        self._dataset: Dataset | None = None
        self._axes: Axes | None = None
        self._start: Start | None = None
        self.panel = pn.Row(css_classes=["lx-axes"], sizing_mode="stretch_both", margin=0)

    def unfold(self) -> None:
        """Make the bars, if they have not been made: the tab is opened. Idempotent."""
        if self._component is None:
            self._component = AxesPanel(self, sizing_mode="stretch_both", margin=0)
            self._frames = BinaryChannel(self._component, "frame")
            self.panel.objects = [self._component]
            self.refresh()

    def refresh(self) -> None:
        """Send what each axis says and where the bars begin, if that is new; then the newest code."""
        inspecting, scene, bars = self._session.latent_axes, self._session.state.scene, self._component
        if bars is None or scene is None:
            return
        if scene.dataset is not self._dataset:
            self._dataset, self._axes, self._start = scene.dataset, None, None
            bars.param.update(drawing=scene.dataset.drawing.described(), axes={}, start={}, frame=b"")
        if not inspecting.current:
            share = inspecting.progress.read()[1] or 0.0
            bars.note = f"Measuring the axes: {share:.0%} …" if not bars.axes else ""
            return
        new: dict[str, object] = {"note": ""}
        axes, start = inspecting.axes, inspecting.start
        if axes is not None and axes is not self._axes:
            self._axes = axes
            new["axes"] = _axes(axes)
        if start is not None and start is not self._start:
            self._start = start
            new["start"] = _start(scene, start)
        bars.param.update(**new)
        self.refresh_frame()

    def refresh_frame(self) -> None:
        """Send the newest code with what it decodes to, if it has not been sent and is of this map."""
        scene, inspecting = self._session.state.scene, self._session.latent_axes
        version, frame = inspecting.frame.read()
        if frame is None or scene is None or not self._ready or version == self._shown:
            return
        if frame.stamp == scene.key and scene.dataset is self._dataset:
            self._shown = version
            self._frames.send(_packed(scene, frame))

    def on_message(self, data: dict[str, Any]) -> None:
        """Answer a gesture on the bars."""
        inspecting = self._session.latent_axes
        if data["kind"] == "ready":
            self._ready, self._shown = True, 0
            self.refresh_frame()
        elif data["kind"] == "move":
            inspecting.move(int(data["axis"]), float(data["value"]))
        elif data["kind"] == "reset":
            inspecting.reset(None if data["axis"] is None else int(data["axis"]))


def _axes(axes: Axes) -> dict[str, Any]:
    return {
        "sentence": axes.sentence,
        "collapsed": axes.collapsed,
        "order": axes.order.tolist(),
        "low": axes.low.tolist(),
        "high": axes.high.tolist(),
        "variance": axes.variance.tolist(),
        "kl": None if axes.kl is None else axes.kl.tolist(),
        "active": None if axes.active is None else axes.active.tolist(),
    }


def _start(scene: Scene, start: Start) -> dict[str, Any]:
    if start.index is None:
        name = "the mean code of all samples; click the map to pick one"
    else:
        name = f"sample #{start.index}"
        if scene.cloud.labels is not None:
            name += f" ({scene.dataset.classes[int(scene.cloud.labels[start.index])]})"
    return {
        "name": name,
        "picked": start.index is not None,
        "code": start.code.tolist(),
        "spread": None if start.spread is None else start.spread.tolist(),
        "kl": None if start.kl is None else start.kl.tolist(),
    }


def _packed(scene: Scene, frame: Frame) -> bytes:
    dataset, nearest = scene.dataset, frame.nearest
    label = None
    if nearest is not None and scene.cloud.labels is not None:
        label = dataset.classes[int(scene.cloud.labels[nearest])]
    head = {
        "code": frame.code.tolist(),
        "support": frame.support,
        "nearest": nearest,
        "distance": frame.distance,
        "label": label,
    }
    to_bytes = dataset.drawing.to_bytes
    return pack(head, to_bytes(frame.sample) + (b"" if nearest is None else to_bytes(dataset.x[nearest])))
