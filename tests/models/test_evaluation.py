"""Bounds against the likelihood itself, and a collapse that is called one."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch.distributions import MultivariateNormal

import models
from models import losses
from models.autoencoder import Autoencoder
from models.errors import BadData, BadOption, NoPrior, ShapeMismatch


@dataclass(frozen=True)
class Split:
    x: torch.Tensor


DIGITS = Split(torch.tensor(load_digits().images[:300, None] / 16, dtype=torch.float32))
VARIATIONAL = ["vae", "sphere-vae"]


def linear(exact: bool) -> tuple[Autoencoder, Split, float]:
    """A VAE whose decoder is linear, some data, and the data's mean log-likelihood; perhaps solved."""
    model = models.create("vae", shape=(4,), latent=2, width=0.25)
    torch.manual_seed(0)
    decoder, encoder = torch.nn.Linear(2, 4), torch.nn.Linear(4, 4)
    weights, offset = decoder.weight.detach(), decoder.bias.detach()
    model.decoder = decoder
    scale = losses.floored(model.log_scale.detach()).exp()
    covariance = weights @ weights.T + scale**2 * torch.eye(4)
    x = offset + torch.randn(50, 4, generator=torch.Generator().manual_seed(1))
    if exact:  # p(z|x) of a linear Gaussian model; its axes are made independent by turning the latent space
        _, _, turn = torch.linalg.svd(weights)
        weights = weights @ turn.T
        variance = 1 / (1 + weights.square().sum(0) / scale**2)
        with torch.no_grad():
            decoder.weight.copy_(weights)
            encoder.weight.copy_(torch.cat([variance[:, None] * weights.T / scale**2, torch.zeros(2, 4)]))
            encoder.bias.copy_(torch.cat([-encoder.weight[:2] @ offset, variance.log()]))
    model.encoder = encoder
    return model, Split(x), MultivariateNormal(offset, covariance).log_prob(x).mean().item()


def test_with_the_exact_posterior_both_bounds_are_the_likelihood() -> None:
    model, data, likelihood = linear(exact=True)
    found = models.bounds(model, data, draws=3)
    assert found.elbo == pytest.approx(likelihood, abs=1e-4)
    assert found.importance_weighted == pytest.approx(likelihood, abs=1e-4)
    assert (found.draws, found.convention) == (3, "Gaussian")


def test_with_another_posterior_many_draws_close_the_gap() -> None:
    model, data, likelihood = linear(exact=False)
    found = models.bounds(model, data, draws=1500)
    assert found.elbo < likelihood - 0.1
    assert found.importance_weighted == pytest.approx(likelihood, abs=0.02)


@pytest.mark.parametrize(("latent", "posterior"), [(2, "auto"), (3, "vmf"), (3, "power-spherical")])
def test_on_a_sphere_many_draws_give_the_integral_over_it(latent: int, posterior: str) -> None:
    model = models.create("sphere-vae", shape=(6,), latent=latent, width=0.25, posterior=posterior, seed=3)
    with torch.no_grad():
        model.decoder[-2].weight.mul_(10)  # so that it matters where on the sphere one is
    x = torch.randn(20, 6, generator=torch.Generator().manual_seed(0))
    height, weight = np.polynomial.legendre.leggauss(60)
    angle = np.arange(200) * (2 * math.pi / 200)
    if latent == 2:
        height, weight = np.zeros(1), np.full(1, 2.0)
    radius = np.sqrt(1 - height**2)
    places = [
        np.outer(radius, np.cos(angle)),
        np.outer(radius, np.sin(angle)),
        np.outer(height, np.ones(200)),
    ]
    grid = torch.tensor(np.stack(places[:latent], axis=-1).reshape(-1, latent), dtype=torch.float32)
    log_share = torch.tensor(np.log(np.repeat(weight / 2 / 200, 200)), dtype=torch.float32)
    with torch.inference_mode():
        each = [-model.negative_log_likelihood(row.expand(len(grid), 6), grid) + log_share for row in x]
        likelihood = torch.stack(each).logsumexp(1).mean().item()
        gap = likelihood - models.bounds(model, Split(x), draws=50).elbo
    found = models.bounds(model, Split(x), draws=1500)
    assert gap > 0.05
    assert found.importance_weighted == pytest.approx(likelihood, abs=0.1 * gap)


