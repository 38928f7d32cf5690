"""The mode and the plan of a training."""

from __future__ import annotations

from enum import Enum

import param


class TrainingMode(Enum):
    """The origin of a training's weights: given ones, or fresh ones."""

    FINE_TUNE = "fine-tune"
    FROM_SCRATCH = "from scratch"


class TrainingPlan(param.Parameterized):
    """The epochs, the batch size, the learning rate and the seed of a run."""

    epochs = param.Integer(20, bounds=(1, 2000), doc="Passes over the training samples.")
    batch_size = param.Integer(
        256, bounds=(1, 8192), doc="Samples per gradient step; at most all of them are taken."
    )
    learning_rate = param.Number(1e-3, bounds=(1e-6, 1e-1), doc="The peak step size of the optimiser (Adam).")
    seed = param.Integer(0, bounds=(0, 2**31 - 1), doc="The same seed gives the same run.")


def trained_on(samples: int, chosen: int | None, rest: float) -> str:
    """Return the samples of a training in words, as shown on the page and in a terminal.

    Parameters
    ----------
    samples, chosen
        The number of training samples, and the number of selected ones; None for all.
    rest
        The weight of each sample that is not selected, relative to 1.
    """
    if chosen is None:
        return f"all {samples:,} samples"
    selected = f"{chosen:,} selected sample{'' if chosen == 1 else 's'}"
    if rest == 0:
        return f"{selected} alone"
    return f"{selected}, the rest counting {rest:.2g}" if rest < 1 else f"{selected}, the rest counting alike"
