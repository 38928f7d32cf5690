"""A training with some samples in focus is that of the weighted loss, whatever the rest counts."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

import models
from models.autoencoder import Autoencoder
from models.errors import BadOption
from models.fit_state import OptimizerState
from models.focus import Focus


class Digits:
    x = (load_digits().images[:120, None] / 16).astype(np.float32)


class Few:
    x = Digits.x[:7]


def model_of(name: str = "ae", seed: int = 0) -> Autoencoder:
    return models.create(name, shape=(1, 8, 8), width=0.25, body="dense", seed=seed)


def weights(model: Autoencoder) -> list[torch.Tensor]:
    return [value.detach().clone() for value in model.state_dict().values()]


def same(one: Autoencoder, other: Autoencoder) -> bool:
    return all(torch.equal(a, b) for a, b in zip(weights(one), weights(other), strict=True))


def trained(model: Autoencoder, data: Any = Digits, **settings: Any) -> Autoencoder:
    model = model.clone()
    list(models.fit(model, data, **({"epochs": 3, "batch_size": 32, "seed": 5} | settings)))
    return model


@pytest.mark.parametrize("name", models.names())
def test_only_these_is_training_on_them_and_all_alike_is_training_on_all(name: str) -> None:
    model = models.create(name, shape=(1, 8, 8), latent=3, width=0.25)
    rows = [3, 50, 51, 90, 7]

    class Chosen:
        x = Digits.x[rows]

    assert same(trained(model, focus=Focus(rows, 0.0)), trained(model, Chosen))
    assert same(trained(model, focus=Focus(rows, 1.0)), trained(model))
    assert not same(trained(model, focus=Focus(rows, 0.5)), trained(model))


def test_every_part_of_the_rest_is_as_likely_as_any_other_and_focus_is_always_there() -> None:
    focus, epochs = Focus([1, 4, 5], 0.5), 1_800
    drawn = Counter(tuple(focus.taken(7, 11, epoch).tolist()) for epoch in range(epochs))
    every = {tuple(sorted((1, 4, 5, *pair))) for pair in combinations((0, 2, 3, 6), 2)}
    assert set(drawn) == every
    expected = epochs / len(every)
    assert sum((drawn[part] - expected) ** 2 / expected for part in every) < 20.5  # chi-square, 5 df, 0.1 %


@pytest.mark.parametrize("rest", [0.25, 0.5, 0.75])
def test_the_expected_loss_of_an_epoch_is_the_weighted_one(rest: float) -> None:
    """Brute force: the loss of every part of the rest that can be drawn, and those that are."""
    model, rows = model_of(), [1, 4, 5]
    each = np.array([_loss(model, Digits.x[row : row + 1]) for row in range(7)])
    others = [row for row in range(7) if row not in rows]
    weighted = (each[rows].sum() + rest * each[others].sum()) / (3 + rest * 4)
    drawn = round(rest * 4)
    parts = [each[[*rows, *part]].mean() for part in combinations(others, drawn)]
    assert np.mean(parts) == pytest.approx(weighted)
    epochs = 200
    told = [  # so small a step changes no weight, and each epoch is one batch
        step.terms["loss"]
        for step in models.fit(
            model, Few, focus=Focus(rows, rest), epochs=epochs, batch_size=7, learning_rate=1e-30
        )
        if step.epoch_done
    ]
    assert len(told) == epochs
    assert np.mean(told) == pytest.approx(weighted, abs=4 * np.std(parts) / np.sqrt(epochs))
    assert np.std(told) == pytest.approx(np.std(parts), rel=0.2)


def _loss(model: Autoencoder, x: np.ndarray) -> float:
    with torch.inference_mode():
        return model.loss(torch.tensor(x), torch.Generator()).total.item()


def test_a_share_of_the_rest_is_drawn_anew_each_epoch_by_seed_and_epoch_alone() -> None:
    focus = Focus(np.arange(0, 120, 3), 0.2)
    one = [focus.taken(120, 5, epoch).tolist() for epoch in range(1, 9)]
    assert one == [Focus(np.arange(0, 120, 3), 0.2).taken(120, 5, epoch).tolist() for epoch in range(1, 9)]
    assert len({tuple(part) for part in one}) == 8
    assert one != [focus.taken(120, 6, epoch).tolist() for epoch in range(1, 9)]
    assert {len(part) for part in one} == {focus.size(120)} == {40 + 16}
    assert len({row for part in one for row in part}) > 100, "in the end nearly all take part"


@pytest.mark.parametrize("rest", [0.0, 0.3, 1.0])
def test_resumed_is_uninterrupted_bit_for_bit(rest: float) -> None:
    settings = {"focus": Focus(np.arange(10, 60), rest), "epochs": 6, "batch_size": 16, "seed": 3}
    whole = trained(model_of("vae"), **settings)
    part, states = model_of("vae"), [OptimizerState(0, {})]
    for until in (2, 3, 6):
        run = models.fit(part, Digits, **settings, start=states[-1], keep=states.append)
        for step in run:
            if step.epoch == until and step.epoch_done:
                break
        run.close()
    assert states[-1].epoch == 6
    assert same(part, whole)


def test_steps_count_what_an_epoch_passes_over() -> None:
    steps = list(
        models.fit(model_of(), Digits, focus=Focus(range(30), 0.5), epochs=2, batch_size=20, report_seconds=0)
    )
    assert [step.seen for step in steps] == [20, 40, 60, 75, 95, 115, 135, 150]
    assert {step.of for step in steps} == {150}
    first = next(models.fit(model_of(), Digits, focus=Focus(range(30), 0.5)))
    assert first.epochs == models.default_plan(75).epochs


@pytest.mark.parametrize(
    ("focus", "says"),
    [
        (Focus([], 0.5), "holds no training sample"),
        (Focus([0, 120]), "there are rows 0 to 119"),
        (Focus([-1, 3]), "from row -1 to 3"),
        (Focus([3, 3]), "a row twice"),
        (Focus([0.5]), "whole numbers"),
        (Focus(np.ones(120, bool)), "whole numbers"),
        (Focus([3], 1.5), "cannot count 1.5"),
        (Focus([3], float("nan")), "cannot count nan"),
    ],
)
def test_what_is_no_focus_is_said_before_the_first_step(focus: Focus, says: str) -> None:
    with pytest.raises(BadOption, match=says) as caught:
        models.fit(model_of(), Digits, focus=focus)
    assert "\n" not in str(caught.value)


def test_anew_is_the_same_architecture_with_weights_of_another_seed() -> None:
    model = models.create("vae", shape=(1, 8, 8), latent=3, width=0.5, beta=2.0, seed=4)
    fresh = models.anew(model, 9)
    assert fresh.config == {**model.config, "seed": 9}
    assert same(fresh, models.create("vae", shape=(1, 8, 8), latent=3, width=0.5, beta=2.0, seed=9))
    assert not same(fresh, model)
