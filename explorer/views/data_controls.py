"""Which data and which model: the first section of the sidebar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui

import models
from explorer.core.datasets import dataset_names
from explorer.runtime.bases import Choice
from explorer.session import Session
from explorer.views.text import Line, disclosure, heading

UPLOADS = ".npz,.csv,.parquet"


class DataControls:
    """Choosers for data set, model, latent dimension and the model's own knobs."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._quiet = False
        choice = session.base.choice
        sources = {name: name for name in dataset_names()}
        sources.setdefault(Path(choice.source).name, choice.source)
        # The maps of a sphere are not on the page yet; a spherical model that was given is shown anyhow.
        families = [name for name in models.names() if not models.spherical(name) or name == choice.model]
        self._dataset = pmui.Select(
            label="Data set",
            options=sources,
            value=choice.source,
            size="small",
            css_classes=["lx-dataset"],
            description="digits and iris come with scikit-learn; the others are read from the data folder.",
        )
        self._model = pmui.Select(
            label="Model",
            options=families,
            value=choice.model,
            size="small",
            css_classes=["lx-model"],
            description="The family of autoencoder.",
        )
        self._latent = pmui.IntInput(
            label="Dimensions",
            value=choice.latent,
            start=1,
            end=256,
            size="small",
            css_classes=["lx-latent"],
            description="Coordinates of the latent space; more than two are shown on their principal plane.",
        )
        self._knobs = pn.Column(sizing_mode="stretch_width", margin=0)
        self._widgets: dict[str, Any] = {}
        self._options = dict(choice.options)
        self._notes = Line("lx-notes")
        for widget in (self._dataset, self._model):
            widget.param.watch(self._choose, "value")
        self._latent.param.watch(self._choose, "value_throttled")
        self.panel = pn.Column(
            heading("Data"),
            self._dataset,
            pn.Row(self._model, self._latent, sizing_mode="stretch_width", margin=0),
            disclosure("Model knobs, own file", self._rarely),
            self._notes.pane,
            sizing_mode="stretch_width",
            margin=0,
        )
        for widget in (self._dataset, self._model, self._latent):
            widget.sizing_mode = "stretch_width"

    def refresh(self) -> None:
        """Say what happened to the data on reading it, and show the choice that holds."""
        scene = self._session.scene
        self._notes.say(" ".join(scene.dataset.notes) if scene is not None else "")
        choice = self._session.base.choice
        if choice.source in self._dataset.options.values() and self._shown() != choice:
            self._quiet = True
            self._dataset.value, self._model.value, self._latent.value = (
                choice.source,
                choice.model,
                choice.latent,
            )
            self._quiet = False
            self._options = dict(choice.options)
            if self._widgets:
                self._make_knobs()

    def _shown(self) -> Choice:
        self._options |= {name: widget.value for name, widget in self._widgets.items()}
        defaults = {name: option.default for name, option in models.options(self._model.value).items()}
        changed = {name: value for name, value in self._options.items() if value != defaults[name]}
        options = tuple(sorted(changed.items()))
        return Choice(self._dataset.value, self._model.value, int(self._latent.value or 2), options)

    def _choose(self, event: Any) -> None:
        if self._quiet:
            return
        if event.obj is self._model:
            self._options = {}
            if self._widgets:
                self._make_knobs()
        self._session.choose(self._shown())

    def _rarely(self) -> list[pn.viewable.Viewable]:
        self._make_knobs()
        self._file = pmui.FileInput(
            label="Open a file of yours", accept=UPLOADS, size="small", max_file_size=100_000_000
        )
        self._file.param.watch(self._upload, "value")
        return [self._knobs, self._file]

    def _upload(self, event: Any) -> None:
        if event.new:
            path = self._session.services.keep_upload(self._file.filename, event.new)
            self._dataset.options = {**self._dataset.options, path.name: str(path)}
            self._dataset.value = str(path)

    def _make_knobs(self) -> None:
        self._widgets = {}
        for name, option in models.options(self._model.value).items():
            widget = _widget(name, option, self._options.get(name, option.default))
            widget.param.watch(
                self._choose, "value_throttled" if "value_throttled" in widget.param else "value"
            )
            self._widgets[name] = widget
        self._knobs.objects = list(self._widgets.values())


def _widget(name: str, option: Any, value: Any) -> Any:
    label = f"{name.replace('_', ' ')} (default {option.default})"
    common = {
        "label": label,
        "value": value,
        "description": option.help,
        "size": "small",
        "sizing_mode": "stretch_width",
    }
    if option.choices:
        return pmui.Select(options=list(option.choices), **common)
    kind = pmui.IntInput if isinstance(option.default, int) else pmui.FloatInput
    return kind(start=option.low, end=option.high, **common)
