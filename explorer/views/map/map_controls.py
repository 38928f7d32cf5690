"""Controls of layout and colours of the map, and its legend."""

from __future__ import annotations

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param
from panel.custom import JSComponent

from explorer.core.rendering.colouring import Colouring
from explorer.core.rendering.palette import of_classes
from explorer.core.scene.scene import Scene
from explorer.session import Session
from explorer.views.components.assets import script, styles
from explorer.views.components.disclosure import Disclosure
from explorer.views.components.widgets import Line, heading
from explorer.views.map.legend import colour_bar
from explorer.views.map.projection_controls import ProjectionControls


class ClassList(JSComponent):
    """Classes as buttons with name, count and colour; or the scale of a numeric column."""

    title = param.String("", doc="What is coloured by; a press says which legend it was meant for.")
    entries = param.List(default=[], doc="For each class its name, colour and count.")
    veiled = param.List(default=[], doc="Indices of the classes that are switched off.")
    ramp = param.Dict(default={}, doc="The scale of a numeric colouring: name, ends, colours and counts.")

    _esm = script("map/legend/legend")
    _stylesheets = styles("map/legend/legend", "map/legend/colour_bar")

    def __init__(self, session: Session, **params: Any) -> None:
        self._session = session
        super().__init__(**params)

    def _handle_msg(self, data: dict[str, Any]) -> None:
        session = self._session
        if colour_bar.on_message(session, data):
            return
        colouring, index = session.state.colouring, data["index"]
        if colouring is None or data["title"] != colouring.title:
            return  # it was meant for classes that are no longer on the map
        classes = range(len(colouring.classes))
        if data["kind"] == "emphasise":
            session.state.emphasise(int(index) if index in classes else None)
        elif index in classes:
            _on_press(session, colouring, data["kind"], int(index))


def _on_press(session: Session, colouring: Colouring, kind: str, index: int) -> None:
    hidden = session.state.hidden
    if kind == "toggle":
        session.state.hide(hidden ^ {index})
    elif kind == "isolate":
        others = frozenset(range(len(colouring.classes))) - {index}
        session.state.hide(frozenset() if hidden == others else others)
    elif kind == "select" and colouring.labels is not None:
        session.selection.add(colouring.labels == index)


_SMALL = {"& .MuiSelect-select": {"fontSize": "14px"}}  # so that every projection's name fits

# Its `sx` reaches the switch, not the label.
_SMALL_LABEL = """
.MuiFormControlLabel-label { font-size: 13px !important; }
.MuiFormControlLabel-label svg { width: 14px !important; height: 14px !important; }
"""


