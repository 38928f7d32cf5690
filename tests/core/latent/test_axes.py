"""What each axis says, against the models' own closed forms, and a code moved along one axis."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import Cancelled
from explorer.core.latent import activity as activity_module
from explorer.core.latent.axes import Axes, measure, moved, start
from explorer.core.latent.cloud import Cloud, Stamp, encode
from models import Autoencoder


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits")


def made(name: str, dataset: Dataset, latent: int = 4, scale: float = 30.0) -> Autoencoder:
    """A model that was never trained, whose codes are pulled apart, each axis by another factor."""
    model = models.create(name, shape=dataset.shape, latent=latent)
    last = [layer for layer in model.encoder.modules() if isinstance(layer, torch.nn.Linear)][-1]
    with torch.no_grad():
        factors = torch.ones(last.weight.shape[0])
        factors[:latent] = torch.linspace(0.0, scale, latent).roll(1)
        last.weight *= factors[:, None]
        last.bias.zero_()  # so that short codes keep their directions, which on a sphere then mean little
    return model


def silent(name: str, dataset: Dataset) -> Autoencoder:
    """A model whose encoder says the same of every sample: what a collapse ends in."""
    model = models.create(name, shape=dataset.shape, latent=3)
    last = [layer for layer in model.encoder.modules() if isinstance(layer, torch.nn.Linear)][-1]
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.zeros_(last.bias)
    return model


def measured(model: Autoencoder, dataset: Dataset) -> tuple[Cloud, Axes]:
    cloud = encode(model, dataset)
    return cloud, measure(cloud, model)


def test_kl_per_axis_is_the_posteriors_and_sums_to_the_whole(digits: Dataset) -> None:
    model = made("vae", digits)
    cloud, axes = measured(model, digits)
    with torch.inference_mode():
        posterior = model.encode(torch.tensor(digits.x))
    np.testing.assert_allclose(axes.kl, posterior.kl_per_axis().double().mean(0), rtol=1e-4, atol=1e-6)
    assert axes.total_kl == pytest.approx(axes.kl.sum(), rel=1e-5)
    for index in (0, len(digits) - 1):
        begun = start(axes, cloud, index)
        assert begun.kl.sum() == pytest.approx(cloud.kl[index], rel=1e-4)
        np.testing.assert_array_equal(begun.code, cloud.mean[index])
        np.testing.assert_array_equal(begun.spread, cloud.spread[index])


def test_the_figures_are_those_of_the_codes(digits: Dataset) -> None:
    cloud, axes = measured(made("vae", digits), digits)
    np.testing.assert_allclose(axes.mean, cloud.mean.mean(0), atol=1e-6)
    np.testing.assert_allclose(axes.variance, cloud.mean.astype(float).var(0), rtol=1e-5, atol=1e-10)
    np.testing.assert_allclose(axes.spread, np.sqrt((cloud.spread.astype(float) ** 2).mean(0)), rtol=1e-6)
    assert (np.diff(axes.kl[axes.order]) <= 0).all()
    assert (axes.low <= -3).all()
    assert (axes.high >= 3).all()
    inside = ((axes.low <= cloud.mean) & (cloud.mean <= axes.high)).mean(0)
    assert (inside >= 0.99 - 1e-3).all()
    begun = start(axes, cloud, None)
    assert begun.code is axes.mean
    assert begun.index is None


@pytest.mark.parametrize("name", ["vae", "sphere-vae"])
@pytest.mark.parametrize("scale", [0.01, 0.5, 30.0])
def test_active_axes_are_those_that_the_models_name(digits: Dataset, name: str, scale: float) -> None:
    model = made(name, digits, scale=scale)
    _, axes = measured(model, digits)

    class Both:
        x = digits.x

    found = models.activity(model, Both())
    assert tuple(axes.active.tolist()) == found.units
    assert axes.total_kl == pytest.approx(found.kl, rel=1e-4, abs=1e-6)
    assert axes.collapsed == found.collapsed


@pytest.mark.parametrize("name", ["vae", "sphere-vae"])
def test_a_collapsed_model_is_reported_as_collapsed(digits: Dataset, name: str) -> None:
    model = silent(name, digits)
    _, axes = measured(model, digits)
    assert axes.collapsed
    assert "ollapsed" in axes.sentence
    assert "0 of 3 axes active" in axes.sentence
    assert axes.total_kl == pytest.approx(0.0, abs=1e-3)


def drawn(rows: int, used: int, latent: int) -> Cloud:
    """The exact posteriors of a model that uses some axes and leaves the others to the prior."""
    rng = np.random.default_rng(0)
    mean = np.zeros((rows, latent), dtype=np.float32)
    mean[:, :used] = 0.9 * rng.standard_normal((rows, used))
    spread = np.ones_like(mean)
    spread[:, :used] = 0.3
    kl = 0.5 * (mean**2 + spread**2 - 1 - np.log(spread**2)).sum(1)
    return Cloud(mean, spread, kl, None, rows, (), Stamp("data", "model"))


def test_the_sentence_counts(digits: Dataset) -> None:
    cloud = drawn(4_000, 7, 10)
    axes = measure(cloud, models.create("vae", shape=digits.shape, latent=10))
    assert axes.sentence == f"7 of 10 axes active; total KL {cloud.kl.mean():.1f} nats."
    assert set(axes.order[:7].tolist()) == set(range(7))
    assert axes.kl[7:] == pytest.approx(0.0, abs=1e-6)


def test_a_kl_that_is_not_the_sum_of_its_axes_is_not_split(digits: Dataset) -> None:
    cloud = drawn(500, 2, 3)
    other = replace(cloud, kl=cloud.kl + np.float32(0.5))
    model = models.create("vae", shape=digits.shape, latent=3)
    assert measure(cloud, model).kl is not None
    axes = measure(other, model)
    assert axes.kl is None
    assert "sorted by variance" in axes.sentence
    assert start(axes, other, 3).kl is None


@pytest.mark.parametrize("name", ["ae", "sphere-ae"])
def test_without_a_prior_there_is_no_kl_and_no_axis_is_called_inactive(digits: Dataset, name: str) -> None:
    cloud, axes = measured(made(name, digits), digits)
    assert (axes.kl, axes.total_kl, axes.active, axes.spread) == (None, None, None, None)
    assert not axes.collapsed
    assert "no prior" in axes.sentence
    assert (np.diff(axes.variance[axes.order]) <= 0).all()
    assert start(axes, cloud, 0).spread is None


def test_on_the_sphere_the_mean_code_and_the_range_are_of_the_sphere(digits: Dataset) -> None:
    _, axes = measured(made("sphere-vae", digits), digits)
    assert axes.kl is None
    assert "sphere" in axes.sentence
    assert np.linalg.norm(axes.mean) == pytest.approx(1.0, abs=1e-6)
    assert (axes.low == -1).all()
    assert (axes.high == 1).all()


def test_batches_leave_no_seam_and_tell_how_far_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = drawn(5_000, 2, 4)
    model = models.create("vae", shape=(4,), latent=4)
    whole = measure(cloud, model)
    monkeypatch.setattr(activity_module, "_AT_ONCE", 4 * 300)
    told: list[float] = []
    parts = measure(cloud, model, progress=told.append)
    for name in ("mean", "variance", "spread", "kl"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-5, atol=1e-7)
    assert len(told) == 17
    assert told == sorted(told)
    assert told[-1] == 1.0
    with pytest.raises(Cancelled):
        measure(cloud, model, stop=lambda: len(told) > 0)


codes = st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=6).filter(
    lambda values: np.linalg.norm(values) > 0.1
)


@given(codes, st.floats(-1.5, 1.5), st.integers(0, 5))
def test_a_code_moved_on_the_sphere_stays_on_it(values: list[float], value: float, which: int) -> None:
    code = np.array(values, dtype=np.float32)
    code /= np.linalg.norm(code)
    axis = which % len(code)
    found = moved(code, axis, value, sphere=True)
    assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-5)
    assert found[axis] == pytest.approx(np.clip(value, -1, 1), abs=1e-6)
    others = np.delete(np.arange(len(code)), axis)
    if np.linalg.norm(code[others]) > 1e-3 and abs(value) < 0.999:  # they keep their ratios
        before = code[others] / np.linalg.norm(code[others])
        np.testing.assert_allclose(found[others] / np.linalg.norm(found[others]), before, atol=1e-3)


def test_a_code_moved_in_the_plain_space_changes_along_one_axis_only() -> None:
    code = np.array([0.5, -1.0, 2.0], dtype=np.float32)
    np.testing.assert_array_equal(moved(code, 1, 7.0), np.array([0.5, 7.0, 2.0], dtype=np.float32))
    assert code[1] == -1.0
    pole = np.array([0.0, 1.0, 0.0], dtype=np.float32)
    np.testing.assert_allclose(moved(pole, 1, 0.0, sphere=True), [0.0, 0.0, 1.0], atol=1e-7)
