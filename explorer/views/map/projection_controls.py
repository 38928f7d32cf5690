"""Controls of the chosen projection: its knobs, its computation, held coordinates, its error."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from explorer.core.columns.own_columns import DISTORTION
from explorer.core.projections import Embedding, Projection
from explorer.core.projections.layout import shown_knobs
from explorer.core.scene.scene import Scene
from explorer.runtime.projection_fit import FitState
from explorer.session import Session
from explorer.session.map.hold import holds
from explorer.views.components.disclosure import Disclosure
from explorer.views.components.widgets import Line, button, field

# Read for its parameters alone.
_EMBEDDING_KNOBS = shown_knobs(Embedding)  # type: ignore[type-abstract]  # no instance of it is made

TITLES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
_WIDE = {"sizing_mode": "stretch_width"}


class ProjectionControls:
    """Shows the controls that the choice needs; each is made when it is needed first."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._note = Line("lx-map-note")
        self._note.pane.visible = False
        self._shown: tuple[str, ...] = ()
        self._parts: dict[str, pn.viewable.Viewable] = {}
        self._knob_sections: dict[str, pn.viewable.Viewable] = {}
        self._quiet = False
        self.panel = pn.Column(self._note.pane, margin=0, **_WIDE)

    def refresh(self) -> None:
        """Show the controls of the chosen projection, and the progress of its computation."""
        session, projection = self._session, self._session.projection
        scene = session.state.scene
        if scene is None:
            return
        knobs = projection.knobs(session.state.projection)
        fit = projection.fit
        active = fit is not None and fit.active
        wanted = [
            *(("compute",) if not knobs.exact or active else ()),
            *(("progress",) if active else ()),
            *(("hold",) if holds(scene) and knobs.exact else ()),
            *(("distortion",) if not scene.projection.exact else ()),
            *((f"knobs {session.state.projection}",) if shown_knobs(type(knobs)) else ()),
        ]
        note = self._sentence(scene, knobs)
        self._note.pane.visible = bool(note)
        self._note.say(note)
        if tuple(wanted) != self._shown:
            self._shown = tuple(wanted)
            self.panel.objects = [self._note.pane, *(self._part(name) for name in wanted)]
        if "compute" in wanted:
            self._compute.disabled = active or knobs.exact or projection.complete
            self._cancel.disabled = not active
        if fit is not None and active:
            self._bar.value = round(100 * fit.fraction)
            self._progress.say(_progress(fit))
        if "distortion" in wanted and self._switch.value != (session.state.colour_by == DISTORTION):
            self._quiet = True
            self._switch.value = session.state.colour_by == DISTORTION
            self._quiet = False

    # -- the parts, each made once -----------------------------------------------------------------------

    def _part(self, name: str) -> pn.viewable.Viewable:
        if name not in self._parts:
            kind, _, which = name.partition(" ")
            makers: dict[str, Callable[[], pn.viewable.Viewable]] = {
                "compute": self._make_compute,
                "progress": self._make_progress,
                "hold": self._make_hold,
                "distortion": self._make_distortion,
                "knobs": partial(self._make_knobs, which),
            }
            self._parts[name] = makers[kind]()
        return self._parts[name]

    def _make_compute(self) -> pn.viewable.Viewable:
        projection = self._session.projection
        help_text = "Compute the chosen map of the codes as they are now; the map stays until it is there."
        self._compute = button("Compute this map", "lx-fit", help_text, projection.compute, **_WIDE)
        cancel_help = "Give the computation up; the map stays as it is."
        self._cancel = button("Cancel", "lx-fit-cancel", cancel_help, projection.cancel, disabled=True)
        return pn.Row(self._compute, self._cancel, margin=(0, 6), **_WIDE)

    def _make_progress(self) -> pn.viewable.Viewable:
        self._bar = pmui.LinearProgress(value=0, margin=(6, 10), **_WIDE)
        self._progress = Line("lx-fit-progress")
        return pn.Column(self._bar, self._progress.pane, margin=0, **_WIDE)

    def _make_hold(self) -> pn.viewable.Viewable:
        return pmui.Select.from_param(
            self._session.hold.param.hold,
            label="Held off the plane",
            size="small",
            css_classes=["lx-hold"],
            **_WIDE,
        )

    def _make_distortion(self) -> pn.viewable.Viewable:
        self._switch = pmui.Switch(
            label="Colour by distortion",
            value=self._session.state.colour_by == DISTORTION,
            css_classes=["lx-distortion"],
            size="small",
            description="Where neighbours on the map are farther apart in latent space than is typical: "
            "there the map has put together what does not belong together.",
            margin=(2, 10),
        )
        self._former = "label"
        self._switch.param.watch(self._overlay, "value")
        return self._switch

    def _make_knobs(self, name: str) -> pn.viewable.Viewable:
        return Disclosure(
            "Projection knobs", partial(_knobs, self._session.projection.knobs(name), self._refuse)
        )

    def _refuse(self, sentence: str) -> None:
        self._session.state.say(sentence)

    def _overlay(self, event: Any) -> None:
        session = self._session
        if self._quiet:
            return
        names = session.state.param.colour_by.objects
        if event.new and DISTORTION in names:
            self._former, session.state.colour_by = session.state.colour_by, DISTORTION
        elif not event.new and session.state.colour_by == DISTORTION:
            session.state.colour_by = self._former if self._former in names else names[0]

    # -- in words ----------------------------------------------------------------------------------------

    def _sentence(self, scene: Scene, knobs: Projection) -> str:
        session, projection = self._session, self._session.projection
        drawn = projection.drawn
        if knobs.exact or drawn is None:
            return ""
        title = _title(knobs.key)
        if drawn.name != knobs.key and isinstance(knobs, Embedding):
            begun = ""
            if projection.fit is not None and projection.fit.state is FitState.CANCELLED:
                begun = "Cancelled. "
            n, fitted = len(scene.cloud), min(len(scene.cloud), knobs.samples)
            codes = f"all {n:,} codes" if fitted == n else f"{fitted:,} of {n:,} codes, the rest placed"
            still = f"{begun}The map still shows {_title(drawn.name)}."
            return f"{still} {title} is to be fitted to {codes}; {_values(knobs)}."
        said = ""
        guess = session.hold.guess
        if guess is not None:
            said = (
                f"Median round-trip error {guess.median:.2f} of the cloud's spread, "
                f"over {guess.samples:,} samples."
            )
        if projection.stale:
            said += " Computed for an earlier state: the codes are placed on it; compute again to suit them."
        elif not projection.complete:
            said += " Knobs have changed: compute again to see what they do."
        return said.strip()