class MapControls:
    """Projection, colours, draws and legend."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._projection = ProjectionControls(session)
        self._legend = ClassList(
            session, css_classes=["lx-legend"], sizing_mode="stretch_width", margin=(0, 10)
        )
        self._legends = [self._legend]
        self.strip = pn.Row(sizing_mode="stretch_width", margin=0)
        self._points, self._computing = Line("lx-points"), Line("lx-computing")
        self._shown: tuple[Any, ...] = ()
        self._described: dict[str, Any] = {}
        self._outside = (0, 0)  # scene, and how many of its points lie outside the first view
        projection = pmui.Select.from_param(
            session.state.param.projection,
            label="Projection",
            size="small",
            css_classes=["lx-projection"],
            sx=_SMALL,
            sizing_mode="stretch_width",
        )
        colour = pmui.Select.from_param(
            session.state.param.colour_by,
            label="Colour by",
            size="small",
            css_classes=["lx-colour"],
            sx=_SMALL,
            sizing_mode="stretch_width",
        )
        self._named = _switch(
            session.state.param.named,
            "Names",
            "lx-names",
            "Write the names of the classes at their centres on the map.",
        )
        keeps_scale = _switch(
            session.state.param.keeps_scale,
            "Keep the scale",
            "lx-keep-scale",
            "Keep this part of the plane in view while a training, the slider or a film moves the points. "
            "Off: the map shows all of them, until you zoom or move it.",
        )
        self.panel = pn.Column(
            heading("Map"),
            pn.Row(projection, colour, sizing_mode="stretch_width", margin=0),
            pn.Row(self._named, keeps_scale, sizing_mode="stretch_width", margin=0),
            self._projection.panel,
            self._computing.pane,
            self._legend,
            self._points.pane,
            Disclosure("Aggregate posterior", self._aggregate),
            sizing_mode="stretch_width",
            margin=0,
        )

    def show_strip(self) -> None:
        """Make a legend in one line, beside the map where the sidebar is closed. Idempotent."""
        if not self.strip.objects:
            strip = ClassList(
                self._session, css_classes=["lx-legend-strip"], sizing_mode="stretch_width", margin=0
            )
            strip.param.update(**self._described)
            self._legends.append(strip)
            self.strip.objects = [strip]

    def _aggregate(self) -> list[pn.viewable.Viewable]:
        draws = pmui.IntInput.from_param(
            self._session.state.param.draws,
            label="Draws per sample (0: posterior means)",
            size="small",
            css_classes=["lx-draws"],
            sizing_mode="stretch_width",
        )
        return [draws]

    def refresh(self) -> None:
        """Show the legend of the colouring that is on the map, and how many points there are."""
        self._projection.refresh()
        session = self._session
        image = session.view.image.read()[1]
        state = session.state
        distribution = session.colour_range.distribution
        counts = session.class_counts.selected
        shown = (
            state.colouring,
            state.hidden,
            state.theme,
            image and image.value_range,
            distribution,
            counts,
        )
        if shown != self._shown and state.scene is not None and state.colouring is not None:
            self._shown = shown
            self._described = _described(session, state.scene, state.colouring)
            for legend in self._legends:
                legend.param.update(**self._described)
        self._computing.say(session.colours.progress)
        self._named.visible = state.colouring is not None and bool(state.colouring.classes)
        if image is not None:
            if image.home or image.scene != self._outside[0]:
                self._outside = (image.scene, image.outside)
            outside = f", {self._outside[1]:,} outside the first view: zoom out" if self._outside[1] else ""
            said = f"{image.points:,} points{_drawn(session)}, none dropped{outside}"
            self._points.say(f"{said}{_unseen(session)}{_past(session)}")


def _switch(parameter: Any, label: str, handle: str, help_text: str) -> pmui.Switch:
    return pmui.Switch.from_param(
        parameter,
        label=label,
        css_classes=[handle],
        size="small",
        description=help_text,
        margin=(0, 10),
        stylesheets=[_SMALL_LABEL],
    )


def _drawn(session: Session) -> str:
    scene = session.state.scene
    if not session.state.draws or scene is None:
        return ""
    if not scene.projection.exact:
        return ", the posterior means alone: draws have no place on this map"
    if scene.cloud.spread is None:
        return ", one for each sample: this model has no posterior to draw from"
    return f", {session.state.draws} drawn from each posterior"


def _past(session: Session) -> str:
    timeline = session.timeline
    if timeline.epoch is None:
        return ""
    return f"; epoch {timeline.epoch} of {timeline.last}{', ' if timeline.note else ''}{timeline.note}"


def _unseen(session: Session) -> str:
    unseen, state = "", session.state
    if state.hidden and state.colouring is not None:
        unseen = f", {len(state.hidden)} of {len(state.colouring.classes)} classes hidden"
    if state.has_back:
        unseen += f"; those on the back are {'dimmed' if state.dims else 'hidden'}"
    return unseen


def _described(session: Session, scene: Scene, colouring: Colouring) -> dict[str, Any]:
    if colouring.values is None:
        names = colouring.classes or ("samples",)
        counts = colouring.counts or (len(scene.cloud),)
        palette = of_classes(len(names), session.state.theme, ordered=colouring.ordered)
        selected = session.class_counts.selected or (None,) * len(names)
        rows = [
            {"name": name, "colour": colour, "count": count, "selected": chosen}
            for name, colour, count, chosen in zip(names, palette, counts, selected, strict=True)
        ]
        veiled = sorted(session.state.hidden)
        return {"title": colouring.title, "entries": rows, "veiled": veiled, "ramp": {}}
    return {
        "title": colouring.title,
        "entries": [],
        "veiled": [],
        "ramp": colour_bar.described(session, colouring),
    }
