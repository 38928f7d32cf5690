"""Distributions on spheres against scipy, quadrature, Monte Carlo and finite differences."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats
from torch.distributions import Beta, kl_divergence

from models import directional

KAPPAS = np.logspace(-3, 5, 33)
SPHERES = [2, 3, 4, 20, 257]
DRAWS = 20_000


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def means(d: int, n: int, seed: int = 1) -> torch.Tensor:
    return directional.unit(torch.randn(n, d, generator=generator(seed)))


def halves(d: int, kappa: torch.Tensor, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Draws of what is used on that sphere: von Mises-Fisher on S^2, Power Spherical elsewhere."""
    if d == 3:
        return directional.vmf_halves(kappa, generator(seed))
    return directional.power_halves(kappa, d, generator(seed))


def moments(d: int, kappa: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return directional.vmf_moments(kappa) if d == 3 else directional.power_moments(kappa, d)


def beta_law(d: int, kappa: float) -> tuple[float, float]:
    return (d - 1) / 2 + kappa, (d - 1) / 2


def quadrature(kappa: float) -> float:
    """KL on S^2 as an integral over b = kappa (1 - w), whose density is that of a cut exponential."""
    mass = -math.expm1(-2 * kappa)

    def integrand(b: float) -> float:
        return math.exp(-b) / mass * (math.log(2 * kappa / mass) - b)

    return integrate.quad(integrand, 0, min(2 * kappa, 100), epsabs=0, epsrel=1e-11, limit=200)[0]


def test_the_fisher_kl_is_the_integral() -> None:
    kappas = [k for k in KAPPAS if k > 0.05]  # below, the integral itself cancels
    found = directional.vmf_kl(torch.tensor(kappas))
    np.testing.assert_allclose(found, [quadrature(k) for k in kappas], rtol=1e-7)


def test_the_fisher_kl_is_the_area_less_the_entropy_of_scipy() -> None:
    kappas = [k for k in KAPPAS if 0.1 < k < 1e4]
    expected = [math.log(4 * math.pi) - stats.vonmises_fisher([0, 0, 1], k).entropy() for k in kappas]
    np.testing.assert_allclose(directional.vmf_kl(torch.tensor(kappas)), expected, rtol=1e-7)


def test_the_fisher_kl_keeps_its_digits_in_float32_and_goes_to_0() -> None:
    found = directional.vmf_kl(torch.tensor(KAPPAS, dtype=torch.float32))
    # k^2 / 6 is exact to k^2 / 10; the closed form in float64 is good from 0.01 on.
    closed = [
        k / math.tanh(k) - 1 + math.log(k / math.sinh(k)) if k < 300 else math.log(2 * k) - 1 for k in KAPPAS
    ]
    expected = np.where(KAPPAS < 0.01, KAPPAS**2 / 6, closed)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert directional.vmf_kl(torch.zeros(1)).item() == 0.0
    assert directional.vmf_kl(torch.tensor([1e18])).isfinite().all()


@pytest.mark.parametrize("d", SPHERES)
def test_the_power_kl_is_that_of_its_beta_law_and_of_the_paper(d: int) -> None:
    kappas = torch.tensor([k for k in KAPPAS if k > 0.01])
    alpha, beta = (torch.as_tensor(value).double().expand(len(kappas)) for value in beta_law(d, kappas))
    found = directional.power_kl(kappas, d)
    np.testing.assert_allclose(
        found, kl_divergence(Beta(alpha, beta), Beta(beta, beta)), rtol=1e-6, atol=1e-9
    )

    a, b, k = alpha.numpy(), beta.numpy(), kappas.numpy()
    log_normaliser = -(
        (a + b) * math.log(2) + b * math.log(math.pi) + special.gammaln(a) - special.gammaln(a + b)
    )
    entropy = -log_normaliser - k * (math.log(2) + special.psi(a) - special.psi(a + b))
    area = math.log(2) + d / 2 * math.log(math.pi) - special.gammaln(d / 2)
    np.testing.assert_allclose(found, area - entropy, rtol=1e-6, atol=1e-8)
    assert directional.power_kl(torch.zeros(1), d).item() < 1e-11


@pytest.mark.parametrize("kappa", [0.01, 1.0, 30.0, 1e4])
@pytest.mark.parametrize("d", SPHERES)
def test_the_kl_is_the_mean_log_ratio_of_draws(d: int, kappa: float) -> None:
    k = torch.full((DRAWS,), kappa)
    toward, away = halves(d, k)
    if d == 3:
        ratios, kl = directional.vmf_log_ratio(k, away), directional.vmf_kl(k[:1])
    else:
        ratios, kl = directional.power_log_ratio(k, toward, d), directional.power_kl(k[:1], d)
    error = ratios.std() / math.sqrt(DRAWS)
    assert abs(ratios.mean() - kl) < 4 * error + 1e-6


@pytest.mark.parametrize("d", [2, 3, 5])
def test_the_densities_have_mass_1(d: int) -> None:
    kappa = torch.tensor([2.5])

    def density(w: float) -> float:
        toward = torch.tensor([(1 + w) / 2])
        if d == 3:
            ratio = directional.vmf_log_ratio(kappa, 1 - toward)
        else:
            ratio = directional.power_log_ratio(kappa, toward, d)
        return ratio.exp().item()

    uniform = special.gamma(d / 2) / (math.sqrt(math.pi) * special.gamma((d - 1) / 2))
    mass = integrate.quad(lambda angle: density(math.cos(angle)) * math.sin(angle) ** (d - 2), 0, math.pi)[0]
    assert uniform * mass == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("kappa", [1e-3, 0.3, 4.0, 100.0, 1e5])
@pytest.mark.parametrize("d", SPHERES)
def test_draws_have_the_right_angles_to_their_mean(d: int, kappa: float) -> None:
    mean = means(d, 1).expand(DRAWS, d)
    toward, away = halves(d, torch.full((DRAWS,), kappa))
    z = directional.place(mean, toward, away, generator(5))
    _, placed = directional.halves(mean, z)

    def fisher(half: np.ndarray) -> np.ndarray:
        return np.expm1(-2 * kappa * half) / np.expm1(-2 * kappa)

    alpha, beta = beta_law(d, kappa)
    law: Callable[[np.ndarray], np.ndarray] = fisher if d == 3 else stats.beta(beta, alpha).cdf
    for half in (away, placed):
        assert stats.kstest(half.double().clamp(0, 1).numpy(), law).pvalue > 0.01


@pytest.mark.parametrize("d", SPHERES)
def test_draws_have_no_preferred_tangent_direction(d: int) -> None:
    mean = means(d, 1).expand(DRAWS, d)
    toward, away = halves(d, torch.full((DRAWS,), 3.0))
    z = directional.place(mean, toward, away, generator(5))
    flat = directional.unit(z - (z * mean).sum(1, keepdim=True) * mean)
    one = means(d, 1, seed=2)
    one = directional.unit(one - (one * mean[:1]).sum() * mean[:1])
    cosines = (flat @ one[0]).double().numpy()
    if d == 2:
        assert stats.binomtest(int((cosines > 0).sum()), DRAWS).pvalue > 0.01
        return
    assert stats.kstest((1 + cosines) / 2, stats.beta((d - 2) / 2, (d - 2) / 2).cdf).pvalue > 0.01
    if d == 3:
        other = torch.linalg.cross(mean[0], one[0])
        angles = np.arctan2((flat @ other).numpy(), cosines)
        assert stats.kstest(angles, stats.uniform(-math.pi, 2 * math.pi).cdf).pvalue > 0.01


@pytest.mark.parametrize("kappa", [1e-3, 0.3, 4.0, 100.0, 1e5])
@pytest.mark.parametrize("d", SPHERES)
def test_moments_are_those_of_draws(d: int, kappa: float) -> None:
    k, mean = torch.full((DRAWS,), kappa), means(d, 1).expand(DRAWS, d)
    resultant, along, across = moments(d, k[:1])
    toward, away = halves(d, k)
    assert abs(away.mean() - (1 - resultant) / 2) < 5 * away.std() / math.sqrt(DRAWS) + 1e-7
    assert (2 * away).var().item() == pytest.approx(along.item(), rel=0.1)
    z = directional.place(mean, toward, away, generator(5))
    spread = directional.spread(mean[:1], along, across)[0]
    np.testing.assert_allclose(z.std(0), spread, rtol=0.06)


def test_the_resultant_of_fisher_is_coth_less_the_reciprocal_and_its_variance_the_derivative() -> None:
    kappas = torch.tensor(KAPPAS, requires_grad=True)
    resultant, along, across = directional.vmf_moments(kappas)
    large = KAPPAS > 0.01
    expected = 1 / np.tanh(KAPPAS) - 1 / KAPPAS
    np.testing.assert_allclose(resultant.detach()[large], expected[large], rtol=1e-8)
    (slope,) = torch.autograd.grad(resultant.sum(), kappas)
    np.testing.assert_allclose(along.detach(), slope, rtol=1e-5)
    # The whole of E|z|^2 = 1: E[w]^2 + Var[w] along the mean, and two tangent axes.
    np.testing.assert_allclose((resultant.square() + along + 2 * across).detach(), 1, rtol=1e-9)
    single = directional.vmf_moments(torch.tensor(KAPPAS, dtype=torch.float32))
    for found, exact in zip(single, (resultant, along, across), strict=True):
        np.testing.assert_allclose(found, exact.detach(), rtol=1e-5)


@pytest.mark.parametrize("d", SPHERES)
def test_nothing_overflows_in_float32(d: int) -> None:
    kappa = torch.logspace(-3, 5, 4000, requires_grad=True)
    mean = means(d, 4000).requires_grad_()
    for seed in range(5):
        toward, away = halves(d, kappa, seed)
        z = directional.place(mean, toward, away, generator(seed))
        assert ((z.square().sum(1) - 1).abs() < 2e-6).all()
        near, far = directional.halves(mean, z)
        fisher = (directional.vmf_kl(kappa), directional.vmf_log_ratio(kappa, far))
        power = (directional.power_kl(kappa, d), directional.power_log_ratio(kappa, near, d))
        kl, ratio = fisher if d == 3 else power
        assert (kl >= 0).all()
        assert (kl[1:] >= kl[:-1] - 1e-6 * kl[1:]).all(), "more concentrated, further from uniform"
        total = (
            kl.sum() + ratio.sum() + (z * means(d, 1, seed=9)).sum() + sum(m.sum() for m in moments(d, kappa))
        )
        for value in (z, ratio, *torch.autograd.grad(total, (kappa, mean))):
            assert value.isfinite().all()


@pytest.mark.parametrize("uniform", [0.0, 1 - 2**-24])
def test_the_ends_of_the_uniform_draws_are_harmless(uniform: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "rand", lambda shape, **_: torch.full(shape, uniform))
    kappa = torch.logspace(-3, 5, 100, requires_grad=True)
    z = directional.place(means(3, 100), *directional.vmf_halves(kappa), generator())
    (slope,) = torch.autograd.grad(z.sum(), kappa)
    assert slope.isfinite().all()
    assert ((z.square().sum(1) - 1).abs() < 2e-6).all()


@pytest.mark.parametrize("d", SPHERES)
def test_gradients_of_the_kl_are_finite_differences(d: int) -> None:
    def kl(k: torch.Tensor) -> torch.Tensor:
        return directional.vmf_kl(k) if d == 3 else directional.power_kl(k, d)

    # On both sides of the switch from the series to the closed form, and far from it.
    values = [1e-3, 0.1, 0.49, 0.51, 1.0, 20.0, 1e3, 1e5]
    kappas = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(kl(kappas).sum(), kappas)
    step = 1e-4 * kappas.detach()
    numeric = (kl(kappas.detach() + step) - kl(kappas.detach() - step)) / (2 * step)
    np.testing.assert_allclose(slope, numeric, rtol=1e-5, atol=1e-10 if d == 3 else 1e-6)
    if d != 3:
        alpha, beta = beta_law(d, np.array(values))
        exact = values * (special.polygamma(1, alpha) - special.polygamma(1, alpha + beta))
        np.testing.assert_allclose(slope, exact, rtol=1e-6)
    single = kappas.detach().float().requires_grad_()
    (found,) = torch.autograd.grad(kl(single).sum(), single)
    np.testing.assert_allclose(found, slope, rtol=1e-4)


def test_a_fisher_draw_keeps_the_digits_of_its_distance_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    v = torch.rand(4000, generator=generator()).clamp(1e-6, 0.999)
    monkeypatch.setattr(torch, "rand", lambda shape, *, dtype, **_: v.to(dtype))
    kappa = torch.logspace(-3, 5, 4000)
    _, single = directional.vmf_halves(kappa)
    _, double = directional.vmf_halves(kappa.double())
    np.testing.assert_allclose(single, double, rtol=1e-4)


def test_a_fisher_draw_follows_kappa_as_finite_differences_say() -> None:
    kappas = torch.logspace(-2, 4, 50, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(directional.vmf_halves(kappas, generator())[1].sum(), kappas)
    step = 1e-5 * kappas.detach()
    up, down = (directional.vmf_halves(kappas.detach() + sign * step, generator())[1] for sign in (1, -1))
    np.testing.assert_allclose(slope, (up - down) / (2 * step), rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("kappa", [0.1, 2.0, 50.0])
@pytest.mark.parametrize("d", [2, 3, 4, 20])
def test_gradients_through_draws_are_those_of_the_expectation(d: int, kappa: float) -> None:
    n = 100_000
    mean = means(d, 1).expand(n, d).clone().requires_grad_()
    k = torch.full((n,), kappa, requires_grad=True)
    a = means(d, 1, seed=3)[0]
    z = directional.place(mean, *halves(d, k), generator(5))
    resultant, along, across = (m.item() for m in moments(d, k[:1].detach()))
    axis = mean[0].detach()
    tangent = a - (a @ axis) * axis
    second = along + resultant**2 - across  # E[(a . z)^2] = across + second (a . mean)^2

    linear, squared = z @ a, (z @ a).square()
    for value, expected in ((linear, resultant * tangent), (squared, 2 * second * (a @ axis) * tangent)):
        slopes, slope = torch.autograd.grad(value.sum(), (mean, k), retain_graph=True)
        slopes = slopes - (slopes @ axis)[:, None] * axis
        error = slopes.std(0) / math.sqrt(n)
        assert ((slopes.mean(0) - expected).abs() < 5 * error + 1e-6).all()
    step = 1e-3 * kappa
    up, down = (moments(d, torch.tensor([kappa + sign * step]).double())[0].item() for sign in (1, -1))
    (slope,) = torch.autograd.grad(linear.sum(), k)
    expected = (a @ axis) * (up - down) / (2 * step)
    assert abs(slope.mean() - expected) < 5 * slope.std() / math.sqrt(n) + 2e-3 * abs(expected)


def test_the_gradient_in_the_mean_has_no_bad_place() -> None:
    mean = torch.cat([torch.eye(3), -torch.eye(3), means(3, 2000)]).requires_grad_()
    z = directional.place(mean, *directional.vmf_halves(torch.full((2006,), 5.0), generator()), generator(1))
    (slope,) = torch.autograd.grad((z @ torch.tensor([1.0, 2.0, 3.0])).sum(), mean)
    slope = slope - (slope * mean).sum(1, keepdim=True) * mean
    assert slope.norm(dim=1).max() < 1.001 * math.sqrt(14), "a rotation moves nothing faster than its mean"


def test_rows_become_unit_whatever_their_size() -> None:
    rows = torch.tensor([[3.0, 4.0], [3e-30, 4e-30], [3e30, -4e30], [0.0, 0.0], [math.nan, 1.0]])
    found = directional.unit(rows)
    expected = torch.tensor([[0.6, 0.8], [0.6, 0.8], [0.6, -0.8], [1.0, 0.0]])
    torch.testing.assert_close(found[:4], expected)
    assert found[4].isnan().any(), "a diverged encoder stays visible"
    assert directional.unit(rows[:0]).shape == (0, 2)
