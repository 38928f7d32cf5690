"""The map: a HoloViews figure whose pixels have a channel of their own."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import holoviews as hv
import holoviews.plotting.bokeh  # registers the backend
import numpy as np
import panel as pn
import panel_material_ui as pmui
import param
from bokeh.events import MouseMove
from panel.custom import JSComponent

from explorer.core.errors import SHOWN
from explorer.core.rendering.painter import MapImage
from explorer.core.rendering.palette import BACKGROUND, INK
from explorer.core.scene.viewport import Viewport
from explorer.core.selection.brush import Box, Lasso
from explorer.session import Session
from explorer.views.components.assets import script
from explorer.views.components.binary_channel import BinaryChannel, pack
from explorer.views.map.map_figure import FigureSetup
from explorer.views.map.marks import ellipse, mark, pins
from explorer.views.panel_internals import release_plots

# Not `hv.extension`: in a notebook it would fetch its scripts from the web. The page loads them all.
hv.Store.set_current_backend("bokeh")


_CLICKS = (hv.streams.Tap, hv.streams.PressUp, hv.streams.DoubleTap)


class MapChannel(JSComponent):
    """Carries pixels to the figure, and brings back ranges and gestures that Bokeh has no event for."""

    plot = param.String(doc="Name of the Bokeh plot that is painted.")
    pixels = param.Bytes(b"", doc="Head and compressed pixels of the newest map.")
    mark = param.List(
        default=[], doc="Plane position of the picked sample, [x, y]; empty where it is not seen."
    )
    ellipse = param.List(
        default=[],
        doc="Lines around the picked sample's posterior, [xs, ys] each; empty where it is not seen.",
    )
    pins = param.List(default=[], doc="Plane position and number of each pinned sample, [x, y, number].")
    turns = param.Boolean(False, doc="True where a drag turns the map.")
    jump = param.List(default=[], doc="A number, and the ranges to go to by itself; none for everything.")
    probe = param.Boolean(False, doc="True where one finger moves the cursor rather than the map.")

    _esm = script("map/latent_map")

    def __init__(self, session: Session, **params: Any) -> None:
        self._session, self.held = session, False  # held: whether a hand is dragging the map
        super().__init__(**params)

    def _handle_msg(self, data: dict[str, Any]) -> None:
        session = self._session
        if data["kind"] == "view":
            try:
                x, y = (data["x0"], data["x1"]), (data["y0"], data["y1"])
                viewport = Viewport.of_ranges(x, y, data["w"], data["h"])
            except SHOWN as error:
                session.state.say(str(error))
                return
            if turn := data["turn"]:
                with session.view.postponed():
                    session.orientation.drag(turn["gesture"], _place(turn["from"]), _place(turn["to"]))
            session.view.look(viewport, home=data["home"], sequence=data["sequence"], draft=data["draft"])
        elif data["kind"] == "cursor":
            session.state.point_at(_place(data["xy"]))
        elif data["kind"] == "pick":
            session.point_out(_place(data["xy"]))
        elif data["kind"] == "pin":
            session.pins.pin(_place(data["xy"]))
        elif data["kind"] == "hold":
            self.held = bool(data["on"])
        elif data["kind"] == "draw":
            self._draw(data)
        elif data["kind"] == "brush":
            self._brush(data)
        elif data["kind"] == "cancel":
            session.selection.cancel_stroke()
        elif data["kind"] == "step":
            session.orientation.step(int(data["right"]), int(data["up"]))

    def _draw(self, data: dict[str, Any]) -> None:
        with suppress(*SHOWN):  # of too few corners yet
            self._session.selection.draw(_shape(data), int(data["stroke"]))

    def _brush(self, data: dict[str, Any]) -> None:
        try:
            self._session.selection.brush(_shape(data))
        except SHOWN as error:
            self._session.selection.cancel_stroke()
            self._session.state.say(str(error))


def _shape(data: dict[str, Any]) -> Box | Lasso:
    corners = np.asarray(data["path"], dtype=float)
    return Box(*corners[0], *corners[-1]) if data["shape"] == "box" else Lasso(corners)


def _place(xy: list[float]) -> tuple[float, float]:
    return float(xy[0]), float(xy[1])


class LatentMap:
    """The figure, made once; afterwards only its pixels, its ranges and one mark change."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._shown = 0
        self._marked: tuple[Any, ...] = ()
        self._jumps = 0
        name = f"lx-map-{session.token}"
        self.channel = MapChannel(session, plot=name, width=0, height=0, sizing_mode="fixed", margin=0)
        self._pixels = BinaryChannel(self.channel, "pixels")
        blank = hv.RGB(np.zeros((2, 2, 4), np.uint8), bounds=(-1, -1, 1, 1), vdims=["r", "g", "b", "a"])
        self._streams = [
            # A click that is held for a third of a second, or follows another so soon, is a click too.
            *(_subscribed(kind(source=blank), self._on_tap) for kind in _CLICKS),
        ]
        element = blank.opts(
            responsive=True,
            default_tools=["pan", "wheel_zoom", "box_select", "lasso_select", "reset"],
            active_tools=["pan", "wheel_zoom"],
            toolbar="right",
            xlabel="",
            ylabel="",
            hooks=[FigureSetup(name, self._on_move)],
        )
        self.pane = pn.pane.HoloViews(
            element,
            sizing_mode="stretch_both",
            min_height=260,
            css_classes=["lx-map"],
            linked_axes=False,
            margin=0,
        )
        # Only where there is a finger: a mouse has both at once.
        self.touch = pmui.Switch.from_param(
            self.channel.param.probe,
            label="One finger decodes (off: moves the map)",
            css_classes=["lx-probe"],
            stylesheets=["@media (pointer: fine) { :host { display: none; } }"],
        )

    def refresh(self) -> None:
        """Send the newest map, if it has not been sent, and what is marked on it."""
        session = self._session
        self.refresh_pixels()
        jumps, jump = session.view.jump.read()
        if jump is not None and jumps != self._jumps:
            self._jumps = jumps
            view = jump.viewport
            self.channel.jump = [jumps, *(() if view is None else (*view.x_range, *view.y_range))]
        state = session.state
        marked = (state.on_map, state.picked, session.pins.pins)
        if marked != self._marked:
            self._marked = marked
            self.channel.param.update(
                mark=mark(session), ellipse=ellipse(session), pins=pins(session), turns=state.turns
            )

    def refresh_pixels(self) -> None:
        """Send the newest map alone, if it has not been sent: this touches no model of the document."""
        version, image = self._session.view.image.read()
        if image is not None and version != self._shown:
            self._shown = version
            self._pixels.send(_packed(image))

    def close(self) -> None:
        """Let go of the streams and of the plot. Idempotent."""
        for stream in self._streams:
            stream.clear()
        self._streams = []
        release_plots(self.pane)

    def _on_move(self, event: MouseMove) -> None:
        # Not a PointerXY: it waits 10 ms before it hands a move on, keeps one of those that come in that
        # time, and cuts them off at ranges that a zoom has left behind.
        view = self._session.view.viewport
        x, y = event.x, event.y
        if x is None or y is None or (view and not (view.x0 <= x <= view.x1 and view.y0 <= y <= view.y1)):
            return  # over an axis
        if self.channel.held:
            return  # what it holds stays under it
        self._session.state.point_at((float(x), float(y)))

    def _on_tap(self, x: float | None, y: float | None) -> None:
        if x is not None and y is not None:
            self._session.point_out((float(x), float(y)))  # the browser sends 0.0 as 0


def _subscribed(stream: Any, subscriber: Any) -> Any:
    stream.add_subscriber(subscriber)
    return stream


def _packed(image: MapImage) -> bytes:
    view = image.viewport
    head = {
        "mime": image.mime,
        "width": view.width,
        "height": view.height,
        "x0": view.x0,
        "x1": view.x1,
        "y0": view.y0,
        "y1": view.y1,
        "points": image.points,
        "home": image.home,
        "sequence": image.sequence,
        "scene": image.scene,
        "at": image.at,
        "net": [len(line) for line in image.net],
        "prior": [len(line) for line in image.prior],
        "names": image.names,
        "inks": [INK[image.theme], BACKGROUND[image.theme]],
    }
    lines = (*image.net, *image.prior)
    drawn = np.concatenate(lines).astype("<f4").tobytes() if lines else b""
    return pack(head, drawn + image.pixels)
