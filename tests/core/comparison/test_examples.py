"""Samples beside both reconstructions, and which of them have become worst."""

from __future__ import annotations

import numpy as np
import pytest

import models
from explorer.core.comparison import examples as module
from explorer.core.comparison.examples import evenly, examples, worst_changed
from explorer.core.datasets import load_dataset
from explorer.core.errors import Cancelled, DataError
from explorer.core.latent.cloud import reconstruction_errors


def test_errors_are_those_of_the_whole_data_set() -> None:
    data = load_dataset("iris")
    one, other = (models.create("vae", shape=data.shape, seed=seed, width=0.25).eval() for seed in (0, 1))
    before, after = reconstruction_errors(one, data), reconstruction_errors(other, data)
    rows = np.array([3, 140, 7])
    found = examples(data, one, other, rows)
    np.testing.assert_allclose(found.errors, np.stack([before[rows], after[rows]], axis=1), rtol=1e-4)
    assert found.before.shape == found.after.shape == (3, 4)
    worst = worst_changed(data, one, other, 5)
    first = len(data.train)
    grown = (after - before)[first:]
    np.testing.assert_array_equal(np.sort(worst - first), np.sort(np.argsort(-grown)[:5]))


def test_of_many_held_out_samples_some_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEARCHED", 6)
    data = load_dataset("iris")
    model = models.create("vae", shape=data.shape, width=0.25).eval()
    rows = worst_changed(data, model, model, 24)
    assert len(rows) == 6
    assert rows.min() >= len(data.train)


def test_rows_are_spread_evenly() -> None:
    assert evenly(np.arange(10), 4).tolist() == [0, 3, 6, 9]
    assert evenly(np.arange(3), 4).tolist() == [0, 1, 2]


def test_it_stops_and_refuses_a_model_of_other_data() -> None:
    data = load_dataset("iris")
    model = models.create("vae", shape=data.shape, width=0.25).eval()
    with pytest.raises(Cancelled):
        worst_changed(data, model, model, stop=lambda: True)
    with pytest.raises(DataError):
        examples(data, model, models.create("vae", shape=(1, 8, 8), width=0.25), np.arange(2))