def _title(name: str) -> str:
    return TITLES.get(name, name)


def _values(knobs: Projection) -> str:
    """Return the knobs that shape the map, with their values, in words."""
    names = [name for name in shown_knobs(type(knobs)) if name not in _EMBEDDING_KNOBS]
    return ", ".join(f"{_words(name)} {getattr(knobs, name):g}" for name in names)


def _words(name: str) -> str:
    return {"min_dist": "least distance"}.get(name, name.replace("_", " "))


def _progress(fit: Any) -> str:
    title = _title(fit.layout.name)
    if fit.state is FitState.WAITING:
        return f"{title}: waiting for another computation to end."
    left = fit.seconds_left
    rest = "" if left is None else f", about {max(1, round(left))} s left"
    return f"{title}: {fit.fraction:.0%}, {fit.seconds:.0f} s so far{rest}."


def _knobs(knobs: Projection, refuse: Callable[[str], object]) -> list[pn.viewable.Viewable]:
    kind = type(knobs)
    return [
        field(
            knobs.param[name],
            pmui.IntInput if isinstance(knobs.param[name], param.Integer) else pmui.FloatInput,
            refuse,
            label=f"{_words(name).capitalize()} (default {kind.param[name].default:g})",
            size="small",
            css_classes=[f"lx-knob-{name.replace('_', '-')}"],
            **_WIDE,
        )
        for name in sorted(shown_knobs(kind), key=lambda name: name in _EMBEDDING_KNOBS)
    ]
