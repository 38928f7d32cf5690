"""A session's film of the run on its map: made on a worker of its own, with progress, to be cancelled."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import param

from explorer.core.errors import Cancelled, ExplorerError
from explorer.core.projections import Turning
from explorer.core.rendering.painter import Style
from explorer.core.scene.scene import Scene
from explorer.runtime.replay.epochs_on_map import EpochsOnMap
from explorer.runtime.replay.film import Shot, film

if TYPE_CHECKING:
    from explorer.session.session import Session

SIZES = {"small": (480, 420), "medium": (720, 640), "large": (1280, 960)}


class Filming(param.Parameterized):
    """Films what the slider over the epochs passes through, as the map shows it."""

    share = param.Number(None, allow_None=True, doc="The share that is done; None while nothing is filmed.")
    done = param.Tuple(None, length=2, allow_None=True, doc="Name and bytes of the latest film.")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._given_up = False
        self._told = 0.0

    def begin(self, kind: str, size: str, fps: int, speed: float) -> None:
        """Begin a film, to be had in `done`; returns at once.

        Parameters
        ----------
        kind
            ``gif`` or ``mp4``.
        size
            One of `SIZES`.
        """
        session, timeline = self._session, self._session.timeline
        kept, scene, style = timeline.kept, session.scene, session.looking.style
        if self.share is not None or kept is None or scene is None or style is None:
            return
        if size not in SIZES or kind not in ("gif", "mp4"):
            session.error = f"a film cannot be {size!r} or {kind!r}; choose from what is offered."
            return
        layout = timeline.track_layout()
        before = timeline.track
        placed = before.evolution if before is not None and before.layout == layout else None
        # One of its own: a track has one writer.
        track = EpochsOnMap(kept, scene.dataset, layout, scene.model.device, placed)
        width, height = SIZES[size]
        orientation = session.orienting.orientation if isinstance(scene.projection, Turning) else None
        shot = Shot(width, height, fps, speed, timeline.aligned, orientation)
        self._given_up, self._told, self.share, session.error = False, 0.0, 0.0, ""
        name = f"{Path(scene.dataset.name).stem}-{kept.record.id}.{kind}"
        work = partial(self._film, track, name, shot, replace(style, draws=0))
        session.errands.send(session.services.films, "film", work, self._made, self._failed)

    def cancel(self) -> None:
        """Give it up; what is written so far is removed. Any thread."""
        self._given_up = True

    def follow(self) -> None:
        """Take over how far it is. On the session's own thread."""
        if self.share is not None and self.share != self._told:
            self.share = self._told

    def _film(self, track: EpochsOnMap, name: str, shot: Shot, style: Style) -> tuple[str, bytes] | None:
        def style_of(scene: Scene) -> Style:
            return style

        with tempfile.TemporaryDirectory(prefix="latent-explorer-film-") as folder:
            path = Path(folder, name)
            try:
                film(track, path, shot, style_of, lambda: self._given_up, self._tell)
            except Cancelled:
                return None
            except MemoryError as error:
                raise ExplorerError(
                    "the film takes more memory than there is; choose a smaller size."
                ) from error
            return name, path.read_bytes()

    def _tell(self, share: float) -> None:
        if share - self._told >= 0.01 or share == 1.0:
            self._told = share
            self._session.errands.ring()

    def _made(self, done: tuple[str, bytes] | None) -> None:
        self.share, self.done = None, done

    def _failed(self, sentence: str) -> None:
        self.share, self._session.error = None, sentence
