"""Undo and Redo in the header; each names what it does next."""

from __future__ import annotations

from typing import Any

import param
from panel.custom import JSComponent

from explorer.session import Session
from explorer.views.components.assets import script, styles


class UndoButtons(JSComponent):
    """Takes the newest change back, and makes it again."""

    undo = param.String("", doc="What Undo takes back; empty where there is nothing.")
    redo = param.String("", doc="What Redo makes again; empty where there is nothing.")

    _esm = script("page/undo/undo_buttons")
    _stylesheets = styles("page/undo/undo_buttons")

    def __init__(self, session: Session) -> None:
        self._session = session
        super().__init__(margin=(0, 2), align="center")

    def refresh(self) -> None:
        """Name what there is to undo and to redo."""
        undo = self._session.undo
        now = {"undo": undo.next_undo, "redo": undo.next_redo}
        new = {name: value for name, value in now.items() if getattr(self, name) != value}
        if new:
            self.param.update(**new)

    def _handle_msg(self, data: dict[str, Any]) -> None:
        undo = self._session.undo
        gestures = {"undo": undo.undo, "redo": undo.redo}
        gestures[data["kind"]]()
