"""Looking back: the map, the decoded sample and the figures as they were at any epoch of the run."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import param

from explorer.core.evolution import Moment
from explorer.core.layout import Layout
from explorer.core.projections import Turning
from explorer.core.scene import Scene, fitted_scene
from explorer.runtime.kept import KeptRun
from explorer.runtime.run import Run, Snapshot
from explorer.runtime.track import Track
from models import Autoencoder

if TYPE_CHECKING:
    from explorer.session.session import Session

_AT_A_TIME = 0.05  # seconds of placing epochs after which another errand may come first


class Timeline(param.Parameterized):
    """A place among the epochs of the run that is on the map, by default its newest.

    While it moves, points pass from epoch to epoch, and only the map and the decoded sample follow, each
    as fast as it can. Where it comes to rest, the epoch is shown like any other state of the model.

    Attributes
    ----------
    last
        The newest committed epoch.
    at_hand
        The epoch that is decoded while the map is on its way; None where the scene is.
    """

    at = param.Number(
        None, allow_None=True, doc="Where in the run the map is, in epochs; None follows the newest."
    )
    aligned = param.Boolean(
        True, doc="Turn the map of each epoch to match the newest's, so that what moves is what was learned."
    )

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.last = 0
        self.at_hand: Scene | None = None
        self._source: tuple[str, int | None] | None = None
        self._kept: KeptRun | None = None
        self._track: Track | None = None
        self._read: tuple[object, ...] = ()  # how far the run was when it was read last
        self._reading = self._placing = self._resting = self._touched = False
        self._anchor = 0
        self._asked: tuple[object, ...] = ()  # which epoch was, to be decoded
        self._laid: tuple[tuple[object, ...], Layout] | None = None
        self._home: tuple[tuple[object, ...], np.ndarray | None] = ((), None)
        self._origin: tuple[Autoencoder, tuple[str, int]] | None = None
        session.param.watch(self._shown, "scene")
        self.param.watch(self._ring, ["at", "aligned"])

    # -- what there is to see ----------------------------------------------------------------------------

    @property
    def kept(self) -> KeptRun | None:
        """The run as it was read last; None where none on the map is kept."""
        return self._kept

    @property
    def track(self) -> Track | None:
        """Its epochs as far as they are placed; None before anybody looked back."""
        return self._track

    @property
    def anchor(self) -> int:
        """The epoch that the others are turned to match."""
        return self.last if self.at is None else self._anchor

    @property
    def offered(self) -> bool:
        """Whether the run on the map has two epochs to go between."""
        kept, scene = self._kept, self._session.scene
        if kept is None or scene is None or len(kept.epochs) < 2:
            return False
        same_data = kept.record.dataset["stamp"] == scene.dataset.stamp
        return same_data and kept.record.model["latent"] == scene.cloud.latent

    @property
    def position(self) -> float:
        """Where the slider stands, in epochs."""
        own = None if self._source is None else self._source[1]
        return float(self.at) if self.at is not None else float(self.last if own is None else own)

    @property
    def epoch(self) -> int | None:
        """The epoch that is looked back at, or the nearest to it; None while the newest is followed."""
        return None if self.at is None or self._kept is None else self._nearest(self.at)

    @property
    def origin(self) -> tuple[str, int] | None:
        """The run and the epoch whose weights the map shows, where one is looked back at."""
        scene, known = self._session.scene, self._origin
        return known[1] if scene is not None and known is not None and known[0] is scene.model else None

    @property
    def share(self) -> float:
        """How much of the run can be passed through already, in [0, 1]."""
        track = self._track
        return len(track.evolution.epochs) / max(1, len(track.wanted())) if track is not None else 0.0

    @property
    def note(self) -> str:
        """What is to be known of the map that is on the screen; empty where it is the newest as it is."""
        track, epoch = self._track, self.epoch
        if track is None or epoch is None:
            return ""
        said = []
        if epoch not in track.evolution and not self._ready():
            said.append(
                "being read" if track.stored(epoch) else "being encoded; drawn between its neighbours"
            )
        if track.layout.computed is not None:
            said.append("on the map as it was computed")
        elif self.aligned and epoch != self._anchor:
            said.append(f"turned to match epoch {self._anchor}")
        if (weights := track.weights(epoch)) != epoch:
            said.append(f"decoded by the weights of epoch {weights}: those of {epoch} were not kept")
        return "; ".join(said)

    # -- gestures ----------------------------------------------------------------------------------------

    def warm(self) -> None:
        """Begin to place the epochs: a hand is near the slider."""
        self._touched = True
        self._session.errands.ring()

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
        own = None if self._source is None else self._source[1]
        newest = rest and at == self.last and own in (None, self.last)
        self._touched, self._resting = True, rest
        self.at = None if newest else float(self._nearest(at)) if rest else at
        if newest:
            self._asked = ()
            self._decode(None)
        self._session.looking.paint()

    def newest(self) -> None:
        """Go back to the newest epoch, and follow what comes."""
        self.move(self.last, rest=True)

    # -- following ---------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Follow the run, and have done what is missing where it is looked at."""
        self._follow_run()
        if self.offered and self._touched:
            self._follow_track()
            if self.at is not None:
                self._ask_epoch()

    @property
    def moving(self) -> bool:
        """Whether the map is on its way, and no scene is to be laid out."""
        return self.at is not None and not (self._resting and self._ready())

    @property
    def moment(self) -> Moment | None:
        """What is to be painted instead of the scene; None where that is it, or nothing is placed yet."""
        track, scene = self._track, self._session.scene
        if self.at is None or track is None or scene is None or not track.evolution.epochs:
            return None
        evolution = track.evolution
        fits = len(evolution.placed[0].steps) == len(scene.cloud)
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

    def home(self) -> np.ndarray | None:
        """Places that every epoch lies within, so that the map keeps its scale; None where that is open."""
        track = self._track
        if self.at is None or track is None:
            return None
        key = (track.evolution, self._anchor, self.aligned)
        if self._home[0] != key:
            self._home = key, track.evolution.home(self._anchor, self.aligned)
        return self._home[1]

    # ----------------------------------------------------------------------------------------------------

    def _follow_run(self) -> None:
        """Have the run on the map read, again whenever it has gone on."""
        session, run = self._session, self._session.training.run
        source = None if run is None or run.kept is None else (run.kept, None)
        if run is None and session.shown.kept is not None:
            source = session.shown.kept
        if source != self._source:
            self._source, self._kept, self._track, self._read = source, None, None, ()
            self.last, self._touched, self.at = 0, False, None
            self._decode(None)
        if source is None or self._reading:
            return
        steps = () if run is None else run.steps.since(len(run.steps) - 1)
        done = steps[-1].epoch - (not steps[-1].epoch_done) if steps else 0
        far = (source, done, run is None or run.state.over)
        if far != self._read:
            self._read, self._reading = far, True
            work = partial(_opened, session, source[0], run)
            session.errands.send(
                session.services.epochs, "run", work, partial(self._opened, source), self._not_opened
            )

    def _opened(self, source: tuple[str, int | None], kept: KeptRun) -> None:
        self._reading = False
        if source == self._source:
            self._kept, self.last = kept, kept.epochs[-1].epoch
            if self._track is not None:
                self._track.kept = kept
        self._session.errands.ring()  # it may have gone on meanwhile

    def _not_opened(self, sentence: str) -> None:
        self._reading = False  # a run that was deleted for good: there is nothing to go back to

    def _follow_track(self) -> None:
        session = self._session
        scene, run = session.scene, session.training.run
        layout = session.mapping.layout(session.shown, Snapshot(scene.model, scene.cloud, None, 0))
        track = self._track
        if track is None or track.layout != layout:
            track = self._track = Track(self._kept, scene.dataset, layout, scene.model.device)
        going = run is not None and not run.state.over
        if not self._placing and track.next(self.epoch, stored=going) is not None:
            self._placing = True
            work = partial(self._place, track, self.epoch, going)
            session.errands.send(session.services.epochs, "place", work, self._placed, self._not_placed)

    def _place(self, track: Track, near: int | None, going: bool) -> None:
        end = perf_counter() + _AT_A_TIME
        while perf_counter() < end and (epoch := track.next(near, stored=going)) is not None:
            track.place(epoch)

    def _placed(self, _: object) -> None:
        self._placing = False
        if self.moment is not None:
            self._session.looking.paint()
        self._session.errands.ring()

    def _not_placed(self, sentence: str) -> None:
        self._placing, self._session.error = False, sentence

    def _ask_epoch(self) -> None:
        """Have the epoch read that is looked at, unless it was asked for already."""
        session, track, epoch = self._session, self._track, self._nearest(self.at)
        asked = (track, epoch, self._spread(), self._anchor, self.aligned, self._placed_or_lost(epoch))
        if asked == self._asked or not asked[-1]:
            return
        self._asked = asked
        work = partial(_scene, track, epoch, self._spread(), self._anchor, self.aligned)
        session.errands.send(session.services.epochs, "epoch", work, partial(self._gain_epoch, asked))

    def _gain_epoch(self, asked: tuple[object, ...], scene: Scene) -> None:
        if asked == self._asked and self.at is not None:
            self._decode(None if self._settled(scene) else scene)

    def _decode(self, scene: Scene | None) -> None:
        """Decode what is under the cursor by that state of the model; None is the one on the map."""
        if scene is not self.at_hand:
            self.at_hand = scene
            self._session.decode()

    def _settled(self, scene: Scene) -> bool:
        shown = self._session.scene
        return shown is not None and shown.cloud is scene.cloud

    def _shown(self, _: object) -> None:
        """Another scene is on the map: it is decoded, where the map has come to rest."""
        scene, here = self._session.scene, self.snapshot()
        if here is not None and here.model is scene.model and self._source is not None:
            self._origin = here.model, (self._source[0], self._track.weights(self._nearest(self.at)))
            if self._resting:
                self.at_hand = None
        elif self.at is None:
            self.at_hand = None

    def _spread(self) -> bool:
        """Whether each sample's posterior is needed, which is not kept with the places."""
        return bool(self._session.draws) or self._session.colour_by == "KL"

    def _nearest(self, at: float) -> int:
        return min((record.epoch for record in self._kept.epochs), key=lambda epoch: abs(epoch - at))

    def _placed_or_lost(self, epoch: int) -> bool:
        return epoch in self._track.evolution or epoch not in self._track.wanted()

    def _ready(self) -> bool:
        """Whether the epoch that is looked at can be laid out."""
        track, here = self._track, self.snapshot()
        if track is None or here is None or not track.evolution.epochs:
            return False
        return self._placed_or_lost(self._nearest(self.at))

    def _ring(self, *_: object) -> None:
        self._session.errands.ring()


def _opened(session: Session, run_id: str, run: Run | None) -> KeptRun:
    if run is not None and run.state.over:
        run.join()  # its last epoch may still be on the way to the disk
    store = session.services.store
    return KeptRun(store, store.find(run_id))


def _scene(track: Track, epoch: int, spread: bool, anchor: int, aligned: bool) -> Scene:
    snapshot = track.snapshot(epoch, spread=spread)
    projection = track.projection(epoch, anchor, aligned)
    return fitted_scene(track.dataset, snapshot.model, snapshot.cloud, projection)
