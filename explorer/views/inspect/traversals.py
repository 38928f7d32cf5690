"""A grid of decoded samples: axes down, quantiles across."""

from __future__ import annotations

from typing import Any

import panel as pn
import param
from panel.custom import JSComponent

from explorer.core.latent.axes import LEVELS, Axes
from explorer.core.latent.traversal import Traversal
from explorer.core.scene.scene import Scene
from explorer.session import Session
from explorer.views.components.assets import script, styles
from explorer.views.components.binary_channel import pack


class TraversalsPanel(JSComponent):
    """The grid; a cell that is pressed becomes the code that is looked at."""

    drawing = param.Dict(default={}, doc="Description of the drawing of one sample.")
    every = param.Boolean(False, doc="True where all axes are shown.")
    grid = param.Bytes(b"", doc="Head and raw samples, row by row; empty while they are being made.")

    _esm = script("inspect/traversals")
    _stylesheets = styles("inspect/traversals")

    def __init__(self, view: TraversalsView, **params: Any) -> None:
        self._view = view
        super().__init__(**params)

    def _handle_msg(self, data: dict[str, Any]) -> None:
        self._view.on_message(data)


class TraversalsView:
    """Made when its tab is opened first; then one message for each grid."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._grid: TraversalsPanel | None = None
        self._shown: tuple[Traversal | None, object] = (None, None)
        self.panel = pn.Row(css_classes=["lx-traversals"], sizing_mode="stretch_both", margin=0)

    def unfold(self) -> None:
        """Make the grid, if it has not been made: the tab is opened. Idempotent."""
        if self._grid is None:
            self._grid = TraversalsPanel(self, sizing_mode="stretch_both", margin=0)
            self.panel.objects = [self._grid]
            self.refresh()

    def refresh(self) -> None:
        """Send the newest grid, if it is of the data on the map and has not been sent."""
        inspecting, scene, panel = self._session.latent_axes, self._session.state.scene, self._grid
        if panel is None or scene is None:
            return
        traversal, axes, dataset = inspecting.traversal, inspecting.axes, scene.dataset
        if dataset is not self._shown[1]:
            self._shown = (traversal, dataset)  # what is there is of the former data
            panel.param.update(drawing=dataset.drawing.described(), grid=b"")
        elif traversal is None or axes is None or not inspecting.current:
            return
        elif traversal is not self._shown[0]:
            self._shown = (traversal, dataset)
            panel.param.update(every=inspecting.every, grid=_packed(scene, axes, traversal))

    def on_message(self, data: dict[str, Any]) -> None:
        """Answer a gesture in the grid."""
        if data["kind"] == "take":
            self._session.latent_axes.take(int(data["row"]), int(data["column"]))
        elif data["kind"] == "every":
            self._session.latent_axes.every = bool(data["every"])


def _packed(scene: Scene, axes: Axes, traversal: Traversal) -> bytes:
    start = traversal.start
    held = "the mean code of all samples" if start.index is None else f"sample #{start.index}"
    across = (
        "quantiles of the prior, N(0, 1)"
        if axes.normal
        else "quantiles of the codes along each axis (this model has no normal prior)"
    )
    if axes.sphere:
        across += "; the other coordinates are scaled, so that every code stays on the sphere"
    head = {
        "sentence": f"Each row moves one axis, the others stay at {held}. Across: {across}.",
        "warning": axes.sentence if axes.collapsed else "",
        "axes": traversal.axes.tolist(),
        "of": axes.latent,
        "active": None if axes.active is None else axes.active[traversal.axes].tolist(),
        "levels": list(LEVELS),
        "normal": axes.normal,
        "values": traversal.values.tolist(),
    }
    to_bytes = scene.dataset.drawing.to_bytes
    return pack(head, b"".join(to_bytes(sample) for row in traversal.samples for sample in row))
