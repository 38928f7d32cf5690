"""What happened in a training: made curves that have it and that do not, and real trainings of digits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import models
from explorer.core.datasets import load_dataset
from explorer.core.diagnostics.events import EventDetector, TrainingEvent
from explorer.core.diagnostics.rate_distortion import RatePoint
from models import Step
from tests.core.diagnostics.made import events_of, rate_points_of

ROWS = 1_000


def made(losses: Sequence[float], kl: Sequence[float] | None = None, per_epoch: int = 1) -> list[Step]:
    """Steps with these losses, so many of equal size in an epoch."""
    steps = []
    epochs = math.ceil(len(losses) / per_epoch)
    for at, loss in enumerate(losses):
        terms = {"loss": float(loss), "reconstruction": float(loss) - (0.0 if kl is None else kl[at])}
        if kl is not None:
            terms["kl"] = float(kl[at])
        done = (at + 1) % per_epoch == 0
        seen = ROWS * (at + 1) // per_epoch
        steps.append(Step(at // per_epoch + 1, epochs, seen, ROWS * epochs, terms, None, done, float(at)))
    return steps


def falling(count: int, noise: float = 0.3, start: float = 200.0, end: float = 140.0) -> np.ndarray:
    at = np.arange(count)
    curve = end + (start - end) * np.exp(-at / (count / 6))
    return curve + noise * np.random.default_rng(0).normal(size=count)


def kinds(steps: Sequence[Step], **more: object) -> list[str]:
    return [happening.kind for happening in events_of(steps, **more)]


def at_epochs(found: Sequence[TrainingEvent], kind: str) -> list[int]:
    return [happening.epoch for happening in found if happening.kind == kind]


@given(st.integers(0, 300), st.sampled_from([0.0, 0.1, 1.0]), st.sampled_from([1, 10]))
def test_an_ordinary_curve_has_no_spike_no_divergence_and_no_collapse(
    seed: int, noise: float, per_epoch: int
) -> None:
    curve = falling(100, 0.0) + noise * np.random.default_rng(seed).normal(size=100)
    assert set(kinds(made(curve, np.full(100, 7.0), per_epoch))) <= {"plateau"}


@pytest.mark.parametrize("where", [12, 40, 90])
def test_a_spike_is_named_once_when_it_happens(where: int) -> None:
    curve = falling(100)
    curve[where : where + 3] += [40.0, 25.0, 12.0]
    found = events_of(made(curve))
    assert at_epochs(found, "spike") == [where + 1]
    assert "jumped" in found[[each.kind for each in found].index("spike")].sentence
    assert "spike" not in kinds(made(curve)[:where])
    assert "spike" in kinds(made(curve)[: where + 1])
    curve[60] += 60.0
    assert len(at_epochs(events_of(made(curve)), "spike")) == 2


def test_a_spike_within_an_epoch_is_named_too() -> None:
    curve = falling(100)
    curve[55] += 30.0
    assert at_epochs(events_of(made(curve, per_epoch=10)), "spike") == [6]


def test_a_single_odd_batch_is_no_spike() -> None:
    """Reports of a few samples scatter; the curve is judged in tenths of an epoch."""
    steps = made(falling(200, 0.0), per_epoch=100)
    steps[150] = replace(steps[150], terms={"loss": steps[150].terms["loss"] + 20.0})
    assert "spike" not in kinds(steps)


def test_a_loss_that_leaves_for_good_is_a_divergence() -> None:
    curve = np.concatenate([falling(30), np.linspace(140, 500, 30)])
    found = events_of(made(curve))
    (epoch,) = at_epochs(found, "divergence")
    assert curve[epoch - 1] > 220.0
    assert "above where it began" in next(each for each in found if each.kind == "divergence").sentence
    assert at_epochs(events_of(made(np.linspace(100, 400, 20))), "divergence")


def test_a_fine_tuning_that_rises_a_little_at_first_is_no_divergence() -> None:
    curve = 140 + 2 * np.sin(np.linspace(0, np.pi, 40)) + 0.1 * np.random.default_rng(0).normal(size=40)
    assert "divergence" not in kinds(made(curve))


@pytest.mark.parametrize("term", ["loss", "held out"])
def test_a_loss_that_is_not_finite_is_a_divergence(term: str) -> None:
    steps = made(falling(20))
    if term == "loss":
        steps[12] = replace(steps[12], terms={"loss": math.nan, "reconstruction": math.inf})
    else:
        steps[12] = replace(steps[12], held_out={"loss": math.inf})
    found = events_of(steps)
    assert at_epochs(found, "divergence") == [13]
    assert "not finite" in next(each.sentence for each in found if each.kind == "divergence")


def test_a_curve_that_stays_is_a_plateau_and_one_that_falls_is_none() -> None:
    flat = np.concatenate([np.linspace(200, 140, 20), np.full(20, 140.0)])
    found = events_of(made(flat))
    assert [each.kind for each in found] == ["plateau"]
    assert 21 <= found[0].epoch <= 26
    assert "5 epochs brought no lower loss;" in found[0].sentence
    hardly = np.concatenate([np.linspace(200, 140, 20), 140 - 0.001 * np.arange(1, 20)])
    assert "5 epochs gained 0.005 nats of 60 so far;" in events_of(made(hardly))[0].sentence
    assert kinds(made(np.linspace(200, 100, 60))) == []
    assert kinds(made(200 * 0.97 ** np.arange(40.0))) == []
    slow = np.concatenate([np.linspace(200, 140, 20), 140 - 0.12 * np.arange(1, 20)])  # 1 % in five epochs
    assert kinds(made(slow)) == []
    noisy = flat + 0.5 * np.random.default_rng(0).normal(size=40)
    assert at_epochs(events_of(made(noisy)), "plateau")
    again = np.concatenate([flat, np.linspace(139, 100, 20), np.full(15, 100.0)])
    assert len(at_epochs(events_of(made(again)), "plateau")) == 2
    assert "plateau" not in kinds(
        made(np.concatenate([np.linspace(200, 140, 20), np.linspace(145, 190, 10)]))
    )


def test_codes_that_fall_silent_are_a_collapse() -> None:
    kl = np.concatenate([np.full(10, 6.0), np.linspace(3, 0.2, 5), np.full(15, 0.001)])
    found = events_of(made(falling(30), kl))
    assert at_epochs(found, "collapse") == [18]
    assert "KL 0.001 nats" in next(each.sentence for each in found if each.kind == "collapse")
    assert "collapse" not in kinds(made(falling(30), np.full(30, 0.2)))
    assert "collapse" not in kinds(made(falling(30)))  # no KL at all
    brief = np.full(30, 5.0)
    brief[10:12] = 0.0
    assert "collapse" not in kinds(made(falling(30), brief))
    again = np.concatenate([np.zeros(4), np.full(3, 5.0), np.zeros(23)])
    assert at_epochs(events_of(made(falling(30), again)), "collapse") == [3, 10]
    # Where active axes are known they decide.
    assert "collapse" in kinds(made(falling(30), np.full(30, 5.0)), active=dict.fromkeys(range(4, 9), 0))
    assert "collapse" not in kinds(made(falling(30), np.zeros(30)), active=dict.fromkeys(range(1, 31), 1))


@given(st.integers(0, 500), st.integers(1, 60))
def test_more_steps_take_nothing_back(seed: int, shown: int) -> None:
    random = np.random.default_rng(seed)
    curve = 100 + np.cumsum(random.standard_t(2, size=60)) * 5
    steps = made(curve, np.abs(random.normal(size=60)) * (random.random(60) > 0.5), per_epoch=3)
    whole = events_of(steps)
    assert events_of(steps[:shown]) == tuple(each for each in whole if each.seen <= steps[shown - 1].seen)


def test_silence_that_is_learned_of_later_is_told_then_and_once() -> None:
    judge = EventDetector()
    for step in made(falling(6), np.full(6, 0.3)):  # in nats, so little that it may be noise
        assert judge.add(step) == ()
    assert judge.know(4, 0) == judge.know(5, 0) == ()
    (found,) = judge.know(6, 0)
    assert (found.kind, found.epoch) == ("collapse", 6)
    assert judge.know(6, 0) == ()


def test_a_training_that_goes_on_is_weighed_from_where_it_goes_on() -> None:
    steps = [
        replace(step, seen=step.seen + 3 * ROWS, epoch=4, epochs=4, of=4 * ROWS)
        for step in made([1, 5], [0, 0], 2)
    ]
    assert [point.distortion for point in rate_points_of(steps)] == [3.0]


def test_rate_and_distortion_are_means_over_epochs() -> None:
    steps = made([10.0, 20.0, 30.0, 50.0, 9.0], [1.0, 3.0, 5.0, 7.0, 9.0], per_epoch=2)
    steps[3] = replace(steps[3], held_out={"kl": 6.5, "reconstruction": 40.0, "loss": 46.5})
    assert rate_points_of(steps) == (
        RatePoint(1, 2.0, 13.0, None, None),
        RatePoint(2, 6.0, 34.0, 6.5, 40.0),
    )
    assert rate_points_of(made([1.0, 2.0])) == ()
    assert rate_points_of([]) == ()
    assert events_of([]) == ()


def test_real_trainings_of_digits_are_told_apart() -> None:
    digits = load_dataset("digits")

    def trained(beta: float, rate: float, epochs: int) -> list[Step]:
        model = models.create("vae", shape=digits.shape, latent=2, width=0.25, body="dense", beta=beta)
        steps = models.fit(
            model, digits.train, held_out=digits.test, epochs=epochs, learning_rate=rate, seed=0
        )
        return list(steps)

    good = trained(1.0, 3e-3, 25)
    assert set(kinds(good)) <= {"plateau"}
    points = rate_points_of(good)
    assert [point.epoch for point in points] == list(range(1, 26))
    assert points[-1].distortion < points[0].distortion
    assert points[-1].held_out_rate > 1.0
    assert "collapse" in kinds(trained(50.0, 3e-3, 12))