@pytest.mark.parametrize("name", VARIATIONAL)
def test_more_draws_bound_closer_and_the_elbo_is_the_loss(name: str) -> None:
    model = models.create(name, shape=(1, 8, 8), latent=3, width=0.25)
    with torch.no_grad():
        model.decoder[-1].bias.add_(1.0)
    one, few, many = (models.bounds(model, DIGITS, draws=draws) for draws in (1, 5, 100))
    assert one.importance_weighted == pytest.approx(one.elbo, rel=1e-5)
    assert many.elbo < few.importance_weighted < many.importance_weighted
    assert many.elbo == pytest.approx(-models.evaluate(model, DIGITS)["loss"], abs=0.05)
    assert models.bounds(model, DIGITS, draws=5) == few, "the same seed, the same figures"


def test_the_convention_is_that_of_the_targets() -> None:
    model = models.create("vae", shape=(1, 8, 8), width=0.25)
    binary = Split(models.binarised(DIGITS.x, seed=4))
    assert models.bounds(model, DIGITS, draws=1).convention == "Bernoulli on grey targets"
    assert models.bounds(model, binary, draws=1).convention == "Bernoulli on binary targets"
    found = models.bounds(model, DIGITS, draws=2, binarise=True, seed=4)
    assert found.convention == "Bernoulli on dynamically binarised targets"
    assert found.elbo == models.bounds(model, binary, draws=2, seed=4).elbo


def test_binarised_pixels_are_1_as_often_as_they_are_grey() -> None:
    grey = torch.tensor([0.0, 0.2, 0.9, 1.0])
    x = grey.expand(20_000, 4)
    found = models.binarised(x, seed=1)
    assert set(found.unique().tolist()) == {0.0, 1.0}
    error = (grey * (1 - grey) / len(x)).sqrt()
    assert ((found.mean(0) - grey).abs() <= 5 * error).all()
    assert torch.equal(found, models.binarised(x, seed=1))
    assert not torch.equal(found, models.binarised(x, seed=2))


def test_what_has_no_bound_is_said() -> None:
    for name in ("ae", "sphere-ae"):
        model = models.create(name, shape=(1, 8, 8), width=0.25)
        for act in (models.bounds, models.activity):
            with pytest.raises(NoPrior, match="has no prior; choose"):
                act(model, DIGITS)
    vae = models.create("vae", shape=(1, 8, 8), width=0.25)
    with pytest.raises(BadOption, match="from 1 up"):
        models.bounds(vae, DIGITS, draws=0)
    with pytest.raises(BadData, match="no samples"):
        models.bounds(vae, Split(DIGITS.x[:0]))
    with pytest.raises(ShapeMismatch):
        models.activity(vae, Split(DIGITS.x[:, :, :4]))
    with pytest.raises(BadOption, match="leave binarise off"):
        models.bounds(models.create("vae", shape=(4,)), Split(torch.rand(5, 4)), binarise=True)


@pytest.mark.parametrize("name", VARIATIONAL)
def test_a_model_that_training_collapsed_is_called_so(name: str) -> None:
    model = models.create(name, shape=(1, 8, 8), latent=3, width=0.25, beta=100.0, body="dense")
    list(models.fit(model, DIGITS, epochs=30))
    found = models.activity(model, DIGITS)
    assert found.collapsed
    assert found.kl < 0.1


@pytest.mark.parametrize("name", VARIATIONAL)
def test_a_model_that_learnt_is_not(name: str) -> None:
    model = models.create(name, shape=(1, 8, 8), latent=3, width=0.25, body="dense", beta=0.2)
    list(models.fit(model, DIGITS, epochs=40, batch_size=32))
    found = models.activity(model, DIGITS)
    assert not found.collapsed
    assert len(found.units) == 3
    assert found.kl > 1


@pytest.mark.parametrize("latent", [3, 20])
def test_directions_without_concentration_say_nothing_and_neither_does_one_cap_for_all(latent: int) -> None:
    model = models.create("sphere-vae", shape=(1, 8, 8), latent=latent, body="dense")
    last = model.encoder[-1]
    with torch.no_grad():
        last.bias.zero_()
        last.weight.mul_(1e-6)  # all over the sphere, and hardly any concentration
        scattered = models.activity(model, DIGITS)
        assert model.encode(DIGITS.x).mean.var(0).sum() > 0.01
        last.weight.mul_(1e8)
        told = models.activity(model, DIGITS)
        last.weight.zero_()
        last.bias[0] = 3
        fixed = models.activity(model, DIGITS)
    assert scattered.collapsed
    assert scattered.kl < 1e-3
    assert any(told.units)
    assert fixed.collapsed
    assert fixed.kl > 1, "a KL alone is no information"
