"""Training is not slowed by numbers that are next to nothing, and the caller's arithmetic is left alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

import models
from models.denormals import denormals_as_zero
from models.fit_state import OptimizerState

TINY = torch.finfo(torch.float32).tiny


@dataclass(frozen=True)
class Images:
    x: np.ndarray


FULL = Images(np.random.default_rng(0).random((4, 1, 8, 8), dtype=np.float32))
BLANK = Images(np.zeros((4, 1, 8, 8), np.float32))


def keeps_denormals() -> bool:
    return float(torch.tensor(TINY / 4) * 1.0) != 0.0


def test_means_of_gradients_that_are_zero_do_not_become_denormal() -> None:
    model, states = models.create("vae", shape=(1, 8, 8), body="dense", width=0.25), []
    for _ in models.fit(model, FULL, epochs=1, keep=states.append):
        pass
    start: OptimizerState = states[-1].anew()
    for _ in models.fit(model, BLANK, epochs=1_000, start=start, keep=states.append):
        assert keeps_denormals(), "what is done between two Steps is the caller's"
    means = [value for name, value in states[-1].moments.items() if name.endswith("/exp_avg")]
    was = [value for name, value in start.moments.items() if name.endswith("/exp_avg")]
    gone = sum(int(((now == 0) & (then != 0)).sum()) for now, then in zip(means, was, strict=True))
    assert gone > 100, "the weights of blank pixels have no gradient"
    assert not any(((value != 0) & (value.abs() < TINY)).any() for value in means)


def test_a_thread_gets_its_arithmetic_back() -> None:
    assert keeps_denormals()
    with denormals_as_zero():
        assert not keeps_denormals()
        with denormals_as_zero():
            pass
        assert not keeps_denormals(), "what was so before stays so"
    assert keeps_denormals()
