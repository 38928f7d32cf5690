"""Controls of the selection: its size, ways to make it, and its commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO

import panel as pn
import panel_material_ui as pmui

from explorer.session import Session
from explorer.session.map.expression import HELD_OUT, NEIGHBOURS_OF_ANOTHER_CLASS
from explorer.views.components.disclosure import Disclosure
from explorer.views.components.widgets import Line, button, heading
from explorer.views.map.expression.expression_field import ExpressionField


class SelectionControls:
    """Ways to select beside the brush on the map, and commands for a selection."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._count = Line("lx-selection")
        self._draws = 0
        self._expression: ExpressionField | None = None
        selecting = session.selection
        invert = button("Invert", "lx-invert", "Select what is not selected.", selecting.invert)
        clear = button("Clear", "lx-clear", "Select nothing; Ctrl+Z brings it back.", selecting.clear)
        self._download = pmui.FileDownload(
            callback=self._csv,
            filename="selection.csv",
            label="CSV",
            size="small",
            css_classes=["lx-download"],
            margin=(4, 2),
            disabled=True,
            description="The selected samples as a table. Columns that take time, such as error, are in it "
            "once they have been computed: colour by them, or name them in an expression.",
            description_delay=1500,
        )
        self.panel = pn.Column(
            heading("Selection"),
            self._count.pane,
            pn.Row(invert, clear, self._download, margin=(0, 6)),
            Disclosure("Combine, by expression, at random", self._ways),
            sizing_mode="stretch_width",
            margin=0,
        )

    def refresh(self) -> None:
        """Say how many of how many are selected."""
        session = self._session
        if session.state.scene is None:
            return
        if self._expression is not None:
            self._expression.refresh()
            self._another_class.disabled = session.state.scene.cloud.labels is None
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
        self._expression = ExpressionField(
            self._session, css_classes=["lx-expression"], sizing_mode="stretch_width", margin=(2, 10)
        )
        self._number = pmui.IntInput(
            label="How many at random", value=100, start=1, size="small", sizing_mode="stretch_width"
        )
        random = button("Select", "lx-random", "Select that many samples at random.", self._at_random)
        at_random = pn.Row(self._number, random, sizing_mode="stretch_width", margin=0, align="end")
        return [how, self._expression, self._ready_made(), at_random]

    def _ready_made(self) -> pn.viewable.Viewable:
        expression = self._session.selection.expression
        another_class = (
            "Samples that lie among another class: the label that most of their 10 nearest in latent space "
            f"have is not their own ({NEIGHBOURS_OF_ANOTHER_CLASS})."
        )
        worst = "The hundredth of all samples whose reconstruction error (error) is greatest."
        held_out = f"The samples that no training has seen ({HELD_OUT})."
        select = partial(expression.select, remember=False)
        self._another_class = _ready_made(
            "Neighbours of another class",
            "lx-another-class",
            another_class,
            partial(select, NEIGHBOURS_OF_ANOTHER_CLASS),
        )
        return pn.FlexBox(
            self._another_class,
            _ready_made("Worst reconstructed 1 %", "lx-worst", worst, expression.select_worst),
            _ready_made("Held out only", "lx-held-out", held_out, partial(select, HELD_OUT)),
            margin=(0, 8),
            sizing_mode="stretch_width",
        )

    def _at_random(self) -> None:
        if (number := self._number.value) is None:
            self._session.state.say("Give the number of samples that are to be selected at random.")
            return
        self._draws += 1
        self._session.selection.random(number, seed=self._draws)

    def _csv(self) -> BytesIO:
        frame = self._session.selection.table(self._session.state.selected)
        return BytesIO(frame.to_csv().encode())


def _ready_made(label: str, handle: str, help_text: str, press: Callable[[], object]) -> pmui.Button:
    return button(label, handle, help_text, press, margin=2, sx={"padding": "3px 8px", "fontSize": "12.5px"})
