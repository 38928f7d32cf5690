"""The run on the map in the header, with a menu of the other runs of the same data."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import panel_material_ui as pmui

from explorer.runtime.store.records import KeptState, RunRecord
from explorer.session import Session

MOST = 12
"""Runs in the menu; the tab History has the others."""

_ALL = "All runs …"

_LOOK = {
    "color": "#fff",
    "display": "inline-block",
    "whiteSpace": "nowrap",
    "overflow": "hidden",
    "textOverflow": "ellipsis",
    "maxWidth": "340px",
    "@media (max-width: 500px)": {"maxWidth": "170px"},
    "& .MuiButton-endIcon": {"margin": "0 -4px 0 2px", "verticalAlign": "bottom"},
}


class RunMenu:
    """Names the run on the map, and opens another one.

    Parameters
    ----------
    show_all
        Opens the list of all runs.
    """

    def __init__(self, session: Session, show_all: Callable[[], object]) -> None:
        self._session = session
        self._show_all = show_all
        self.panel = pmui.MenuButton(
            label="Runs",
            items=[],
            variant="text",
            color="default",
            size="small",
            visible=False,
            css_classes=["lx-runs"],
            margin=(0, 4),
            sx=_LOOK,
        )
        self.panel.on_click(self._on_click)

    def refresh(self) -> None:
        """Show the run on the map, and which others there are."""
        session = self._session
        listing = session.history.listing.read()[1]
        records = () if listing is None else listing.same_data
        on_map = session.history.open_run.on_map
        others = [record for record in records if on_map is None or record.id != on_map[0]]
        items: list[dict[str, str] | None] = [
            {"label": _described(record), "run": record.id} for record in others[:MOST]
        ]
        if records:
            items += [*([None] if items else []), {"label": _ALL}]
        now = {"label": _title(session), "items": items, "visible": bool(records) or session.state.untrained}
        new = {name: value for name, value in now.items() if getattr(self.panel, name) != value}
        if new:
            self.panel.param.update(**new)

    def _on_click(self, item: Any) -> None:  # an entry of `items`
        if "run" in item:
            self._session.history.open_run.open(item["run"])
        else:
            self._show_all()


def _title(session: Session) -> str:
    run = session.state.run
    if run is not None:
        return f"“{run.name}”"
    if session.history.title:
        return session.history.title
    return "Random weights" if session.state.untrained else "Runs"


def _described(record: RunRecord) -> str:
    ends = {KeptState.INTERRUPTED: ", interrupted", KeptState.RUNNING: ", in training"}
    model = f"{record.model['name']} {record.model['latent']}-D"
    began = time.localtime(record.created)
    day = f"{began.tm_mday} {time.strftime('%b, %H:%M', began)}"
    return f"“{record.name}” · {model} · epoch {record.epoch}{ends.get(record.state, '')} · {day}"
