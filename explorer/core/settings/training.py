"""How to train: where the weights come from, and the plan of a run."""

from __future__ import annotations

from enum import Enum

import param


class TrainingMode(Enum):
    """Where the weights of a training come from."""

    FINE_TUNE = "fine-tune"
    FROM_SCRATCH = "from scratch"


class TrainingPlan(param.Parameterized):
    """How long, how fast and from which seed a run trains."""

    epochs = param.Integer(20, bounds=(1, 2000), doc="Passes over the training samples.")
    batch_size = param.Integer(
        256, bounds=(1, 8192), doc="Samples per gradient step; at most all of them are taken."
    )
    learning_rate = param.Number(1e-3, bounds=(1e-6, 1e-1), doc="The peak step size of the optimiser (Adam).")
    seed = param.Integer(0, bounds=(0, 2**31 - 1), doc="The same seed gives the same run.")


def trained_on(samples: int, chosen: int | None, rest: float) -> str:
    """What a training learns from, as it is told on the page and in a terminal.

    Parameters
    ----------
    samples, chosen
        How many training samples there are, and how many of them are selected; None for all.
    rest
        What each sample that is not selected counts, beside 1.
    """
    if chosen is None:
        return f"all {samples:,} samples"
    selected = f"{chosen:,} selected sample{'' if chosen == 1 else 's'}"
    if rest == 0:
        return f"{selected} alone"
    return f"{selected}, the rest counting {rest:.2g}" if rest < 1 else f"{selected}, the rest counting alike"
