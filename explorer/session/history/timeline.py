"""The epochs of the run on the map: the map, the decoded sample and the figures at any of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from time import perf_counter

import numpy as np
import param

from explorer.core.projections import Turning
from explorer.core.projections.layout import Layout
from explorer.core.scene.evolution import Moment
from explorer.core.scene.scene import Scene
from explorer.runtime.replay.epochs_on_map import EpochsOnMap
from explorer.runtime.run import Snapshot
from explorer.runtime.store.reader import KeptRun
from explorer.services import Services
from explorer.session.history.shown_run import ShownRun
from explorer.session.map.projection import ProjectionChoice
from explorer.session.state import MapSource, Passage, State
from explorer.session.tasks import Tasks

_EYE = 0.1  # seconds, at least, between two epochs that are decoded on the way
_AT_A_TIME = 0.05  # seconds of placing epochs after which another errand may come first


class Timeline(param.Parameterized):
    """A place among the epochs of the run that is on the map, by default its newest.

    While it moves, points pass from epoch to epoch, and only the map and the decoded sample follow, each
    as fast as it can. Where it comes to rest, the epoch is shown like any other state of the model.
    """

    at = param.Number(
        None, allow_None=True, doc="Where in the run the map is, in epochs; None follows the newest."
    )
    aligned = param.Boolean(
        True, doc="Turn the map of each epoch to match the newest's, so that what moves is what was learned."
    )

    def __init__(
        self, state: State, tasks: Tasks, services: Services, projection: ProjectionChoice, run: ShownRun
    ) -> None:
        super().__init__()
        self._state, self._tasks, self._services = state, tasks, services
        self._projection, self._run = projection, run
        self._track: EpochsOnMap | None = None
        self._placing = self._resting = self._touched = False
        self._anchor, self._asked_at = 0, 0.0
        self._asked: tuple[object, ...] = ()  # which epoch was, to be decoded
        self._laid: tuple[tuple[object, ...], Layout] | None = None
        self._home: tuple[tuple[object, ...], np.ndarray | None] = ((), None)
        state.param.watch(self._on_scene, "scene")
        self.param.watch(self._on_aligned, "aligned")

    # -- what there is to see ----------------------------------------------------------------------------

    @property
    def kept(self) -> KeptRun | None:
        """The run as it was read last; None where none on the map is kept."""
        return self._run.kept

    @property
    def last(self) -> int:
        """The newest committed epoch."""
        return self._run.last

    @property
    def track(self) -> EpochsOnMap | None:
        """Its epochs as far as they are placed; None before anybody looked back."""
        return self._track

    @property
    def anchor(self) -> int:
        """The epoch that the others are turned to match."""
        return self.last if self.at is None else self._anchor

    @property
    def offered(self) -> bool:
        """True where the run on the map has two epochs to go between."""
        kept, scene = self.kept, self._state.scene
        if kept is None or scene is None or len(kept.epochs) < 2:
            return False
        same_data = kept.record.dataset["stamp"] == scene.dataset.stamp
        return same_data and kept.record.model["latent"] == scene.cloud.latent

    @property
    def position(self) -> float:
        """The position of the slider, in epochs."""
        own = self._run.own
        return float(self.at) if self.at is not None else float(self.last if own is None else own)

    @property
    def epoch(self) -> int | None:
        """The epoch that is looked back at, or the nearest to it; None while the newest is followed."""
        return None if self.at is None or self.kept is None else self._nearest(self.at)

    @property
    def share(self) -> float:
        """The share of the run that can be passed through already, in [0, 1]."""
        return 0.0 if self._track is None else self._track.share

    @property
    def note(self) -> str:
        """A remark on the map that is on the screen; empty for the newest as it is."""
        track, epoch = self._track, self.epoch
        if track is None or epoch is None:
            return ""
        said = [] if self._ready() else track.lacks(epoch)
        if self.aligned and epoch != self._anchor and track.layout.computed is None:
            said.append(f"turned to match epoch {self._anchor}")
        return "; ".join([*said, *track.remarks(epoch)])

    # -- gestures ----------------------------------------------------------------------------------------

    def warm(self) -> None:
        """Begin to place the epochs: a hand is near the slider."""
        self._touched = True
        self._tasks.ring()

    def move(self, at: float, *, rest: bool = False) -> None:
        """Go to a moment, in epochs; at rest the end of the run follows what comes.

        Parameters
        ----------
        rest
            Whether to stay there: at the nearest epoch, with all that is known of it.
        """
        if not self.offered or not np.isfinite(at):
            return
        if self.at is None:
            self._anchor = self.last
        at = min(max(float(at), 0.0), float(self.last))
        newest = rest and at == self.last and self._run.own in (None, self.last)
        self._touched, self._resting = True, rest
        self.at = None if newest else float(self._nearest(at)) if rest else at
        if newest:
            self._asked = ()
            self._state.decode_by(None)
        self._update_passage()
        if rest:
            self._tasks.ring()
        elif self._track is not None:
            self._ask_epoch()  # a single move may paint a map for which nothing rings

    def newest(self) -> None:
        """Go back to the newest epoch, and follow what comes."""
        self.move(self.last, rest=True)

    # -- following ---------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Follow the run, and place and read the epochs that are looked at."""
        self._follow_run()
        if self.offered and self._touched:
            self._follow_track()
            if self.at is not None:
                self._ask_epoch()
        self._update_passage()

    @property
    def moving(self) -> bool:
        """True where the map passes through epochs, and no scene is to be laid out."""
        return self.at is not None and not (self._resting and self._ready())

    @property
    def on_the_way(self) -> bool:
        """True where a hand or the clock moves it."""
        return self.at is not None and not self._resting

    def _update_passage(self) -> None:
        self._state.pass_through(Passage(self._moment(), self._bounds()))

    def _moment(self) -> Moment | None:
        """Return what is painted instead of the scene; None for the scene, or where nothing is placed yet."""
        track, scene = self._track, self._state.scene
        if self.at is None or track is None or scene is None or not track.evolution.epochs:
            return None
        evolution = track.evolution
        fits = len(evolution.placed[0].quantised.steps) == len(scene.cloud)
        if not fits or evolution.turns != isinstance(scene.projection, Turning):
            return None  # another choice is coming on the map
        here = self.snapshot()
        if self._resting and here is not None and here.cloud is scene.cloud:
            return None
        return Moment(evolution, self.at, self._anchor, self.aligned)

    def snapshot(self) -> Snapshot | None:
        """Return the state that is looked back at; None while the newest is followed, or it is not read."""
        if self.at is None or self._track is None:
            return None
        return self._track.at_hand(self._nearest(self.at), spread=self._spread())

    def layout(self, layout: Layout) -> Layout:
        """Return how that state is laid out: as any other, and matched to the newest."""
        track = self._track
        if self.at is None or track is None or layout != track.layout or layout.computed is not None:
            return layout
        epoch = self._nearest(self.at)
        key = (track, epoch, self._anchor, self.aligned)
        if self._laid is None or self._laid[0] != key:
            fitted = track.projection(epoch, self._anchor, self.aligned)
            self._laid = key, replace(layout, fitted=fitted)
        return self._laid[1]

    def source(self) -> MapSource | None:
        """Return the epoch that is looked back at, for the map; None while the newest is followed."""
        snapshot, track, scene = self.snapshot(), self._track, self._state.scene
        if snapshot is None or track is None or scene is None or self.at is None:
            return None
        origin = track.kept.record.id, track.weights(self._nearest(self.at))
        return MapSource(self._state.shown, scene.dataset, snapshot, origin)

    def track_layout(self) -> Layout:
        """Return how the epochs are laid out: as what is on the map, each by itself."""
        scene = self._state.scene
        assert scene is not None
        return self._projection.layout(self._state.shown, Snapshot(scene.model, scene.cloud, None, 0))

    def _bounds(self) -> np.ndarray | None:
        """Return places that every epoch lies within, so that the map keeps its scale, or None."""
        track = self._track
        if self.at is None or track is None:
            return None
        key = (track.evolution, self._anchor, self.aligned)
        if self._home[0] != key:
            scene = self._state.scene
            model = None if scene is None else scene.model
            self._home = key, track.evolution.home(self._anchor, self.aligned, model)
        return self._home[1]

    def _follow_run(self) -> None:
        """Read the run on the map, again whenever it has gone on."""
        if self._run.follow():
            away, self._track, self._touched, self.at = self.at, None, False, None
            if away is not None:
                self._state.decode_by(None)
            self._update_passage()
        elif self._track is not None:
            kept = self._run.kept
            assert kept is not None
            self._track.kept = kept

    def _follow_track(self) -> None:
        scene, run, kept = self._state.scene, self._state.run, self.kept
        assert scene is not None
        assert kept is not None
        layout, track = self.track_layout(), self._track
        if track is None or track.layout != layout:
            track = self._track = EpochsOnMap(kept, scene.dataset, layout, scene.model.device)
        going = run is not None and not run.state.over
        if not self._placing and track.next(self.epoch, stored=going) is not None:
            self._placing = True
            work = partial(self._place, track, self.epoch, going)
            self._tasks.send(self._services.epochs, "place", work, self._on_placed, self._on_not_placed)

    def _place(self, track: EpochsOnMap, near: int | None, going: bool) -> None:
        end = perf_counter() + _AT_A_TIME
        while perf_counter() < end and (epoch := track.next(near, stored=going)) is not None:
            track.place(epoch)

    def _on_placed(self, _: object) -> None:
        self._placing = False
        self._update_passage()
        self._tasks.ring()

    def _on_not_placed(self, sentence: str) -> None:
        self._placing = False
        self._state.say(sentence)

    def _ask_epoch(self) -> None:
        """Read the epoch that is looked at, unless it was asked for already."""
        track = self._track
        assert track is not None
        assert self.at is not None
        epoch = self._nearest(self.at)
        asked = (track, epoch, self._spread(), self._anchor, self.aligned, track.settled(epoch))
        if asked == self._asked or not asked[-1]:
            return
        now = perf_counter()
        if self.on_the_way and (self._state.cursor is None or now - self._asked_at < _EYE):
            return
        self._asked, self._asked_at = asked, now
        work = partial(track.scene, epoch, self._anchor, self.aligned, spread=self._spread())
        self._tasks.send(self._services.epochs, "epoch", work, partial(self._on_epoch, asked))

    def _on_epoch(self, asked: tuple[object, ...], scene: Scene) -> None:
        if asked == self._asked and self.at is not None:
            on_map = self._state.scene
            self._state.decode_by(None if on_map is not None and on_map.cloud is scene.cloud else scene)

    def _on_scene(self, _: object) -> None:
        """Decode the scene on the map, where it is the newest, or the epoch at which the map rests."""
        scene, here = self._state.scene, self.snapshot()
        shown = scene is not None and here is not None and here.model is scene.model
        at_rest = self._resting and shown
        if at_rest or self.at is None:
            self._state.decode_by(None)
        self._update_passage()

    def _spread(self) -> bool:
        """Tell whether each sample's posterior is needed, which is not kept with the places."""
        return bool(self._state.draws) or self._state.colour_by == "kl"

    def _nearest(self, at: float) -> int:
        assert self.kept is not None
        return min((record.epoch for record in self.kept.epochs), key=lambda epoch: abs(epoch - at))

    def _ready(self) -> bool:
        """Tell whether the epoch that is looked at can be laid out."""
        track, at = self._track, self.at
        if track is None or at is None or self.snapshot() is None or not track.evolution.epochs:
            return False
        return track.settled(self._nearest(at))

    def _on_aligned(self, *_: object) -> None:
        self._update_passage()
        self._tasks.ring()
