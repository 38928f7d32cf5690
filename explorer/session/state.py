"""The state of one browser tab: what all of a session's collaborators read, each piece with one writer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import param
from jaxtyping import Bool

from explorer.core.datasets import Dataset
from explorer.core.projections import Orthographic, Projection, SphereMap, Turning
from explorer.core.projections.turnable.orientation import Orientation
from explorer.core.rendering.colouring import Colouring
from explorer.core.rendering.depth_buffer import Front
from explorer.core.scene.evolution import Moment
from explorer.core.scene.pick import Picked
from explorer.core.scene.scene import Scene
from explorer.core.selection.brush import intersection
from explorer.core.selection.selection import Selection
from explorer.runtime.base import Base
from explorer.runtime.run import Run, Snapshot


@dataclass(frozen=True, slots=True, eq=False)
class MapSource:
    """The source of a map: the codes of a model at one moment.

    Attributes
    ----------
    base
        The base model that this is of, or that trainings have begun from.
    snapshot
        The model with its codes.
    origin
        Id and epoch of the kept run that an earlier epoch was read from; None where it is the newest state.
    """

    base: Base
    dataset: Dataset
    snapshot: Snapshot
    origin: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """A passage through the epochs of a run: what is painted instead of the scene.

    Attributes
    ----------
    moment
        None where the scene is painted.
    home
        Places that every epoch lies within, corners [n, 2], so that the map keeps its scale; None where that
        is open.
    """

    moment: Moment | None = None
    home: np.ndarray | None = None


class State(param.Parameterized):
    """The state of one browser tab.

    The user's choices (`colour_by`, `projection`, `draws`, `theme`, `dims`, `named`, `keeps_scale`) are
    parameters that widgets are bound to. Everything else has one writer: the method that stands beside it
    here. All of it is written on the session's own thread.
    """

    colour_by: param.Selector[str] = param.Selector(
        default="label", objects=["label"], doc="What the colours of the map mean."
    )
    projection: param.Selector[str] = param.Selector(
        default="identity", objects=["identity"], doc="How latent space is laid out on the plane."
    )
    draws = param.Integer(
        0, bounds=(0, 100), doc="Points drawn from each sample's posterior; 0 shows the posterior means."
    )
    theme: param.Selector[str] = param.Selector(
        default="light", objects=["light", "dark"], doc="Light or dark."
    )
    dims = param.Boolean(False, doc="Whether points on the back of the globe are dimmed rather than hidden.")

    named = param.Boolean(False, doc="Whether the names of the classes are written on the map.")
    keeps_scale = param.Boolean(
        False, doc="Whether the map keeps its scale while a training or a film moves the points."
    )

    cursor = param.Parameter(None, doc="The place under the cursor on the plane, (x, y); None at first.")
    hidden = param.ClassSelector(default=frozenset(), class_=frozenset, doc="Classes that are switched off.")
    emphasised = param.Integer(
        None, allow_None=True, doc="The class that keeps its colour while others are dimmed."
    )
    picked = param.ClassSelector(class_=Picked, doc="The sample that was clicked.")
    selection = param.ClassSelector(default=Selection(), class_=Selection, doc="Which samples are selected.")
    error = param.String("", doc="The last error, in words that say what to do.")
    scene = param.ClassSelector(class_=Scene, doc="What the map shows.")
    colouring = param.ClassSelector(class_=Colouring, doc="The classes or numbers of `colour_by`.")
    orientation = param.ClassSelector(
        class_=Orientation, default=Orientation(), instantiate=False, doc="How latent space is turned."
    )
    passage = param.ClassSelector(
        class_=Passage, default=Passage(), instantiate=False, doc="The passage through the epochs of a run."
    )
    passing = param.ClassSelector(class_=Scene, doc="The epoch that is decoded meanwhile, or None.")
    front = param.ClassSelector(class_=Front, doc="The samples in front on a map with depth, or None.")
    run = param.ClassSelector(class_=Run, doc="The run that the map follows; None where there is none.")
    reverted = param.ClassSelector(
        class_=Run, doc="The run whose model was on the map before it was reverted; None where none was."
    )

    def __init__(self, base: Base) -> None:
        super().__init__()
        self.base = base
        self.shown = base
        self.source: MapSource | None = None

    # -- the base models ---------------------------------------------------------------------------------

    def request(self, base: Base) -> None:
        """Ask for another base on the map; what is on it stays until that one is ready."""
        self.base = base

    def return_to(self, base: Base) -> None:
        """Put a base on the map again that was there before."""
        self.base = self.shown = base

    def expects(self, base: Base) -> bool:
        """Return whether a base is on the map, or was asked for last."""
        return base is self.shown or base is self.base

    @property
    def snapshot(self) -> Snapshot | None:
        """The model on the map with its codes; None before there is a map."""
        return None if self.source is None else self.source.snapshot

    @property
    def untrained(self) -> bool:
        """True where the weights of the model on the map are random: no training has changed them."""
        source = self.source
        if source is None or source.origin is not None:
            return False
        return source.snapshot.step is None and not source.base.trained

    @property
    def origin(self) -> tuple[str, int] | None:
        """Id and epoch of the kept run whose earlier epoch is on the map; None where none is."""
        return None if self.source is None else self.source.origin

    # -- the map -----------------------------------------------------------------------------------------

    def show(
        self, source: MapSource, scene: Scene, projections: Iterable[str], colourings: Mapping[str, str]
    ) -> None:
        """Put a scene on the map. With another data set, nothing stays selected, hidden or picked.

        Parameters
        ----------
        projections
            The names to choose from with this scene, the default first.
        colourings
            The columns to choose from, by their title in the menu, the default first.
        """
        fresh = self.scene is None or self.scene.dataset is not scene.dataset
        projections, columns = list(projections), list(colourings.values())
        with param.parameterized.batch_call_watchers(self):
            self.param.projection.objects = projections
            if self.projection not in projections:
                self.projection = scene.projection.name
            if dict(self.param.colour_by.names or {}) != dict(colourings):
                self.param.colour_by.objects = dict(colourings)
            if fresh:
                self.selection = Selection()
                self.hidden, self.picked, self.cursor = frozenset(), None, None
                self.emphasised = None
            if self.colour_by not in columns:
                self.colour_by = columns[0]
            self.shown, self.source, self.scene = source.base, source, scene

    def refine(self, scene: Scene) -> None:
        """Replace the scene by one of the same codes, which was turned or has its neighbours by now."""
        self.scene = scene

    def choose_projection(self, name: str) -> None:
        """Choose how latent space is laid out."""
        self.projection = name

    def colour(self, colouring: Colouring) -> None:
        """Take a colouring over. With one of other classes no class stays hidden."""
        former = self.colouring
        if former is None or former.classification != colouring.classification:
            self.param.update(hidden=frozenset(), emphasised=None, colouring=colouring)
        else:
            self.colouring = colouring

    def hide(self, classes: frozenset[int]) -> None:
        """Switch these classes off, and all others on."""
        self.hidden = classes

    def emphasise(self, index: int | None) -> None:
        """Dim all classes but this one; None shows each in its colour."""
        self.emphasised = index

    def turn(self, orientation: Orientation) -> None:
        """Turn latent space."""
        self.orientation = orientation

    def see(self, front: Front | None) -> None:
        """Take over which samples are in front on the map."""
        if front is not self.front:
            self.front = front

    def pass_through(self, passage: Passage) -> None:
        """Paint a moment of a run instead of the scene."""
        if passage.moment != self.passage.moment or passage.home is not self.passage.home:
            self.passage = passage

    def decode_by(self, scene: Scene | None) -> None:
        """Decode by another epoch than the one on the map; None is the one on the map."""
        if scene is not self.passing:
            self.passing = scene

    def follow_run(self, run: Run | None, reverted: Run | None = None) -> None:
        """Follow a run with the map; `reverted` is the one that was left for it."""
        self.reverted = reverted
        if run is not self.run:
            self.run = run

    # -- the hand ----------------------------------------------------------------------------------------

    def point_at(self, xy: tuple[float, float] | None) -> None:
        """Move the cursor."""
        self.cursor = xy

    def pick(self, picked: Picked | None) -> None:
        """Show a sample as the picked one."""
        self.picked = picked

    def select(self, selection: Selection) -> None:
        """Replace the selection."""
        self.selection = selection

    def say(self, sentence: str) -> None:
        """Show an error, or an empty sentence to show none."""
        self.error = sentence

    # -- derived -----------------------------------------------------------------------------------------

    @property
    def latest_run(self) -> Run | None:
        """The run that was followed last; a reverted one, until another begins."""
        latest: Run | None = self.reverted or self.run
        return latest

    @property
    def selected(self) -> Bool[np.ndarray, " n"] | None:
        """The selection over the data set, training split first; None selects nothing."""
        return self.selection.mask

    @property
    def visible(self) -> Bool[np.ndarray, " n"] | None:
        """The samples that the legend shows and no globe hides; None is every sample."""
        shown = None if self.colouring is None else self.colouring.shown(self.hidden)
        globe = self.on_map
        if self.scene is None or not isinstance(globe, SphereMap):
            return shown
        return intersection(shown, globe.visible(self.scene.cloud.mean))

    @property
    def on_map(self) -> Projection | None:
        """The projection of the scene; None before there is one."""
        return None if self.scene is None else self.scene.projection

    @property
    def turns(self) -> bool:
        """True where what is on the map can be turned."""
        return isinstance(self.on_map, Turning)

    @property
    def has_back(self) -> bool:
        """True where the map shows one half of the globe and hides the other."""
        return isinstance(self.on_map, Orthographic)
