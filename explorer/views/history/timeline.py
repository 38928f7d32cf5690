"""The strip with the epochs of the run: play, a slider, its position, and a film."""

from __future__ import annotations

from typing import Any

import param
from panel.custom import JSComponent

from explorer.session import Session
from explorer.session.history.film import SIZES
from explorer.session.history.timeline import Timeline
from explorer.views.components.assets import script, styles


class TimeStrip(JSComponent):
    """Moves through the epochs by the clock of the browser, and reports its position."""

    last = param.Integer(0, doc="The newest epoch.")
    position = param.Number(0.0, doc="Place of the map, in epochs.")
    follows = param.Boolean(True, doc="True while the newest epoch is followed.")
    note = param.String("", doc="A note about the map that is shown.")
    share = param.Number(0.0, doc="Share of the run that can be passed through, in [0, 1].")
    answered = param.Integer(0, doc="Number of the newest move that the position is of.")
    map = param.String("", doc="Name of the plot whose map moves.")
    aligned = param.Boolean(True, doc=Timeline.param.aligned.doc)
    aligned_help = param.String(Timeline.param.aligned.doc, doc="The same, for the page.")
    sizes = param.Dict({name: list(sides) for name, sides in SIZES.items()}, doc="Of a film, in pixels.")
    filming = param.Number(-1.0, doc="The share of the film that is done; -1 while none is made.")
    film = param.Bytes(b"", doc="The newest film, to be saved.")
    film_name = param.String("", doc="Name of its file.")

    _esm = script("history/timeline")
    _stylesheets = styles("history/timeline")

    def __init__(self, session: Session, **params: Any) -> None:
        self._session = session
        self.moved = 0
        super().__init__(**params)

    def _handle_msg(self, data: dict[str, Any]) -> None:
        timeline = self._session.timeline
        if data["kind"] == "move":
            self.moved = int(data["number"])
            timeline.move(float(data["at"]), rest=bool(data["rest"]))
        elif data["kind"] == "warm":
            timeline.warm()
        elif data["kind"] == "aligned":
            timeline.aligned = bool(data["value"])
        elif data["kind"] == "film":
            size, fps, speed = str(data["size"]), int(data["fps"]), float(data["speed"])
            self._session.make_film(str(data["type"]), size, fps, speed)
        elif data["kind"] == "cancel":
            self._session.film.cancel()


class TimeView:
    """Shows the strip once the run on the map has two epochs."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._film: tuple[str, bytes] | None = None
        self.panel = TimeStrip(
            session,
            map=f"lx-map-{session.token}",
            css_classes=["lx-timeline"],
            sizing_mode="stretch_width",
            margin=0,
            visible=False,
        )

    @property
    def sentence(self) -> str:
        """The epoch that is looked back at, for the page's header; empty for the newest."""
        timeline = self._session.timeline
        if timeline.epoch is None:
            return ""
        note = f", {timeline.note}" if timeline.note else ""
        return f"epoch {timeline.epoch} of {timeline.last}{note}"

    def refresh(self) -> None:
        """Say where the map is, and hand a film over that has been made."""
        timeline, panel = self._session.timeline, self.panel
        if not timeline.offered:
            panel.visible = False
            return
        filming = self._session.film
        said = {
            "visible": True,
            "last": timeline.last,
            # While it moves, the browser knows the position better.
            "position": panel.position if timeline.on_the_way else timeline.position,
            "answered": panel.moved,
            "follows": timeline.at is None and timeline.position == timeline.last,
            "note": timeline.note,
            "share": round(timeline.share, 3),
            "aligned": timeline.aligned,
        }
        # Setting values that are there already took a tenth of each of the page's turns.
        panel.param.update(**{name: value for name, value in said.items() if getattr(panel, name) != value})
        if filming.done is not self._film:
            self._film = filming.done
            name, content = filming.done or ("", b"")
            panel.film_name = name  # first: the page saves the film as soon as it comes
            panel.film = content
        share = filming.share
        panel.filming = -1.0 if share is None else round(share, 2)
