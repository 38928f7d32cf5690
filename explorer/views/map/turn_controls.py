"""Controls of a map that can be turned, shown only while one is on the page."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui

from explorer.session import Session
from explorer.views.components.widgets import Line, button

_HELP = "Drag turns, Shift-drag moves, Shift-click pins, the wheel zooms. Keys W A S D turn."


class TurnControls:
    """A switch for the back of the globe, and a button that turns the map back as it was at first."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._dims = pmui.Switch.from_param(
            session.state.param.dims,
            label="Dim the back",
            css_classes=["lx-dims"],
            size="small",
            align="center",
        )
        face = button("Turn back", "lx-face", "Turn the map back to how it came.", session.orientation.face)
        self.panel = pn.Column(
            Line("lx-turning", _HELP).pane,
            pn.Row(face, self._dims, sizing_mode="stretch_width", margin=(0, 6)),
            sizing_mode="stretch_width",
            margin=0,
            visible=False,
        )

    def refresh(self) -> None:
        """Show the controls where the map can be turned."""
        self.panel.visible = self._session.state.turns
        self._dims.visible = self._session.state.has_back
