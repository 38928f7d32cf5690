"""Training: what on, how long, how far it is, and stopping it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import panel as pn
import panel_material_ui as pmui

from explorer.core.plan import Plan
from explorer.runtime.training import Run, RunState
from explorer.session import Session
from explorer.views.text import Line, button, disclosure, duration, field, heading


class TrainingControls:
    """Start, stop, progress and the knobs of the plan."""

    def __init__(self, session: Session) -> None:
        self._session = session
        on = pmui.RadioButtonGroup.from_param(
            session.training.param.on,
            label="Train on",
            size="small",
            css_classes=["lx-train-on"],
            sizing_mode="stretch_width",
        )
        training, wide = session.training, {"sizing_mode": "stretch_width"}
        self._train = button(
            "Train",
            "lx-train",
            "Train a copy of the model; the map follows.",
            training.start,
            color="primary",
            variant="contained",
            **wide,
        )
        stop_help = "Stop after the batch in hand; the last finished epoch is kept."
        self._stop = button("Stop", "lx-stop", stop_help, training.stop, disabled=True, **wide)
        revert_help = "Go back to the model before the latest training, of whatever family."
        self._revert = button("Revert", "lx-revert", revert_help, training.revert, disabled=True, **wide)
        self._bar = pmui.LinearProgress(value=0, sizing_mode="stretch_width", margin=(6, 10), visible=False)
        self._progress = Line("lx-progress", "Not training.")
        self.panel = pn.Column(
            heading("Train"),
            on,
            pn.Row(self._train, self._stop, self._revert, sizing_mode="stretch_width", margin=0),
            self._bar,
            self._progress.pane,
            disclosure("Epochs, batch size, learning rate", partial(_knobs, training.plan, self._refuse)),
            sizing_mode="stretch_width",
            margin=0,
        )

    def _refuse(self, sentence: str) -> None:
        self._session.error = sentence

    def refresh(self) -> None:
        """Show how far the run is."""
        session = self._session
        run, waiting = session.training.current, session.choosing.waiting
        own = run is not None and run in (session.training.run, session.training.coming)
        active = run is not None and run.state in (RunState.QUEUED, RunState.RUNNING)
        self._train.disabled = waiting
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


def _knobs(plan: Plan, refuse: Callable[[str], object]) -> list[pn.viewable.Viewable]:
    kinds = {
        "epochs": pmui.IntInput,
        "batch_size": pmui.IntInput,
        "learning_rate": pmui.FloatInput,
        "seed": pmui.IntInput,
    }
    return [
        field(
            plan.param[name],
            kind,
            refuse,
            label=name.replace("_", " ").capitalize(),
            size="small",
            sizing_mode="stretch_width",
            css_classes=[f"lx-{name.replace('_', '-')}"],
        )
        for name, kind in kinds.items()
    ]


def _sentence(run: Run, own: bool) -> str:
    if run.state is RunState.QUEUED:
        return f"Waiting for the device: place {run.position} in the queue."
    progress = run.progress
    if progress is None:
        return "Starting …"
    epochs = f"epoch {progress.epoch} of {progress.epochs}"
    if run.state is RunState.RUNNING:
        first = "" if own else "First training: "
        left = "" if progress.seconds_left is None else f" · {duration(progress.seconds_left)} left"
        return f"{first}{epochs} · {progress.samples_per_second:,.0f} samples/s{left}"
    ends = {RunState.DONE: "Done", RunState.STOPPED: "Stopped", RunState.FAILED: "Ended by an error"}
    return f"{ends[run.state]}: {epochs}."
