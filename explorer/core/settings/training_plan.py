"""How to train: the knobs of a run."""

from __future__ import annotations

import param


class Plan(param.Parameterized):
    """How long, how fast and from which seed a run trains."""

    epochs = param.Integer(20, bounds=(1, 2000), doc="Passes over the training samples.")
    batch_size = param.Integer(
        256, bounds=(1, 8192), doc="Samples per gradient step; at most all of them are taken."
    )
    learning_rate = param.Number(1e-3, bounds=(1e-6, 1e-1), doc="The peak step size of the optimiser (Adam).")
    seed = param.Integer(0, bounds=(0, 2**31 - 1), doc="The same seed gives the same run.")
