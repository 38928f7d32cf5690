"""One user's state, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import param

from explorer.core import projections
from explorer.core.colouring import CHEAP, Colouring
from explorer.core.colouring import names as colouring_names
from explorer.core.datasets import Dataset
from explorer.core.frames import Frame, FrameRequest, make_frame
from explorer.core.painter import MapImage, MapRequest, Style
from explorer.core.picked import Picked, nearest_on_plane, pick
from explorer.core.scene import Scene
from explorer.core.selection import Selection
from explorer.core.viewport import Viewport
from explorer.runtime.bases import Base, Choice
from explorer.runtime.published import Published
from explorer.runtime.run import Snapshot
from explorer.services import Services
from explorer.session.choosing import Choosing
from explorer.session.errands import Errands
from explorer.session.selecting import Selecting
from explorer.session.training import Training


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
        self._former = self.base  # what is on the map, or will be first
        self.choosing = Choosing(self)
        self.frame: Published[Frame] = Published()
        self.map: Published[MapImage] = Published()
        self.viewport: Viewport | None = None
        self._told: Base | None = None
        self._size = (700, 600)
        self._home = True
        self._sequence = 0
        self._style: Style | None = None
        self._laid_out: tuple[Snapshot, str] | None = None
        self.selecting.param.watch(self._restyle, "current")
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
        base = self.base
        if base.error and base is not self._told:
            self._told, self.error = base, base.error
            if base.snapshot.version == 0 or self.choosing.waiting:
                # What was on the screen stays, and so does the choice that it shows.
                self.base = self._former
        self.choosing.follow()
        self._follow()

    def close(self) -> None:
        """Stop the run and let go of every worker. Idempotent, safe on any thread."""
        self.errands.close()
        self.training.abandon()

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
        if dataset is None or snapshot is None or self._laid_out == (snapshot, self.projection):
            return
        self._laid_out = (snapshot, self.projection)
        same = self.scene is not None and self.scene.dataset is dataset
        name = self.projection
        if name not in _offered(snapshot.model.latent):
            name = _offered(snapshot.model.latent)[0]
        like = self.scene.projection if same else None
        self.errands.send(
            self.services.scenes,
            "scene",
            partial(self.services.lay_out, dataset, snapshot.model, snapshot.cloud, name, like),
            partial(self._show, base),
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
        if run is not None:
            return base, run.job.dataset, snapshot  # without a snapshot: what it starts from is on the map
        return base, base.dataset, base.snapshot.read()[1]

    def _show(self, base: Base, scene: Scene) -> None:
        if base is not self._former:
            if base is not self.base:
                return  # another choice has been made since
            self.training.go_over(forget=self.scene is None or self.scene.dataset is not scene.dataset)
            self._former = base
        before = self.scene
        fresh = before is None or before.dataset is not scene.dataset
        with param.parameterized.batch_call_watchers(self):
            suiting = list(_offered(scene.model.latent))
            self.param.projection.objects = suiting
            if self.projection not in suiting and self._laid_out is not None:
                self.projection = scene.projection.name
                self._laid_out = (self._laid_out[0], self.projection)
            names = colouring_names(scene)
            self.param.colour_by.objects = list(names)
            if fresh:
                self._home = True
                self.selecting.current = Selection()
                self.training.suit(len(scene.dataset.train))
                self.hidden, self.picked, self.cursor = frozenset(), None, None
            if self.colour_by not in names:
                self.colour_by = names[0]
            self.scene = scene
        self._recolour()
        with_neighbours = partial(self.services.with_neighbours, scene)
        self.errands.send(self.services.neighbours, "neighbours", with_neighbours, self._gain_neighbours)
        self._ask_frame()
        if self.picked is not None:
            self.pick_index(self.picked.index)

    def _gain_neighbours(self, scene: Scene) -> None:
        if self.scene is not None and scene.key == self.scene.key:
            self.scene = scene
            self._ask_frame()

    @param.depends("colour_by", watch=True)
    def _recolour(self) -> None:
        scene, name = self.scene, self.colour_by
        if scene is None:
            return
        work = partial(self.services.colouring, scene, name)
        if name in CHEAP:
            self._coloured(name, work())
        else:
            self._restyle()  # in the former colours, until the new ones have been computed
            self.errands.send(self.services.extras, "colouring", work, partial(self._coloured, name))

    def _coloured(self, name: str, value: Colouring) -> None:
        if name != self.colour_by:
            return
        if self.colouring is None or self.colouring.title != value.title:
            self.hidden = frozenset()
        self.colouring = value

    # -- the viewport ------------------------------------------------------------------------------------

    def look(self, viewport: Viewport, *, home: bool, sequence: int = 0) -> None:
        """Show these ranges at that size; `home` asks for everything, whatever the ranges."""
        self._size = (viewport.width, viewport.height)
        self._home, self._sequence, self.viewport = home, sequence, viewport
        self._ask_map()

    @param.depends("colouring", "hidden", "draws", "theme", watch=True)
    def _restyle(self, *_: object) -> None:
        if self.colouring is not None:
            self._style = Style(self.colouring, self.selecting.mask, self.hidden, self.draws, self.theme)
            self._ask_map()

    def _ask_map(self) -> None:
        scene, style = self.scene, self._style
        if scene is None or style is None or not _fits(scene, style):
            return
        if self._home or self.viewport is None:
            self.viewport = Viewport.around(scene.xy, *self._size)
        request = MapRequest(scene, style, self.viewport, self._home, self._sequence)
        paint = partial(self.services.painter.paint, request)
        self.errands.send_straight(self.services.maps, "map", paint, self._painted)

    def _painted(self, image: MapImage) -> None:
        self.map.post(image)
        self.errands.ring()

    # -- the cursor --------------------------------------------------------------------------------------

    @param.depends("cursor", watch=True)
    def _ask_frame(self) -> None:
        scene, cursor = self.scene, self.cursor
        if scene is None or cursor is None:
            return
        request = FrameRequest(self.token, (float(cursor[0]), float(cursor[1])), scene.key)
        work = partial(make_frame, request, scene.model, scene.projection, scene.neighbours)
        self.errands.send_straight(self.services.frames, "frame", work, self._decoded)

    def _decoded(self, frame: Frame) -> None:
        self.frame.post(frame)
        self.errands.ring_frame()

    def pick(self, xy: tuple[float, float]) -> None:
        """Pick the visible sample that is drawn nearest to a point of the plane."""
        if self.scene is not None:
            self.pick_index(nearest_on_plane(self.scene, xy, self.visible))

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
        """Which samples the legend shows; None where it hides none."""
        if not self.hidden or self.colouring is None or self.colouring.labels is None:
            return None
        return ~np.isin(self.colouring.labels, list(self.hidden))

    def _fail(self, sentence: str) -> None:
        self.error = sentence


def _offered(latent: int) -> tuple[str, ...]:
    """Return the maps that need neither a hand that turns them nor minutes to be fitted."""
    return tuple(name for name in projections.suiting(latent) if name in ("identity", "pca", "slice"))


def _fits(scene: Scene, style: Style) -> bool:
    # While a new scene's colours are under way, the old ones may be of another data set's length.
    n = len(scene.cloud)
    columns = (style.colouring.labels, style.colouring.values, style.selected)
    return all(column is None or len(column) == n for column in columns)
