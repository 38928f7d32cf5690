"""Overfitting: named where the held-out loss rises while the training loss falls, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from explorer.core.diagnostics.events import TrainingEvent
from explorer.core.diagnostics.overfitting import RISING, OverfittingDetector
from models import Step

ROWS = 1_000


def events(training: Sequence[float], held_out: Sequence[float]) -> list[TrainingEvent]:
    """Return the events of epochs with these means."""
    detector, found = OverfittingDetector(), []
    for epoch, (loss, other) in enumerate(zip(training, held_out, strict=True), start=1):
        seen, of = ROWS * epoch, ROWS * len(training)
        step = Step(epoch, len(training), seen, of, {"loss": loss}, {"loss": other}, True, float(epoch))
        if (event := detector.add(step)) is not None:
            found.append(event)
    return found


def curve(count: int, turn: int, up: float, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A training loss that falls, and a held-out loss that turns up from an epoch on, by so much an epoch."""
    at, draw = np.arange(count), np.random.default_rng(seed)
    training = 140 + 60 * np.exp(-at / 8)
    held_out = training + np.where(at > turn, (at - turn) * up, 0.0) + draw.normal(0, noise, count)
    return training, held_out


@pytest.mark.parametrize("seed", range(20))
def test_a_held_out_loss_that_rises_is_named_once_with_the_epoch_to_go_back_to(seed: int) -> None:
    training, held_out = curve(40, 15, 1.5, 0.3, seed)
    (event,) = events(training, held_out)
    lowest = int(np.argmin(held_out)) + 1
    assert event.kind == "overfitting"
    assert event.epoch >= lowest + RISING
    assert event.remedy.value == lowest
    assert f"{held_out[lowest - 1]:.4g} in epoch {lowest}" in event.sentence
    assert f"{held_out[event.epoch - 1]:.4g} nats now" in event.sentence


@pytest.mark.parametrize("seed", range(20))
def test_a_held_out_loss_that_falls_with_noise_is_not(seed: int) -> None:
    assert events(*curve(60, 60, 0.0, 1.0, seed)) == []


def test_a_training_whose_own_loss_rises_too_is_not_overfitting() -> None:
    training, held_out = curve(30, 10, 2.0, 0.1, 0)
    training[12:] += 80
    assert events(training, held_out) == []


def test_losses_that_are_missing_or_not_finite_name_nothing() -> None:
    detector = OverfittingDetector()
    for epoch in range(1, 20):
        given = [({"loss": 1.0}, None), ({"loss": np.nan}, {"loss": 2.0}), ({"loss": 1.0}, {"loss": np.inf})]
        terms, others = given[epoch % 3]
        assert detector.add(Step(epoch, 20, epoch, 20, terms, others, True, 1.0)) is None


def test_it_is_named_again_after_a_new_lowest() -> None:
    training = np.linspace(200, 100, 40)
    held_out = np.concatenate([np.linspace(200, 160, 12), np.linspace(166, 180, 8), np.linspace(150, 140, 10),
                               np.linspace(150, 170, 10)])  # fmt: skip
    assert [event.kind for event in events(training, held_out)] == ["overfitting"] * 2
