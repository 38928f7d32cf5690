"""An offer to go on with a run that a killed process has left unfinished."""

from __future__ import annotations

import panel as pn

from explorer.runtime.store.records import RunRecord
from explorer.session import Session
from explorer.views.components.widgets import Line, button


class HistoryOffer:
    """Offers to go on with the newest interrupted run; hidden while there is none."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._offered: tuple[RunRecord, ...] = ()
        self._line: Line | None = None
        self.panel = pn.Column(sizing_mode="stretch_width", margin=0, visible=False)

    def refresh(self) -> None:
        """Show the offer, or that there is none."""
        offers = self._session.history.offers
        if offers == self._offered:
            return
        self._offered = offers
        self.panel.visible = bool(offers)
        if not offers:
            return
        line = self._line = self._line or self._make()
        newest = offers[0]
        others = f" {len(offers) - 1} more in the tab History." if len(offers) > 1 else ""
        line.say(
            f"“{newest.name}” was interrupted at epoch {newest.epoch} of {newest.plan['epochs']}.{others}"
        )

    def _make(self) -> Line:
        line = Line("lx-offer")
        go_on = button(
            "Go on",
            "lx-offer-go-on",
            "Train it on from its last finished epoch, with the same state of the optimizer.",
            self._go_on,
            variant="contained",
        )
        decline = button(
            "Not now",
            "lx-offer-decline",
            "Say no more of it in this session; it stays in the tab History.",
            self._session.history.decline,
        )
        self.panel.objects = [line.pane, pn.Row(go_on, decline, margin=(0, 6))]
        return line

    def _go_on(self) -> None:
        if self._offered:
            self._session.history.open_run.go_on(self._offered[0].id)
