"""Choosers for data and model: the first section of the sidebar."""

from __future__ import annotations

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

import models
from explorer.core.settings.model import Knobs
from explorer.session import Session
from explorer.views.components.disclosure import Disclosure
from explorer.views.components.widgets import Line, button, field, heading

UPLOADS = ".npz,.csv,.parquet"


class DataControls:
    """Choosers for data set, model, latent dimension and the model's knobs, and the effect of a change."""

    def __init__(self, session: Session) -> None:
        self._session = session
        draft = session.draft
        self._dataset = pmui.Select.from_param(draft.param.source, label="Data set", **_look("lx-dataset"))
        self._model = pmui.Select.from_param(draft.param.model, label="Model", **_look("lx-model"))
        self._latent = field(
            draft.param.latent, pmui.IntInput, self._refuse, label="Dimensions", **_look("lx-latent")
        )
        self._about = Line("lx-about")
        self._question = Line("lx-question")
        self._note = Line("lx-note")
        self._notes = Line("lx-notes")
        self._answers = pn.Row(sizing_mode="stretch_width", margin=0, visible=False)
        self._knobs: Knobs | None = None
        self._panel = pn.Column(sizing_mode="stretch_width", margin=0)
        self.panel = pn.Column(
            heading("Data"),
            self._dataset,
            pn.Row(self._model, self._latent, sizing_mode="stretch_width", margin=0),
            self._about.pane,
            Disclosure("Model knobs, own file", self._rarely),
            self._note.pane,
            self._question.pane,
            self._answers,
            self._notes.pane,
            sizing_mode="stretch_width",
            margin=0,
        )
        self.refresh()

    def refresh(self) -> None:
        """Say what the draft means and what happened to the data on reading it."""
        session = self._session
        draft, scene = session.draft, session.state.scene
        self._notes.say(" ".join(scene.dataset.notes) if scene is not None else "")
        known = draft.model in models.names()
        self._about.say(models.describe(draft.model) if known else "A model of your own.")
        question = draft.question
        self._question.say(question)
        self._note.say(draft.note)
        if question and not self._answers.objects:
            self._answers.objects = self._buttons()
        self._answers.visible = bool(question)
        if self._knobs is not None and draft.knobs is not self._knobs:
            self._show_knobs()

    def _buttons(self) -> list[pn.viewable.Viewable]:
        draft, wide = self._session.draft, {"sizing_mode": "stretch_width"}
        return [
            button(
                "Go ahead",
                "lx-apply",
                "Open what is chosen above; a new model is trained from scratch.",
                self._session.model_choice.apply,
                color="primary",
                variant="contained",
                **wide,
            ),
            button("Discard", "lx-discard", "Go back to what is on the map.", draft.discard, **wide),
        ]

    def _rarely(self) -> list[pn.viewable.Viewable]:
        self._show_knobs()
        self._file = pmui.FileInput(
            label="Open a file of yours", accept=UPLOADS, size="small", max_file_size=100_000_000
        )
        self._file.param.watch(self._upload, "value")
        return [self._panel, self._file]

    def _upload(self, event: Any) -> None:
        if event.new:
            session = self._session
            session.model_choice.offer(session.services.keep_upload(self._file.filename, event.new))

    def _show_knobs(self) -> None:
        knobs = self._knobs = self._session.draft.knobs
        assert knobs is not None
        self._panel.objects = [self._widget(knobs, name) for name in knobs.options]

    def _widget(self, knobs: Knobs, name: str) -> Any:
        parameter, title = knobs.param[name], name.replace("_", " ")
        look = _look(f"lx-{title.replace(' ', '-')}")
        look["label"] = f"{title} (default {knobs.options[name].default})"
        if isinstance(parameter, param.Selector):
            return pmui.Select.from_param(parameter, **look)
        return field(parameter, pmui.FloatInput, self._refuse, **look)

    def _refuse(self, sentence: str) -> None:
        self._session.state.say(sentence)


def _look(handle: str) -> dict[str, Any]:
    return {"size": "small", "sizing_mode": "stretch_width", "css_classes": [handle]}
