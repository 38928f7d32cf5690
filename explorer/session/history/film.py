"""The film of the run on the map: made on a worker of its own, with progress and cancel."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import param

from explorer.core.errors import Cancelled, ExplorerError
from explorer.core.projections import Turning
from explorer.core.rendering.painter import Style
from explorer.core.scene.scene import Scene
from explorer.core.scene.viewport import Viewport
from explorer.runtime.replay.epochs_on_map import EpochsOnMap
from explorer.runtime.replay.film import Shot, film
from explorer.services import Services
from explorer.session.history.timeline import Timeline
from explorer.session.state import State
from explorer.session.tasks import Tasks

SIZES = {"small": (480, 420), "medium": (720, 640), "large": (1280, 960)}


class FilmMaker(param.Parameterized):
    """Films the epochs that the time slider passes through, as the map shows them."""

    share = param.Number(None, allow_None=True, doc="The share that is done; None while nothing is filmed.")
    done = param.Tuple(None, length=2, allow_None=True, doc="Name and bytes of the latest film.")

    def __init__(self, state: State, tasks: Tasks, services: Services, timeline: Timeline) -> None:
        super().__init__()
        self._state, self._tasks, self._services = state, tasks, services
        self._timeline = timeline
        self._given_up = False
        self._told = 0.0

    def begin(
        self,
        style: Style | None,
        kind: str,
        size: str,
        fps: int,
        speed: float,
        view: Viewport | None = None,
    ) -> None:
        """Begin a film, which comes in `done`; returns at once.

        Parameters
        ----------
        style
            How points are shown on the map; None before there is one.
        kind
            ``gif`` or ``mp4``.
        size
            One of `SIZES`.
        view
            The part of the plane to keep in view; None is that of all epochs.
        """
        state, timeline = self._state, self._timeline
        kept, scene = timeline.kept, state.scene
        if self.share is not None or kept is None or scene is None or style is None:
            return
        if size not in SIZES or kind not in ("gif", "mp4"):
            state.say(f"a film cannot be {size!r} or {kind!r}; choose from what is offered.")
            return
        layout = timeline.track_layout()
        before = timeline.track
        placed = before.evolution if before is not None and before.layout == layout else None
        # One of its own: a track has one writer.
        track = EpochsOnMap(kept, scene.dataset, layout, scene.model.device, placed)
        width, height = SIZES[size]
        orientation = state.orientation if isinstance(scene.projection, Turning) else None
        shot = Shot(width, height, fps, speed, timeline.aligned, orientation, view)
        state.say("")
        self._given_up, self._told, self.share = False, 0.0, 0.0
        name = f"{Path(scene.dataset.name).stem}-{kept.record.id}.{kind}"
        work = partial(self._film, track, name, shot, replace(style, draws=0, emphasised=None))
        self._tasks.send(self._services.films, "film", work, self._on_made, self._on_failed)

    def cancel(self) -> None:
        """Cancel the film; what is written so far is removed. Any thread."""
        self._given_up = True

    def follow(self) -> None:
        """Take the progress over. On the session's own thread."""
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
            self._tasks.ring()

    def _on_made(self, done: tuple[str, bytes] | None) -> None:
        self.share, self.done = None, done

    def _on_failed(self, sentence: str) -> None:
        self.share = None
        self._state.say(sentence)
