"""The spherical families: codes stay on the sphere, terms add up, and a posterior is what it says."""

import math

import pytest
import torch

import models
from models import directional
from models.sphere import PowerSphericalPosterior, SpherePosterior, VonMisesFisherPosterior

SPHERES = ["sphere-ae", "sphere-vae"]


def batch(n: int = 3) -> torch.Tensor:
    return torch.rand(n, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def posterior(latent: int, log_kappa: float, n: int, name: str = "auto") -> SpherePosterior:
    """The same posterior n times, in some direction, its kappa per tangent axis given by its logarithm."""
    code = torch.randn(latent, generator=torch.Generator().manual_seed(2))
    code *= math.asinh(math.exp(log_kappa)) / code.norm()
    model = models.create("sphere-vae", shape=(4,), latent=latent, posterior=name)
    return model.posterior(code.expand(n, latent))


@pytest.mark.parametrize("latent", [2, 3, 20])
@pytest.mark.parametrize("name", SPHERES)
def test_codes_and_draws_have_length_1(name: str, latent: int) -> None:
    found = models.create(name, shape=(1, 8, 8), latent=latent).encode(batch())
    for z in (found.mean, found.sample(torch.Generator().manual_seed(0))):
        torch.testing.assert_close(z.norm(dim=1), torch.ones(3))


@pytest.mark.parametrize("name", SPHERES)
def test_a_code_off_the_sphere_is_read_by_its_direction(name: str) -> None:
    model = models.create(name, shape=(1, 8, 8), latent=3)
    z = model.encode(batch()).mean
    torch.testing.assert_close(model.decode(7 * z), model.decode(z))
    torch.testing.assert_close(model.decode(torch.zeros(1, 3)), model.decode(torch.eye(3)[:1]))


def test_the_plain_one_is_an_autoencoder_and_says_so() -> None:
    model = models.create("sphere-ae", shape=(1, 8, 8), latent=3)
    found = model.encode(batch())
    assert found.spread is None
    assert found.kl().tolist() == [0.0] * 3
    assert found.kl_per_axis() is None
    assert torch.equal(found.sample(), found.mean)
    assert set(model.loss(batch()).terms) == {"loss", "reconstruction"}
    assert "not a VAE" in models.describe("sphere-ae")
    assert "beta" not in models.options("sphere-ae")


@pytest.mark.parametrize("latent", [2, 3, 20])
def test_the_terms_add_up(latent: int) -> None:
    model = models.create("sphere-vae", shape=(1, 8, 8), latent=latent, beta=3.0)
    x = batch()
    terms = model.loss(x, torch.Generator().manual_seed(2)).terms
    found = model.encode(x)
    z = found.sample(torch.Generator().manual_seed(2))
    nll = torch.nn.functional.binary_cross_entropy(model.decode(z), x, reduction="sum") / 3
    torch.testing.assert_close(terms["reconstruction"], nll)
    torch.testing.assert_close(terms["kl"], found.kl().mean())
    torch.testing.assert_close(terms["loss"], terms["reconstruction"] + 3 * terms["kl"])


def test_three_coordinates_are_fisher_and_others_power_spherical() -> None:
    for latent, name, kind in (
        (2, "auto", PowerSphericalPosterior),
        (3, "auto", VonMisesFisherPosterior),
        (3, "vmf", VonMisesFisherPosterior),
        (3, "power-spherical", PowerSphericalPosterior),
        (20, "auto", PowerSphericalPosterior),
    ):
        assert type(posterior(latent, 0.0, 1, name)) is kind


@pytest.mark.parametrize("log_kappa", [-5.0, 0.0, 4.0])
@pytest.mark.parametrize("name", ["auto", "power-spherical"])
@pytest.mark.parametrize("latent", [2, 3, 20])
def test_draws_have_the_expectation_and_the_spread_of_the_posterior(
    latent: int, name: str, log_kappa: float
) -> None:
    n = 20_000
    found = posterior(latent, log_kappa, n, name)
    z = found.sample(torch.Generator().manual_seed(0))
    assert found.spread is not None
    tolerance = 5 * found.spread[0] / math.sqrt(n)
    assert ((z.mean(0) - found.expectation()[0]).abs() < tolerance).all()
    torch.testing.assert_close(z.std(0), found.spread[0], rtol=0.06, atol=0.0)


@pytest.mark.parametrize("log_kappa", [-5.0, 0.0, 4.0, 10.0])
@pytest.mark.parametrize("name", ["auto", "power-spherical"])
@pytest.mark.parametrize("latent", [2, 3, 20])
def test_the_kl_is_the_mean_log_ratio_of_its_draws(latent: int, name: str, log_kappa: float) -> None:
    n = 20_000
    found = posterior(latent, log_kappa, n, name)
    ratios = found.log_ratio(found.sample(torch.Generator().manual_seed(0)))
    # Codes in float32 say where they are to 6e-8: beside a cap of radius r, to 6e-8 / r.
    assert abs(ratios.mean() - found.kl()[0]) < 4 * ratios.std() / math.sqrt(n) + 1e-3


@pytest.mark.parametrize("latent", [2, 3, 20, 200])
def test_no_encoder_output_is_too_large_or_too_small(latent: int) -> None:
    model = models.create("sphere-vae", shape=(4,), latent=latent)
    for size in (0.0, 1e-20, 1.0, 1e20):
        code = (size * torch.randn(50, latent, generator=torch.Generator().manual_seed(0))).requires_grad_()
        found = model.posterior(code)
        z = found.sample(torch.Generator().manual_seed(0))
        total = (z[:, 0] + found.kl() + found.log_ratio(z)).sum()
        for value in (z, found.kl(), found.spread, *torch.autograd.grad(total, code)):
            assert value is not None
            assert value.isfinite().all()


def test_a_posterior_that_says_nothing_has_next_to_no_kl() -> None:
    for latent in (2, 3, 20, 200):
        assert posterior(latent, -50.0, 1).kl().item() < 2e-4
        assert posterior(latent, 50.0, 1).kl().item() > 3 * (latent - 1)


def test_both_posteriors_agree_where_they_are_sharp() -> None:
    # A Power Spherical cap of concentration 2 kappa is a von Mises-Fisher one of kappa, near its middle.
    fisher, power = posterior(3, 8.0, 1), posterior(3, 8.0 + math.log(2), 1, "power-spherical")
    torch.testing.assert_close(fisher.kl(), power.kl(), rtol=1e-3, atol=0.0)
    assert fisher.spread is not None
    assert power.spread is not None
    across = directional.unit(torch.linalg.cross(fisher.mean, torch.eye(3)[:1]))
    widths = [(across.square() * found.spread.square()).sum() for found in (fisher, power)]
    torch.testing.assert_close(widths[0], widths[1], rtol=1e-3, atol=0.0)
