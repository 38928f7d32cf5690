"""One user's state, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import param

from explorer.core.datasets import Dataset
from explorer.core.projections import SphereMap
from explorer.core.projections.layout import Layout
from explorer.core.rendering.colouring import CHEAP, SLOW, Colouring
from explorer.core.rendering.colouring import names as colouring_names
from explorer.core.rendering.painter import MapImage
from explorer.core.scene.decode import Frame, FrameRequest, make_frame
from explorer.core.scene.pick import Picked, nearest_on_plane, pick
from explorer.core.scene.scene import Scene
from explorer.core.selection.brush import intersection
from explorer.core.selection.selection import Selection
from explorer.runtime.base_models import Base, Choice
from explorer.runtime.concurrency.published import Published
from explorer.runtime.run import Snapshot
from explorer.services import Services
from explorer.session.compare.comparison import Comparing
from explorer.session.history.history import History
from explorer.session.history.timeline import Timeline
from explorer.session.latent_axes import Inspecting
from explorer.session.map.neighbours import Nearby
from explorer.session.map.orientation import Orienting
from explorer.session.map.pins import Pinning
from explorer.session.map.projection import Mapping
from explorer.session.map.seen import seen_at
from explorer.session.map.selection import Selecting
from explorer.session.map.view import Looking
from explorer.session.tasks import Errands
from explorer.session.training.model_choice import Choosing
from explorer.session.training.monitor import Watching
from explorer.session.training.training import Training


class Session(param.Parameterized):
    """What one browser tab shows and does.

    A gesture is one assignment or one call here. What the workers make of it is published or queued,
    and taken over by `pull`, which runs on the session's own thread once its bell has rung: that thread
    is the only one that writes any parameter.
    """

    cursor = param.Parameter(None, doc="Where the hand is on the plane, (x, y); None before it came.")
    colour_by = param.Selector(default="label", objects=["label"], doc="What the colours of the map mean.")
    projection = param.Selector(
        default="identity", objects=["identity"], doc="How latent space is laid out on the plane."
    )
    draws = param.Integer(
        0, bounds=(0, 100), doc="Points drawn from each sample's posterior; 0 shows the posterior means."
    )
    hidden = param.ClassSelector(default=frozenset(), class_=frozenset, doc="Classes that are switched off.")
    theme = param.Selector(default="light", objects=["light", "dark"], doc="Light or dark.")
    picked = param.ClassSelector(class_=Picked, doc="The sample that was clicked.")
    error = param.String("", doc="The last error, in words that say what to do.")
    scene = param.ClassSelector(class_=Scene, doc="What the map shows.")
    colouring = param.ClassSelector(class_=Colouring, doc="The classes or numbers of `colour_by`.")

    def __init__(self, services: Services, base: Base | None = None) -> None:
        super().__init__()
        self.services = services
        self.base = base or services.bases.get(services.start, allow_import=True)
        self.errands = Errands(self._fail)
        self.selecting = Selecting(self)
        self.training = Training(self)
        self.watching = Watching(self)
        self.orienting = Orienting(self)
        self.pinning = Pinning(self)
        self.inspecting = Inspecting(self)
        self.nearby = Nearby(self)
        self._former = self.base  # what is on the map, or will be first
        self.choosing = Choosing(self)
        self.frame: Published[Frame] = Published()
        self.map: Published[MapImage] = Published()
        self._told: Base | None = None
        self.laid_out: tuple[Snapshot, Layout] | None = None  # what has been asked for last
        self.mapping = Mapping(self)
        self.looking = Looking(self)
        self.history = History(self)
        self.timeline = Timeline(self)
        self.comparing = Comparing(self)
        services.sessions.add(self)

    @property
    def token(self) -> int:
        """Tells the sessions of a process apart."""
        return self.errands.token

    # -- life --------------------------------------------------------------------------------------------

    def join(self, bell: Callable[[], None], frame_bell: Callable[[], None] | None = None) -> None:
        """Have `bell` rung, on any thread, whenever there is something to `pull`.

        `frame_bell` is rung instead of it when all that is new is `frame`.
        """
        self.errands.join(bell, frame_bell)
        bell()

    def pull(self) -> None:
        """Take over what the workers have finished, and follow the base or the run to its newest state."""
        self.errands.take_over()
        self.looking.follow()
        base = self.base
        if base.error and base is not self._told:
            self._told, self.error = base, base.error
            if base.snapshot.version == 0 or self.choosing.waiting:
                # What was on the screen stays, and so does the choice that it shows.
                self.base = self._former
        self.choosing.follow()
        self.training.follow()
        self.timeline.follow()
        self._follow()
        self.nearby.follow()
        self.history.follow()
        self.watching.follow()
        self.comparing.see()

    def close(self) -> None:
        """Stop the run and let go of every worker. Idempotent, safe on any thread."""
        self.errands.close()
        self.training.abandon()
        self.mapping.abandon()
        self.inspecting.abandon()
        self.timeline.filming.cancel()
        self.comparing.abandon()

    @property
    def status(self) -> str:
        """What is under way before there is a map, or while another one is prepared."""
        if self.base.status:
            return self.base.status
        if self.choosing.waiting:
            return "Training a new model; the map stays until there is something of it to see …"
        return "" if self.base.run is None else "Training the model for the first time …"

    @property
    def shown(self) -> Base:
        """The base whose model, or what trainings have made of it, is on the map."""
        return self._former

    def return_to(self, base: Base) -> None:
        """Have a base on the map again that was there before."""
        self.base = self._former = base
        self.errands.ring()

    # -- from data to the map ----------------------------------------------------------------------------

    def choose(self, choice: Choice) -> None:
        """Go over to another data set or model.

        What is on the screen stays until that is ready, and a run goes on until then.
        """
        self.error = ""
        self.base = self.services.bases.get(choice)
        self.errands.ring()

    def _follow(self) -> None:
        base, dataset, snapshot = self._newest()
        past = self.timeline if base is self._former else None
        if dataset is None or snapshot is None or (past is not None and past.moving):
            return
        layout = self.mapping.layout(base, snapshot)
        if past is not None:
            layout = past.layout(layout)
        if self.laid_out == (snapshot, layout):
            return
        self.laid_out = (snapshot, layout)
        like = self.mapping.like(layout, dataset)
        # Placing codes on an embedding takes seconds, and nobody else should wait for that.
        quick = layout.computed is None
        self.errands.send(
            self.services.scenes if quick else self.services.placings,
            "scene" if quick else "placed scene",
            partial(self.services.lay_out, dataset, snapshot.model, snapshot.cloud, layout, like),
            partial(self.mapping.took, base, layout),
            partial(self.mapping.refused, layout),
        )

    @param.depends("projection", "error", watch=True)
    def _ring(self) -> None:
        # Neither has a worker behind it that would.
        self.errands.ring()

    def _newest(self) -> tuple[Base, Dataset | None, Snapshot | None]:
        """Return what the map should show: a choice once it is ready, the run until then, or the base."""
        if self.base is not self._former and (arrived := self.choosing.arrived()) is not None:
            return self.base, self.base.dataset, arrived
        base, run, snapshot = self._former, self.training.run, self.training.snapshot()
        if (looked_back_at := self.timeline.snapshot()) is not None:
            return base, self.scene.dataset, looked_back_at
        if run is not None:
            return base, run.job.dataset, snapshot  # without a snapshot: what it starts from is on the map
        return base, base.dataset, base.snapshot.read()[1]

    def expects(self, base: Base) -> bool:
        """Whether what comes from a base is still wanted, and no other choice has been made since."""
        return base is self._former or base is self.base

    def show(self, base: Base, scene: Scene) -> None:
        """Put a scene on the map, and have made what is seen of it. On the session's own thread."""
        if base is not self._former:
            self.training.go_over(forget=self.scene is None or self.scene.dataset is not scene.dataset)
            self._former = base
        before = self.scene
        fresh = before is None or before.dataset is not scene.dataset
        with param.parameterized.batch_call_watchers(self):
            suiting = list(self.mapping.offered(scene.model))
            self.param.projection.objects = suiting
            if self.projection not in suiting:
                self.projection = scene.projection.name
            names = colouring_names(scene)
            self.param.colour_by.objects = list(names)
            if fresh:
                self.selecting.current = Selection()
                self.training.suit(len(scene.dataset.train))
                self.hidden, self.picked, self.cursor = frozenset(), None, None
            if self.colour_by not in names:
                self.colour_by = names[0]
            self.scene = scene
        self.nearby.forget()
        self.looking.go_over(before)
        self.mapping.suit(scene)
        self._recolour()
        if self.picked is not None:
            self.pick_index(self.picked.index)

    @param.depends("colour_by", watch=True)
    def _recolour(self) -> None:
        scene, name = self.scene, self.colour_by
        if scene is None:
            return
        work = partial(self.services.colouring, scene, name)
        if name in CHEAP:
            self._coloured(name, work())
        else:
            self.looking.restyle()  # in the former colours, until the new ones have been computed
            worker = self.services.measures if name in SLOW else self.services.extras
            self.errands.send(worker, "colouring", work, partial(self._coloured, name))

    def _coloured(self, name: str, value: Colouring) -> None:
        if name != self.colour_by:
            return
        if self.colouring is None or self.colouring.title != value.title:
            self.hidden = frozenset()
        self.colouring = value

    # -- the cursor --------------------------------------------------------------------------------------

    def decode(self) -> None:
        """Decode the place under the cursor again: something about the way there has changed."""
        self._ask_frame()

    @param.depends("cursor", watch=True)
    def _ask_frame(self) -> None:
        shown, cursor = self.scene, self.cursor
        if shown is None or cursor is None:
            return
        self.nearby.follow()
        scene = self.timeline.at_hand or shown
        xy = (float(cursor[0]), float(cursor[1]))
        seen = seen_at(self, xy)
        point = None if seen is None else (seen, scene.cloud.mean[seen])
        request = FrameRequest(self.token, xy, shown.key, point)
        lift = self.mapping.lift(scene)
        work = partial(make_frame, request, scene.model, scene.projection, scene.neighbours, lift)
        self.errands.send_straight(self.services.frames, "frame", work, self._decoded)

    def _decoded(self, frame: Frame) -> None:
        self.frame.post(frame)
        self.errands.ring_frame()

    def point_out(self, xy: tuple[float, float]) -> None:
        """Do what a click on a place of the map means: pick the sample there, or pin what is decoded."""
        if self.pinning.tool:
            self.pinning.pin(xy)
        else:
            self.pick(xy)

    def pick(self, xy: tuple[float, float]) -> None:
        """Pick the visible sample that is drawn nearest to a point of the plane."""
        if self.scene is not None:
            seen = seen_at(self, xy)
            index = nearest_on_plane(self.scene, xy, self.visible) if seen is None else seen
            self.pick_index(index)

    def pick_index(self, index: int) -> None:
        """Pick the sample of that index, training split first."""
        if self.scene is None:
            return
        work = partial(pick, self.scene, index)
        self.errands.send(self.services.frames, "picked", work, partial(self._picked, self.scene.dataset))

    def _picked(self, dataset: Dataset, picked: Picked) -> None:
        if self.scene is not None and self.scene.dataset is dataset:
            self.picked = picked

    @property
    def visible(self) -> np.ndarray | None:
        """Which samples the legend shows and no globe hides; None where that is every one."""
        scene, colouring = self.scene, self.colouring
        shown = None if colouring is None else colouring.shown(self.hidden)
        globe = scene is not None and isinstance(scene.projection, SphereMap)
        return intersection(shown, scene.projection.visible(scene.cloud.mean) if globe else None)

    def _fail(self, sentence: str) -> None:
        self.error = sentence
