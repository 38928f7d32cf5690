"""Controls of training: its settings, its progress, the queue, start and stop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import panel as pn
import panel_material_ui as pmui

from explorer.core.settings.training import TrainingMode
from explorer.runtime.training.slot import Run, RunState
from explorer.session import Session
from explorer.session.training.queue import Place, queue
from explorer.session.training.settings import TrainingSettings
from explorer.views.components.disclosure import Disclosure
from explorer.views.components.widgets import Line, button, duration, field, heading
from explorer.views.training.queue import QueueList


class TrainingControls:
    """The knobs of the plan. Start, stop and progress are in `actions`, which stays in sight."""

    def __init__(self, session: Session) -> None:
        self._session = session
        settings, wide = session.settings, {"sizing_mode": "stretch_width"}
        group = {"size": "small", **wide}
        way = pmui.RadioButtonGroup.from_param(
            settings.param.mode, label="Weights", css_classes=["lx-train-way"], **group
        )
        on = pmui.RadioButtonGroup.from_param(
            settings.param.on, label="Train on", css_classes=["lx-train-on"], **group
        )
        self._rest = pmui.FloatSlider.from_param(
            settings.param.rest,
            label="The rest counts",
            css_classes=["lx-train-rest"],
            visible=False,
            margin=(4, 18),
            **group,
        )
        self._what = Line("lx-train-what")
        self._train = button(
            "Fine-tune",
            "lx-train",
            "Train a copy of the model; the map follows.",
            session.train,
            color="primary",
            variant="contained",
            **wide,
        )
        stop_help = "Stop after the batch in hand; the last finished epoch is kept."
        self._stop = button("Stop", "lx-stop", stop_help, session.stop, disabled=True, **wide)
        revert_help = "Go back to the model before the latest training, of whatever family."
        self._revert = button("Revert", "lx-revert", revert_help, session.revert, disabled=True, **wide)
        self._bar = pmui.LinearProgress(value=0, sizing_mode="stretch_width", margin=(6, 10), visible=False)
        self._progress = Line("lx-progress", "Not training.", room=2)
        self._queue: QueueList | None = None
        self._behind = pn.Column(margin=0, visible=False, **wide)
        self.panel = pn.Column(
            heading("Train"),
            way,
            on,
            self._rest,
            Disclosure("Epochs, batch size, learning rate …", partial(_knobs, settings, self._refuse)),
            sizing_mode="stretch_width",
            margin=0,
        )
        self.actions = pn.Column(
            self._what.pane,
            pn.Row(self._train, self._stop, self._revert, sizing_mode="stretch_width", margin=(0, 6)),
            pn.Column(self._bar, height=16, margin=0, **wide),  # its room is there before it is
            self._progress.pane,
            self._behind,
            sizing_mode="stretch_width",
            margin=0,
        )

    def _refuse(self, sentence: str) -> None:
        self._session.state.say(sentence)

    def refresh(self) -> None:
        """Show how far the run is."""
        session = self._session
        run, waiting = session.model_choice.current, session.model_choice.waiting
        own = run is not None and run in (session.state.run, session.model_choice.coming)
        active = run is not None and run.state in (RunState.QUEUED, RunState.RUNNING)
        training, settings = session.training, session.settings
        self._train.disabled = waiting
        label = _label(session)
        if self._train.label != label:
            self._train.label = label
        self._rest.visible = settings.on == "selection"
        self._what.say(training.sentence)
        self._wait(queue(session.services.slot, session.token))
        self._stop.disabled = not ((own and active) or waiting)
        self._revert.disabled = not session.training.revertible or active or waiting
        self._bar.visible = active
        if run is None:
            self._progress.say("Not training.")
            return
        fraction = run.progress.fraction if run.progress is not None else 0.0
        if round(100 * fraction) != self._bar.value:
            self._bar.value = round(100 * fraction)
        self._progress.say(_sentence(run, own))

    def _wait(self, places: tuple[Place, ...]) -> None:
        if places and self._queue is None:
            self._queue = QueueList(self._session, sizing_mode="stretch_width", margin=0)
            self._behind.objects = [self._queue]
        if self._queue is not None:
            self._queue.show_places(places)
        self._behind.visible = bool(places)


def _label(session: Session) -> str:
    if session.training.busy:
        return "Queue"
    if session.settings.mode is TrainingMode.FROM_SCRATCH:
        return "From scratch"
    return "Train" if session.state.untrained else "Fine-tune"


def _knobs(settings: TrainingSettings, refuse: Callable[[str], object]) -> list[pn.viewable.Viewable]:
    look = {"size": "small", "sizing_mode": "stretch_width"}
    kinds: dict[str, type[pmui.FloatInput | pmui.IntInput]] = {
        "epochs": pmui.IntInput,
        "batch_size": pmui.IntInput,
        "learning_rate": pmui.FloatInput,
        "seed": pmui.IntInput,
    }
    fields = [
        field(
            settings.plan.param[name],
            kind,
            refuse,
            label=name.replace("_", " ").capitalize(),
            css_classes=[f"lx-{name.replace('_', '-')}"],
            **look,
        )
        for name, kind in kinds.items()
    ]
    keep = pmui.Select.from_param(
        settings.param.keep, label="If this page closes", css_classes=["lx-train-keep"], **look
    )
    tensorboard = pmui.Switch.from_param(
        settings.param.tensorboard, label="TensorBoard files", css_classes=["lx-tensorboard"], size="small"
    )
    return [*fields, keep, tensorboard]


def _sentence(run: Run, own: bool) -> str:
    if run.state is RunState.QUEUED:
        return f"Waiting for the device: place {run.position} in the queue."
    progress = run.progress
    ends = {RunState.DONE: "Done", RunState.STOPPED: "Stopped", RunState.FAILED: "Ended by an error"}
    if progress is None:
        return f"{ends[run.state]} before it began." if run.state.over else "Starting …"
    epochs = f"epoch {progress.epoch} of {progress.epochs}"
    if run.state is RunState.RUNNING:
        first = "" if own else "First training: "
        left = "" if progress.seconds_left is None else f" · {duration(progress.seconds_left)} left"
        return f"{first}{epochs} · {progress.samples_per_second:,.0f} samples/s{left}"
    return f"{ends[run.state]}: {epochs}."
