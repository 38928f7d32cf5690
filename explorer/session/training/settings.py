"""The settings of the next training of a session."""

from __future__ import annotations

import param

from explorer.core.settings.training import TrainingMode, TrainingPlan
from models import default_plan


class TrainingSettings(param.Parameterized):
    """The settings: where the weights come from, which samples are trained on, what becomes of runs.

    Attributes
    ----------
    plan
        How long, how fast and from which seed.
    """

    mode: param.Selector[TrainingMode] = param.Selector(
        default=TrainingMode.FINE_TUNE,
        objects={"Fine-tune": TrainingMode.FINE_TUNE, "From scratch": TrainingMode.FROM_SCRATCH},
        doc="Go on from the weights and the optimizer's state of the model on the map, or begin anew with "
        "fresh weights.",
    )
    on: param.Selector[str] = param.Selector(
        default="everything", objects=["everything", "selection"], doc="Which samples a run is trained on."
    )
    rest = param.Number(
        0.0,
        bounds=(0, 1),
        step=0.05,
        doc="What each sample that is not selected counts: 0 trains on the selected ones only, 1 on all "
        "alike. Each epoch holds all selected samples and that share of the rest, drawn anew.",
    )
    keep: param.Selector[bool] = param.Selector(
        default=False,
        objects={"stop the training": False, "keep training": True},
        doc="What becomes of your trainings when this page is closed. A page that is loaded anew, or whose "
        "connection was lost, finds its training again either way.",
    )
    tensorboard = param.Boolean(
        False, doc="Write TensorBoard event files of each run, into the folder `tensorboard` beside the runs."
    )

    def __init__(self) -> None:
        super().__init__()
        self.plan = TrainingPlan()

    def suit(self, samples: int) -> None:
        """Set the plan to what suits so many training samples."""
        plan = default_plan(samples)
        self.plan.param.update(
            epochs=plan.epochs, batch_size=plan.batch_size, learning_rate=plan.learning_rate
        )
