"""The strip of pinned samples."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param
from panel.custom import JSComponent

from explorer.core.errors import SHOWN
from explorer.session import Session
from explorer.views.components.assets import script, styles
from explorer.views.components.binary_channel import pack
from explorer.views.components.widgets import button


class PinStrip(JSComponent):
    """Draws the pinned samples side by side; each can be removed, or shown on the map."""

    pins = param.Bytes(b"", doc="Numbers and raw samples of the pins.")
    drawing = param.Dict(default={}, doc="Description of the drawing of one sample.")

    _esm = script("inspect/pinned")
    _stylesheets = styles("inspect/pinned")

    def __init__(self, session: Session, **params: Any) -> None:
        self._session = session
        super().__init__(**params)

    def _handle_msg(self, data: dict[str, Any]) -> None:
        if data["kind"] == "remove":
            self._session.pins.remove(int(data["number"]))


class Pinned:
    """Pins of a session, with the tool that makes them and the commands for all of them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._shown: tuple[Any, ...] | None = None
        self.panel = pn.Column(sizing_mode="stretch_width", margin=0)
        self._strip: PinStrip | None = None

    def unfold(self) -> None:
        """Make the strip and its buttons, if they have not been made. Idempotent."""
        if self._strip is not None:
            return
        pinning = self._session.pins
        self._strip = PinStrip(self._session, sizing_mode="stretch_width", margin=(0, 10))
        generate = pmui.Switch.from_param(
            pinning.param.tool, label="Generate: a click on the map pins", css_classes=["lx-generate"]
        )
        clear = button(
            "Remove all",
            "lx-pins-clear",
            "Take every pin off the map; Ctrl+Z brings them back.",
            pinning.clear,
        )
        look = {"size": "small", "margin": (4, 4)}
        table = pmui.FileDownload(
            callback=self._csv,
            filename="pins.csv",
            label="Codes (.csv)",
            css_classes=["lx-pins-csv"],
            **look,
        )
        arrays = pmui.FileDownload(
            callback=self._npz,
            filename="pins.npz",
            label="Codes and samples (.npz)",
            css_classes=["lx-pins-npz"],
            **look,
        )
        self._all = [clear, table, arrays]
        self.refresh()  # first, so that the page gets it complete
        self.panel.objects = [pn.FlexBox(generate, clear, table, arrays), self._strip]

    def refresh(self) -> None:
        """Show the pins that there are."""
        session = self._session
        pins, scene = session.pins.pins, session.state.scene
        if self._strip is None or scene is None or (pins, scene.dataset) == self._shown:
            return
        self._shown = (pins, scene.dataset)
        to_bytes = scene.dataset.drawing.to_bytes
        head = {"numbers": [pin.number for pin in pins]}
        self._strip.param.update(
            drawing=scene.dataset.drawing.described(),
            pins=pack(head, b"".join(to_bytes(pin.sample) for pin in pins)),
        )
        for widget in self._all:
            widget.disabled = not pins

    def _csv(self) -> io.StringIO | None:
        try:
            return io.StringIO(self._session.pins.table().to_csv(index=False))
        except SHOWN as error:
            self._session.state.say(str(error))
            return None

    def _npz(self) -> io.BytesIO | None:
        pinning, file = self._session.pins, io.BytesIO()
        try:
            np.savez_compressed(file, codes=pinning.codes(), samples=pinning.samples())
        except SHOWN as error:
            self._session.state.say(str(error))
            return None
        file.seek(0)
        return file
