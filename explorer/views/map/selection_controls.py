"""Controls of the selection: its size, ways to make it, and its commands."""

from __future__ import annotations

from io import BytesIO

import panel as pn
import panel_material_ui as pmui

from explorer.session import Session
from explorer.views.components.widgets import Line, button, disclosure, heading
from explorer.views.panel_internals import TextInput


class SelectionControls:
    """Ways to select beside the brush on the map, and commands for a selection."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._count = Line("lx-selection")
        self._draws = 0
        selecting = session.selection
        invert = button("Invert", "lx-invert", "Select what is not selected.", selecting.invert)
        clear = button("Clear", "lx-clear", "Select nothing; Undo brings it back.", selecting.clear)
        undo = button("Undo", "lx-undo", "Take back the last change of the selection.", selecting.undo)
        self._download = pmui.FileDownload(
            callback=self._csv,
            filename="selection.csv",
            label="CSV",
            size="small",
            css_classes=["lx-download"],
            margin=(4, 2),
            disabled=True,
            description="The selected samples as a table.",
            description_delay=1500,
        )
        self.panel = pn.Column(
            heading("Selection"),
            self._count.pane,
            pn.Row(invert, clear, undo, self._download, margin=(0, 6)),
            disclosure("Combine, by expression, at random", self._ways),
            sizing_mode="stretch_width",
            margin=0,
        )

    def refresh(self) -> None:
        """Say how many of how many are selected."""
        session = self._session
        if session.state.scene is None:
            return
        count, n = session.state.selection.count, len(session.state.scene.cloud)
        hint = "" if count else "; drag a box or lasso"
        self._count.say(f"{count:,} of {n:,} selected{hint}")
        self._download.disabled = count == 0

    def _ways(self) -> list[pn.viewable.Viewable]:
        how = pmui.RadioButtonGroup.from_param(
            self._session.selection.param.how,
            label="A new selection joins by",
            size="small",
            css_classes=["lx-how"],
            sizing_mode="stretch_width",
        )
        self._expression = TextInput(
            label="Select where",
            placeholder='e.g. label == "3" and z1 > 0',
            size="small",
            css_classes=["lx-expression"],
            description="An expression over the columns: label, split, z1, z2, … and the table's own.",
            sizing_mode="stretch_width",
        )
        self._expression.param.watch(self._where, "enter_pressed")
        self._number = pmui.IntInput(
            label="How many at random", value=100, start=1, size="small", sizing_mode="stretch_width"
        )
        random = button("Select", "lx-random", "Select that many samples at random.", self._at_random)
        at_random = pn.Row(self._number, random, sizing_mode="stretch_width", margin=0, align="end")
        return [how, self._expression, at_random]

    def _where(self, _: object) -> None:
        text = self._expression.value_input or ""  # the value proper may come after the key
        if text.strip():
            self._session.selection.where(text)

    def _at_random(self) -> None:
        if (number := self._number.value) is None:
            self._session.state.say("Give the number of samples that are to be selected at random.")
            return
        self._draws += 1
        self._session.selection.random(number, seed=self._draws)

    def _csv(self) -> BytesIO:
        frame = self._session.selection.table(self._session.state.selected)
        return BytesIO(frame.to_csv().encode())
