"""The progress line: what it says of a run in each of its states."""

from __future__ import annotations

import pytest

import models
from explorer.core.datasets import load_dataset
from explorer.runtime.run import Job, Run, RunState
from explorer.views.training.training_controls import _sentence


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (RunState.RUNNING, "Starting …"),
        (RunState.STOPPED, "Stopped before it began."),
        (RunState.FAILED, "Ended by an error before it began."),
    ],
)
def test_a_run_without_a_step_is_starting_only_while_it_runs(state: RunState, sentence: str) -> None:
    iris = load_dataset("iris")
    run = Run(Job(models.create("vae", shape=iris.shape), iris))
    run.state = state
    assert _sentence(run, own=True) == sentence
