"""What an axis says, against closed forms on made clouds and against the models' own terms."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import Cancelled
from explorer.core.latent.activity import activity
from explorer.core.latent.axes import measure
from explorer.core.latent.cloud import Cloud, Stamp, encode
from models import Autoencoder
from models.losses import active_units, gaussian_kl


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return load_dataset("iris")


def vae(data: Dataset, latent: int = 3, name: str = "vae") -> Autoencoder:
    return models.create(name, shape=data.shape, latent=latent, width=0.25, seed=3).eval()


def cloud_of(mean: np.ndarray, spread: np.ndarray) -> Cloud:
    mean, spread = mean.astype(np.float32), spread.astype(np.float32)
    kl = gaussian_kl(torch.from_numpy(mean), 2 * torch.from_numpy(spread).log()).sum(1).numpy()
    return Cloud(mean, spread, kl, None, len(mean), (), Stamp("made", "made"))


def test_kl_and_active_units_have_their_closed_forms(iris: Dataset) -> None:
    """Places at +-m with spread s: KL_j = (m^2 + s^2 - 1 - log s^2) / 2, and the variance is m^2."""
    m, s = np.array([1.5, 0.09, 0.11]), np.array([0.2, 1.0, 1.0])
    signs = np.where(np.arange(1_000) % 2, 1.0, -1.0)[:, None]
    found = activity(cloud_of(signs * m, np.tile(s, (1_000, 1))), vae(iris))
    np.testing.assert_allclose(found.kl, (m**2 + s**2 - 1 - np.log(s**2)) / 2, rtol=1e-5)
    np.testing.assert_allclose(found.variance, m**2, rtol=1e-5)
    np.testing.assert_allclose(found.spread, s, rtol=1e-5)
    assert found.active.tolist() == [True, False, True]  # 0.09^2 < 0.01 < 0.11^2
    assert found.units == 2
    assert found.order.tolist() == [0, 2, 1]
    assert found.total_kl == pytest.approx(found.kl.sum(), rel=1e-5)


def test_a_posterior_that_is_the_prior_says_nothing(iris: Dataset) -> None:
    found = activity(cloud_of(np.zeros((40, 3)), np.ones((40, 3))), vae(iris))
    np.testing.assert_allclose(found.kl, 0.0, atol=1e-9)
    assert found.units == 0


def test_figures_are_those_of_the_models_own_terms(iris: Dataset) -> None:
    model = vae(iris)
    cloud = encode(model, iris)
    found = activity(cloud, model)
    posterior = model.encode(torch.from_numpy(np.array(iris.x)))
    kl = gaussian_kl(posterior.mean, 2 * posterior.spread.log()).mean(0)
    np.testing.assert_allclose(found.kl, kl.detach().numpy(), rtol=1e-4)
    assert found.total_kl == pytest.approx(posterior.kl().mean().item(), rel=1e-4)
    assert found.active.tolist() == active_units(posterior.mean).tolist()
    axes = measure(cloud, model)
    np.testing.assert_array_equal(axes.kl, found.kl)
    assert axes.order.tolist() == found.order.tolist()


def test_on_a_sphere_there_is_one_kl_and_without_a_prior_none(iris: Dataset) -> None:
    ball, plain = vae(iris, name="sphere-vae"), vae(iris, name="ae")
    found = activity(encode(ball, iris), ball)
    assert found.kl is None
    assert found.total_kl == pytest.approx(encode(ball, iris).kl.mean(), rel=1e-5)
    assert found.units is not None
    nothing = activity(encode(plain, iris), plain)
    assert nothing.kl is nothing.total_kl is nothing.active is nothing.units is None


def test_it_stops_when_asked(iris: Dataset) -> None:
    model = vae(iris)
    with pytest.raises(Cancelled):
        activity(encode(model, iris), model, stop=lambda: True)
