"""The queue of the device: its runs in order, those of the session with buttons to move and cancel."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import param
from panel.custom import JSComponent

from explorer.session import Session
from explorer.session.training.queue import Place, find
from explorer.views.components.assets import script, styles


class QueueList(JSComponent):
    """A list of runs in the order in which they train; those of the session's own have buttons."""

    places = param.List([], doc="One dict a run: token, position, name, own, whose.")

    _esm = script("training/queue")
    _stylesheets = styles("training/queue")

    def __init__(self, session: Session, **params: Any) -> None:
        self._session = session
        self._places: tuple[Place, ...] = ()
        super().__init__(**params)

    def show_places(self, places: tuple[Place, ...]) -> None:
        """Show the queue, if it is another than the one that is shown."""
        if places != self._places:
            self._places = places
            self.places = [asdict(place) for place in places]

    def _handle_msg(self, data: dict[str, Any]) -> None:
        run = find(self._session.services.slot, self._session.token, int(data["token"]))
        if run is None:
            return  # its turn has come, or it is not this session's
        if data["kind"] == "cancel":
            run.stop()
        elif data["kind"] == "move":
            self._session.training.move(run, int(data["places"]))
