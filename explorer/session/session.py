"""One user's session: its state, its collaborators, and one ordered pull."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from explorer.core.diagnostics.events import Remedy
from explorer.core.rendering.colouring import menu
from explorer.runtime.base import Base
from explorer.runtime.run import Run, Snapshot
from explorer.services import Services
from explorer.session.compare.comparison import Comparison
from explorer.session.history.film import FilmMaker
from explorer.session.history.history import History
from explorer.session.history.run_beside import RunBeside
from explorer.session.history.shown_run import ShownRun
from explorer.session.history.timeline import Timeline
from explorer.session.last_view import LastView, opening
from explorer.session.latent_axes import LatentAxes
from explorer.session.map.class_counts import ClassCounts
from explorer.session.map.colour_range import ColourRange
from explorer.session.map.colours import Colours
from explorer.session.map.columns import Columns
from explorer.session.map.decoder import Decoder
from explorer.session.map.hold import Hold
from explorer.session.map.neighbours import SceneNeighbours
from explorer.session.map.orientation import OrientationControl
from explorer.session.map.pins import Pins
from explorer.session.map.projection import ProjectionChoice
from explorer.session.map.scene_builder import Built, SceneBuilder
from explorer.session.map.selection import SelectionTools
from explorer.session.map.view import MapView
from explorer.session.samples import Samples
from explorer.session.state import MapSource, State
from explorer.session.tasks import Tasks
from explorer.session.training.estimate import TrainingEstimate
from explorer.session.training.handover import Handover
from explorer.session.training.job import JobBuilder
from explorer.session.training.model_choice import ModelChoice
from explorer.session.training.model_draft import ModelDraft
from explorer.session.training.monitor import Monitor
from explorer.session.training.settings import TrainingSettings
from explorer.session.training.training import Training
from explorer.session.undo import Undo
from explorer.session.undo_pieces import pieces

_BESIDE_THE_MAP = ["projection", "error", "colouring", "hidden", "selection", "theme", "dims", "draws"]
"""What the page says in words and colours of its own."""


class Session:
    """The session of one browser tab.

    A gesture is one assignment or one call on a collaborator. What the workers make of it is published, or
    handed over in `pull`, which runs on the session's own thread once its bell has rung: that thread is the
    only one that writes `state`.

    Parameters
    ----------
    base
        What to open with; None is what the user last saw of the first choice, else its newest run.
    user
        Tells whose views are brought back and saved; empty saves none.
    """

    def __init__(self, services: Services, base: Base | None = None, user: str = "") -> None:
        self.services = services
        self.state = state = State(base or opening(services, user, services.start))
        self.tasks = tasks = Tasks(state.say)
        shared = state, tasks, services
        self.columns = Columns(*shared)
        self.selection = SelectionTools(*shared, self.columns)
        self.settings = TrainingSettings()
        self.draft = ModelDraft(state, tasks, self.settings)
        jobs = JobBuilder(state, services, self.settings, self.draft)
        self.training = Training(*shared, self.settings, jobs)
        self.estimate = TrainingEstimate(*shared, self.settings)
        self.model_choice = ModelChoice(*shared, self.draft, self.training, partial(opening, services, user))
        self.handover = Handover(services.tabs)
        self.monitor = Monitor(*shared)
        self.orientation = OrientationControl(state)
        self.projection = ProjectionChoice(*shared)
        self.shown_run = ShownRun(*shared)
        self.timeline = Timeline(*shared, self.projection, self.shown_run)
        self.film = FilmMaker(*shared, self.timeline)
        self.view = MapView(*shared)
        self.last_view = LastView(*shared, self.view, user)
        self.hold = Hold(*shared)
        self.decoder = Decoder(*shared, self.hold, self.view)
        self.pins = Pins(*shared, self.decoder)
        self.latent_axes = LatentAxes(*shared, self.decoder)
        self.neighbours = SceneNeighbours(*shared)
        self.colours = Colours(*shared, self.columns, self.view)
        self.class_counts = ClassCounts(*shared)
        self.colour_range = ColourRange(*shared, self.selection)
        self.samples = Samples(*shared, self.columns, self.view, self.decoder, self.selection)
        self.builder = SceneBuilder(*shared, self.projection)
        self.comparison = Comparison(*shared, self.projection, self.selection)
        self.history = History(*shared, self.training, self.comparison)
        self.run_beside = RunBeside(*shared, self.history)
        undoable = pieces(state, self.selection, self.pins, self.training, self.model_choice, self.settings)
        self.undo = Undo(undoable, tasks.ring)
        state.param.watch(self._on_shown_beside_the_map, _BESIDE_THE_MAP)
        for knobs in (self.settings, self.settings.plan):
            knobs.param.watch(self._on_settings, list(knobs.param))
        services.sessions.add(self)

    @property
    def token(self) -> int:
        """Tells the sessions of a process apart."""
        return self.tasks.token

    # -- life --------------------------------------------------------------------------------------------

    def join(
        self, bell: Callable[[], object], channels: Mapping[str, Callable[[], object]] | None = None
    ) -> None:
        """Ring `bell`, on any thread, whenever there is something to `pull`.

        Parameters
        ----------
        channels
            Bells for what is published with every move of a hand, by the names in `explorer.session.tasks`;
            a channel without one rings `bell`.
        """
        self.tasks.join(bell, channels)
        bell()

    def pull(self) -> None:
        """Take over what the workers have finished, and follow the base or the run to its newest state."""
        self.tasks.take_over()
        built = self.builder.take()
        if built is not None:
            self._show(built)
        self.view.follow()
        arrived = self.model_choice.follow()
        newest = self.training.follow()
        self.timeline.follow()
        self.film.follow()
        source = self._source(arrived, newest)
        if source is not None:
            self._lay_out(source)
        looked_at = bool(self.latent_axes.shown)
        self.neighbours.follow(busy=self.training.busy, looked_at=looked_at)
        self.history.follow()
        self.estimate.follow(busy=self.training.busy or self.state.base.run is not None)
        self.monitor.follow(self.reported)
        self.comparison.follow()
        self.samples.follow()
        self.last_view.follow()
        self.undo.follow()
        self._note_trainings()

    def close(self) -> None:
        """Stop the run and let go of every worker. Idempotent, safe on any thread."""
        self.last_view.save()
        self.tasks.close()
        self.columns.abandon()
        if not self.handover.leave(self.training.work(self.model_choice.coming)):
            self.training.abandon()
            self.model_choice.abandon()
        self.projection.abandon()
        self.latent_axes.abandon()
        self.film.cancel()
        self.comparison.abandon()

    @property
    def status(self) -> str:
        """The work under way before there is a map, or while another one is prepared."""
        base = self.state.base
        if base.status:
            return base.status
        if self.model_choice.waiting:
            return "Training a new model; the map stays until there is something of it to see …"
        return "" if base.run is None else "Training the model for the first time …"

    @property
    def reported(self) -> Run | None:
        """The run that the charts report: the training that is followed, else the stored run on the map."""
        return self.model_choice.current or self.shown_run.recorded

    def _on_shown_beside_the_map(self, *_: object) -> None:
        self.tasks.ring()  # no worker does: a map that shows them has the same points as before

    def _on_settings(self, *_: object) -> None:
        self.tasks.ring()  # the page says what the next training does, and how long it takes

    # -- gestures that concern several collaborators -----------------------------------------------------

    def train(self) -> None:
        """Train on the selection or on everything; returns at once."""
        if self.model_choice.waiting:
            self.state.say("A new model is being trained; stop that, or wait until it is on the map.")
        else:
            self.training.start()
            self._note_trainings()

    def stop(self) -> None:
        """End the training after the batch in hand; its last finished epoch stays on the map.

        A new model that is on its way is shown as it is by then; of one that has learned nothing yet there
        is nothing to see, and what is on the map stays. What waits goes on to wait.
        """
        self.training.stop()
        self.model_choice.stop()

    def revert(self) -> None:
        """Go back to the model before the latest training, of whatever family."""
        self.model_choice.stop()
        self.training.revert()
        self._note_trainings()

    def bring_back(self) -> None:
        """Put the model on the map again that was reverted last."""
        self.model_choice.stop()
        self.training.bring_back()
        self._note_trainings()

    def point_out(self, xy: tuple[float, float]) -> None:
        """Do what a click on a place of the map means: pick the sample there, or pin what is decoded."""
        if self.pins.tool:
            self.pins.pin(xy)
        else:
            self.decoder.pick(xy)

    def remedy(self, remedy: Remedy) -> None:
        """Do what an event of a training suggests."""
        if remedy.action == "epoch":
            self.timeline.move(remedy.value, rest=True)
        else:
            self.settings.param.update(on="selection", rest=remedy.value)
            self.tasks.ring()

    def make_film(self, kind: str, size: str, fps: int, speed: float) -> None:
        """Film the run on the map, as it is shown; see `FilmMaker.begin`."""
        kept = self.view.viewport if self.state.keeps_scale else None
        self.film.begin(self.view.style, kind, size, fps, speed, kept)

    def arrive(self, former: str, connected: Callable[[], bool], *, patient: bool) -> str:
        """Open the tab, and go on with what its session before has trained; see `Handover.arrive`."""
        token, work = self.handover.arrive(former, connected, patient=patient, busy=self.training.busy)
        if work is not None:
            self.training.take_over(work)
        return token

    def _note_trainings(self) -> None:
        """Leave what is trained where the next session of the tab finds it."""
        self.handover.note(self.training.work(self.model_choice.coming))

    # -- from data to the map ----------------------------------------------------------------------------

    def _source(self, arrived: Snapshot | None, newest: Snapshot | None) -> MapSource | None:
        """Choose what the map shows: a choice once it is ready, an earlier epoch, the run, or the base.

        Nothing while the map is on its way through the epochs, and before there is anything.
        """
        state = self.state
        if arrived is not None and state.base.dataset is not None:
            return MapSource(state.base, state.base.dataset, arrived)
        if self.timeline.moving:
            return None
        if (looked_back_at := self.timeline.source()) is not None:
            return looked_back_at
        if state.run is not None:
            # Without a snapshot, what it starts from is on the map.
            return None if newest is None else MapSource(state.shown, state.run.job.dataset, newest)
        dataset, snapshot = state.shown.dataset, state.shown.snapshot.read()[1]
        if dataset is None or snapshot is None:
            return None
        return MapSource(state.shown, dataset, snapshot)

    def _lay_out(self, source: MapSource) -> None:
        self.last_view.prepare()
        layout = self.projection.layout(source.base, source.snapshot)
        if source.base is self.state.shown:
            layout = self.timeline.layout(layout)
        self.builder.build(source, layout)

    def _show(self, built: Built) -> None:
        """Put a scene on the map, and paint what is seen of it."""
        state, source, scene, before = self.state, built.source, built.scene, self.state.scene
        fresh = before is None or before.dataset is not scene.dataset
        another = self.projection.on_shown(source.base, built.layout)
        if source.base is not state.shown:
            self.training.go_over(self.model_choice.take_coming(), forget=fresh)
        if fresh:
            self.settings.suit(len(scene.dataset.train))
        state.show(source, scene, self.projection.offered(scene.model), menu(scene))
        if another:
            state.choose_projection(built.layout.name)
        self.neighbours.forget()
        self.view.go_over(before)
        self.hold.suit(scene)
        self.colours.recolour()
        self.decoder.pick_again()
        if fresh:
            self.last_view.restore()
            self.undo.forget()
