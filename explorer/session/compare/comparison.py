"""A comparison: its two sides, and what is seen, brushed and decoded on their maps."""

from __future__ import annotations

from functools import partial
from itertools import count

import numpy as np
import param

from explorer.core.comparison.pair import Pair, PlacedSide, pair
from explorer.core.comparison.side import Side
from explorer.core.comparison.triptych import Triptych, TriptychPainter, TriptychRequest, inside
from explorer.core.datasets import Dataset
from explorer.core.projections import Projection
from explorer.core.projections.layout import Layout
from explorer.core.rendering.colouring import Colouring
from explorer.core.scene.viewport import Viewport
from explorer.core.selection.brush import Box, Lasso
from explorer.runtime.concurrency.published import Published
from explorer.runtime.run import Run
from explorer.services import Services
from explorer.session.compare.decoder import TwinDecoder
from explorer.session.compare.measures import Compared, Measures
from explorer.session.compare.sides import NOTHING, RunSides, Sides
from explorer.session.map.projection import ProjectionChoice
from explorer.session.map.selection import SelectionTools
from explorer.session.state import State
from explorer.session.tasks import COMPARISON, Tasks
from explorer.session.training.monitor import trained_on


class Comparison(param.Parameterized):
    """The latest run, from what was on the map when it began to its newest snapshot; or any two sides.

    All of it is made only while it is `shown`. While a run trains its side moves on with the
    map, and no oftener.

    Attributes
    ----------
    image
        The newest maps.
    decoder
        Decodes the place under the cursor by both sides.
    swapped
        Whether before and after have been exchanged.
    calls
        How often two sides were asked for: the page then shows them.
    begun
        How often a comparison was begun anew: the morph is then at its end.
    """

    shown = param.Boolean(False, doc="Whether it is looked at.")
    pair = param.ClassSelector(class_=Pair, doc="What is compared, laid out; None before there is anything.")
    waiting = param.String(NOTHING, doc="Why there is no pair, or what is under way.")
    morph = param.Number(
        1.0,
        bounds=(0, 1),
        doc="How far the samples are on their way from before (0) to after (1), on the two maps of after.",
    )
    arrows = param.Boolean(False, doc="Draw on the right map where samples moved, the most typical ones.")

    def __init__(
        self,
        state: State,
        tasks: Tasks,
        services: Services,
        projection: ProjectionChoice,
        selection: SelectionTools,
    ) -> None:
        super().__init__()
        self._state, self._tasks, self._services = state, tasks, services
        self._projection, self._selection = projection, selection
        self.image: Published[Triptych] = Published()
        self.decoder = TwinDecoder(state, tasks, services)
        self.calls = self.begun = 0
        self._painter = TriptychPainter()
        self._following = RunSides(state, tasks, services)
        self._given: Sides | None = None
        self._asked: tuple[object, ...] = ()  # what was asked to be laid out last
        self._laid: Pair | None = None  # as it was laid out, before any swap
        self.swapped = False
        self._colouring: Colouring | None = None
        self._trained_on: tuple[Run, np.ndarray] | None = None
        self._size, self._home, self._sequence = (320, 320), True, 0
        self._viewport: Viewport | None = None
        self._strokes = count()
        self.measures = Measures(state, tasks, services)
        state.param.watch(self._restyle, ["colouring", "hidden", "theme", "selection", "orientation"])
        self.param.watch(self._open, "shown")
        self.param.watch(self._restyle, "arrows")

    # -- which two ---------------------------------------------------------------------------------------

    def compare(self, before: Side, after: Side, *, related: bool = False) -> None:
        """Compare any two sides of the data on the map.

        Parameters
        ----------
        related
            Whether one was trained on from the other: then a code means the same to both. Else `after` is
            turned onto `before`, where their latent spaces are of one kind.
        """
        scene = self._state.scene
        if scene is None:
            self._state.say("Nothing is on the map yet; wait until the data have been encoded.")
            return
        self.calls += 1
        self._begin_anew(Sides(scene.dataset, before, after, related))

    def compare_run(self) -> None:
        """Go back to the latest run."""
        self._begin_anew(None)

    @property
    def given(self) -> bool:
        """True where two sides were asked for, rather than the latest run."""
        return self._given is not None

    @property
    def at_rest(self) -> bool:
        """True where neither side changes by itself."""
        run = self._state.latest_run
        return self.given or run is None or run.state.over

    def swap(self) -> None:
        """Exchange before and after; once more, and all is as it was."""
        self.swapped = not self.swapped
        if self._laid is not None:
            self._show(self._laid)
            self._follow_measures()

    def follow(self) -> None:
        """Follow the run and the map to their newest state. On the session's own thread, at each turn."""
        scene = self._state.scene
        if self._given is not None and scene is not None and self._given.dataset is not scene.dataset:
            self._given = None
        if not self.shown or scene is None:
            return
        sides = self._given or self._following.sides()
        if sides is not None:
            self._lay_out(sides)
        else:
            self.waiting = self._following.waiting
            elsewhere = self._laid is not None and self._laid.dataset is not scene.dataset
            if self.waiting == NOTHING or elsewhere:  # else what is there stays until something newer comes
                self._laid, self.pair, self._asked = None, None, ()
                self.decoder.show(None)
        self._follow_measures()

    def _begin_anew(self, given: Sides | None) -> None:
        self._given = given
        self.swapped, self._home, self.morph = False, True, 1.0
        self.begun += 1
        self._tasks.ring()

    def abandon(self) -> None:
        """Give up what is being computed when the session ends. Any thread."""
        self._following.abandon()
        self.measures.abandon()

    # -- laying out --------------------------------------------------------------------------------------

    def _lay_out(self, sides: Sides) -> None:
        scene = self._state.scene
        assert scene is not None
        layout = self._projection.drawn or Layout(str(scene.projection.name))
        if sides.run is None and layout.computed is not None:
            layout = Layout(layout.name)  # it is of the codes on the map, which these need not be like
        before, after = sides.before.cloud, sides.after.cloud
        related = None if sides.run is not None else sides.related
        asked = (before, layout, after, (related, sides.after.name))
        if asked == self._asked:
            return
        laid = self._laid
        known = laid.before if laid is not None and asked[:2] == self._asked[:2] else None
        self._asked = asked
        work = partial(_laid_out, sides, layout, scene.projection, known)
        done = partial(self._on_laid_out, sides)
        self._tasks.send(self._services.placings, "compared", work, done, self._on_refused)

    def _on_laid_out(self, sides: Sides, laid: Pair) -> None:
        if (sides.before.cloud, sides.after.cloud) != self._asked[::2]:
            return
        if laid.common:
            self._following.note(sides, not laid.turned)
        if self._laid is None or self._laid.before.side.cloud is not sides.before.cloud:
            self._home = True
        self.waiting = ""
        self._show(laid)
        self._follow_measures()

    def _on_refused(self, sentence: str) -> None:
        self._state.say(sentence)
        self._given = None  # what was there stays

    def _follow_measures(self) -> None:
        if self.shown:
            given = self.chosen, self.swapped, self.at_rest
            self.measures.follow(None if self.pair is None else Compared(self.pair, *given))

    def _show(self, laid: Pair) -> None:
        self._laid = laid
        self.pair = laid.swapped() if self.swapped else laid
        self.paint()
        self.decoder.show(self.pair)

    # -- what is seen ------------------------------------------------------------------------------------

    def look(
        self,
        viewport: Viewport,
        *,
        home: bool,
        sequence: int = 0,
        fraction: float | None = None,
        draft: bool = False,
    ) -> None:
        """Show these ranges on all three maps; `home` asks for everything, whatever the ranges.

        Parameters
        ----------
        fraction
            Of their way that the samples are shown at; None leaves it.
        """
        self._size, self._viewport = (viewport.width, viewport.height), viewport
        self._home, self._sequence = home, sequence
        if fraction is not None:
            self.morph = min(1.0, max(0.0, fraction))
        self.paint(draft)

    def paint(self, draft: bool = False) -> None:
        """Paint the three maps as they are looked at now."""
        request = self.request(draft)
        if request is not None:
            work = partial(self._painter.paint, request)
            self._tasks.send_straight(self._services.maps, "triptych", work, self._on_painted)

    def request(self, draft: bool = False) -> TriptychRequest | None:
        """Return what is to be painted now; None while there is nothing."""
        state, shown, colouring = self._state, self.pair, self._colours()
        if shown is None or colouring is None or not self.shown:
            return None
        n, mask = len(shown.before.codes), state.selected
        if any(
            column is not None and len(column) != n for column in (mask, colouring.labels, colouring.values)
        ):
            return None  # the colours of other data are still under way
        if self._home or self._viewport is None:
            self._viewport = Viewport.around(shown.home, *self._size)
        return TriptychRequest(
            shown,
            colouring,
            mask,
            self.chosen,
            state.hidden,
            state.theme,
            self._viewport,
            self._home,
            self._sequence,
            self.morph,
            self.arrows,
            state.orientation,
            draft,
        )

    @property
    def chosen(self) -> np.ndarray | None:
        """The samples on the middle map: the selection, else what the run was trained on; None is nothing."""
        mask, run = self._state.selected, self._state.latest_run
        if mask is not None or self.given or run is None or run.job.indices is None:
            return mask
        if self._trained_on is None or self._trained_on[0] is not run:
            self._trained_on = run, trained_on(run)
        return self._trained_on[1]

    def _colours(self) -> Colouring | None:
        """Those of the map; the former ones where they only say the same of a newer scene."""
        held, now = self._colouring, self._state.colouring
        if held is None or now is None or _key(held) != _key(now):
            self._colouring = now
        return self._colouring

    def _on_painted(self, image: Triptych) -> None:
        self.image.post(image)
        self._tasks.ring_channel(COMPARISON)

    def _restyle(self, *_: object) -> None:
        self.paint()
        self._follow_measures()

    def _open(self, *_: object) -> None:
        if self.shown:
            self.follow()
            self.paint()  # what has changed since it was looked at
            self._tasks.ring()

    # -- brushing ----------------------------------------------------------------------------------------

    def brush(self, shape: Box | Lasso, which: int) -> None:
        """Select the visible samples inside a shape that was drawn on one of the maps, from the left."""
        request = self.request()
        if request is None:
            return
        work = partial(inside, request, which, shape)
        name, done = f"compared brush {next(self._strokes)}", partial(self._on_brushed, request.pair.dataset)
        self._tasks.send(self._services.extras, name, work, done)

    def _on_brushed(self, dataset: Dataset, mask: np.ndarray) -> None:
        scene = self._state.scene
        if scene is not None and scene.dataset is dataset:
            self._selection.add(mask)


def _key(colouring: Colouring) -> tuple[str, int, int]:
    return colouring.title, id(colouring.labels), id(colouring.values)


def _laid_out(sides: Sides, layout: Layout, like: Projection, known: PlacedSide | None) -> Pair:
    return pair(sides.dataset, sides.before, sides.after, layout, like=like, related=sides.kin(), known=known)
