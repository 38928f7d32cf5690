"""What a training on some samples does to the others, on made errors and on real digits."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import models
from explorer.core.datasets import load_dataset
from explorer.core.diagnostics import forgetting as module
from explorer.core.diagnostics.forgetting import baseline, forgetting, since
from explorer.core.errors import BadSelection, Cancelled, ExplorerError
from explorer.core.latent.cloud import reconstruction_errors


def errors(n: int = 400, seed: int = 0) -> np.ndarray:
    return (100 + 10 * np.random.default_rng(seed).normal(size=n)).astype(np.float32)


def test_means_are_those_of_the_groups() -> None:
    before, now, selected = errors(), errors(seed=1) - 3, np.arange(400) % 4 == 0
    found = forgetting(before, now, selected, "nats of a kind")
    for group, rows in ((found.selected, selected), (found.unselected, ~selected)):
        assert group.count == rows.sum()
        assert group.before == pytest.approx(before[rows].mean())
        assert group.now == pytest.approx(now[rows].mean())
        assert group.change == pytest.approx((now - before)[rows].mean(), rel=1e-5)
        error = (now - before)[rows].std() / np.sqrt(rows.sum())
        assert (group.high - group.low) / (2 * 1.96 * error) == pytest.approx(1.0, abs=0.2)
        assert group.low < group.change < group.high
    frame = found.frame()
    assert frame.index.tolist() == ["selected", "unselected"]
    assert frame.loc["selected", "change"] == found.selected.change


def test_what_became_worse_is_forgotten() -> None:
    before, selected = errors(), np.arange(400) < 100
    noise = np.random.default_rng(2).normal(size=400).astype(np.float32)
    worse = forgetting(before, before + noise + np.where(selected, -5, 8).astype(np.float32), selected, "X")
    assert (worse.selected.verdict, worse.unselected.verdict) == ("better", "worse")
    assert worse.sentence.startswith("Forgetting:")
    assert "nats (X)" in worse.sentence
    better = forgetting(before, before + noise - 5, selected, "X")
    assert better.sentence.startswith("Nothing is forgotten")
    same = forgetting(before, before, selected, "X")
    assert same.unselected.verdict == "no clear change"
    assert same.unselected.change == 0.0
    assert "clearly" in same.sentence


def test_a_selection_of_all_or_none_has_one_group() -> None:
    every, none = np.ones(400, bool), np.zeros(400, bool)
    found = forgetting(errors(), errors(), every, "X")
    assert found.unselected is None
    assert "All samples" in found.sentence
    assert found.frame().index.tolist() == ["selected"]
    assert forgetting(errors(), errors(), none, "X").selected is None


def test_training_on_one_digit_forgets_the_others() -> None:
    digits = load_dataset("digits")
    before = models.create("vae", shape=digits.shape, latent=2, width=0.25, body="dense")
    list(models.fit(before, digits.train, epochs=15, seed=0))
    now, chosen = before.clone(), digits.train.y == 3
    list(models.fit(now, SimpleNamespace(x=digits.train.x[chosen]), epochs=40, seed=0))
    shares: list[float] = []
    found = module.measure(before, now, digits, digits.y == 3, progress=shares.append)
    assert found.selected.verdict == "better"
    assert found.unselected.verdict == "worse"
    assert found.convention == before.convention
    assert found.unselected.now == pytest.approx(
        reconstruction_errors(now, digits)[digits.y != 3].mean(), rel=1e-5
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with pytest.raises(Cancelled):
        module.measure(before, now, digits, digits.y == 3, stop=lambda: True)
    other = models.create("vae", shape=digits.shape, latent=2, width=0.25, likelihood="gaussian")
    with pytest.raises(ExplorerError, match="cannot be compared"):
        module.measure(before, other, digits, digits.y == 3)
    with pytest.raises(BadSelection, match="covers 5 samples"):
        module.measure(before, now, digits, np.ones(5, bool))


def test_a_training_that_goes_on_is_held_against_one_baseline() -> None:
    digits = load_dataset("digits")
    before = models.create("vae", shape=digits.shape, latent=2, width=0.25, body="dense", seed=0)
    now, chosen = (
        models.create("vae", shape=digits.shape, latent=2, width=0.25, body="dense", seed=1),
        digits.y == 3,
    )
    whole = baseline(before, digits, chosen)
    assert whole.words == ""
    found, brute = since(whole, now, digits), module.measure(before, now, digits, chosen)
    assert found.frame().equals(brute.frame())
    some = baseline(before, digits, chosen, most=50)
    every = reconstruction_errors(before, digits)
    assert (some.selected.sum(), (~some.selected).sum()) == (50, 50)
    assert (digits.y[some.rows] == 3).tolist() == some.selected.tolist()
    np.testing.assert_allclose(some.errors, every[some.rows], rtol=1e-5)
    assert some.of == (chosen.sum(), (~chosen).sum())
    assert some.words == (
        f"Measured on 50 of {some.of[0]} selected and 50 of {some.of[1]:,} unselected samples, drawn once."
    )
    part = since(some, now, digits)
    after = reconstruction_errors(now, digits)[some.rows]
    assert part.unselected.change == pytest.approx((after - some.errors)[~some.selected].mean(), rel=1e-4)
    again = baseline(before, digits, chosen, most=50)
    assert (again.rows == some.rows).all()
    with pytest.raises(BadSelection, match="covers 5 samples"):
        baseline(before, digits, np.ones(5, bool))
    with pytest.raises(Cancelled):
        baseline(before, digits, chosen, stop=lambda: True)
    other = models.create("vae", shape=digits.shape, latent=2, width=0.25, likelihood="gaussian")
    with pytest.raises(ExplorerError, match="cannot be compared"):
        since(some, other, digits)


def test_so_many_values_of_a_group_are_measured_and_some_samples_at_least(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    digits = load_dataset("digits")
    model = models.create("ae", shape=digits.shape, latent=2, width=0.25, body="dense", seed=0)
    monkeypatch.setattr(module, "VALUES", 20 * 64)
    monkeypatch.setattr(module, "LEAST", 5)
    assert np.bincount(baseline(model, digits, digits.y == 3).selected).tolist() == [20, 20]
    monkeypatch.setattr(module, "LEAST", 30)
    assert np.bincount(baseline(model, digits, digits.y == 3).selected).tolist() == [30, 30]


def test_lengths_that_differ_are_one_sentence() -> None:
    for wrong in ((errors(5), errors(6), np.ones(5, bool)), (errors(0), errors(0), np.ones(0, bool))):
        with pytest.raises(BadSelection, match="do not belong together"):
            forgetting(*wrong, "X")
