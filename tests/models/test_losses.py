"""Every term is checked against torch.distributions, a plain loop, or Monte Carlo."""

import math

import numpy as np
import torch
from torch.distributions import Bernoulli, Normal

from models import losses


def draws(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_bernoulli_on_grey_targets_is_the_cross_entropy_of_a_plain_loop() -> None:
    logits, x = draws(3, 1, 4, 5), draws(3, 1, 4, 5, seed=1).sigmoid()
    expected = []
    for row, targets in zip(logits.double().numpy(), x.double().numpy(), strict=True):
        total = 0.0
        for logit, target in zip(row.ravel(), targets.ravel(), strict=True):
            p = 1 / (1 + math.exp(-logit))
            total -= target * math.log(p) + (1 - target) * math.log(1 - p)
        expected.append(total)
    np.testing.assert_allclose(losses.bernoulli_nll(logits, x), expected, rtol=1e-5)


def test_bernoulli_on_binary_targets_is_the_log_probability() -> None:
    logits, x = draws(6, 7), (draws(6, 7, seed=1) > 0).float()
    expected = -Bernoulli(logits=logits).log_prob(x).sum(1)
    torch.testing.assert_close(losses.bernoulli_nll(logits, x), expected)


def test_bernoulli_does_not_overflow() -> None:
    logits = torch.tensor([[1e4, -1e4]])
    assert losses.bernoulli_nll(logits, torch.tensor([[1.0, 0.0]])).item() == 0.0
    assert losses.bernoulli_nll(logits, torch.tensor([[0.0, 0.0]])).item() == 1e4


def test_gaussian_is_the_log_density_with_its_constant() -> None:
    mean, x, log_scale = draws(5, 3), draws(5, 3, seed=1), torch.tensor(-0.7)
    expected = -Normal(mean, log_scale.exp()).log_prob(x).sum(1)
    torch.testing.assert_close(losses.gaussian_nll(mean, log_scale, x), expected)


def test_the_floor_holds_and_leaves_larger_scales_alone() -> None:
    assert losses.floored(torch.tensor(-1e3)).item() == losses.LOG_SCALE_FLOOR
    assert abs(losses.floored(torch.tensor(2.0)).item() - 2.0) < 0.01
    log_scale = torch.tensor(-5.0, requires_grad=True)
    losses.floored(log_scale).backward()
    assert log_scale.grad is not None
    assert log_scale.grad.item() > 0, "below the floor a gradient is still felt"


def test_kl_agrees_with_monte_carlo() -> None:
    mean, log_variance = torch.tensor([[0.8, -1.5, 0.0]]), torch.tensor([[-1.0, 0.6, -4.0]])
    posterior = Normal(mean, (0.5 * log_variance).exp())
    prior = Normal(torch.zeros(3), torch.ones(3))
    z = posterior.mean + posterior.stddev * draws(200_000, 3)
    ratios = posterior.log_prob(z) - prior.log_prob(z)
    error = ratios.std(0) / math.sqrt(len(z))
    assert (losses.gaussian_kl(mean, log_variance)[0] - ratios.mean(0)).abs().le(5 * error).all()


def test_kl_of_the_prior_is_0_and_keeps_its_digits_beside_it() -> None:
    nearly = torch.tensor([[0.0, 1e-4]])
    kl = losses.gaussian_kl(torch.zeros(1, 2), nearly)[0]
    assert kl[0].item() == 0.0
    # v^2 / 4 to first order; exp(v) - 1 - v in float32 is off by half of it.
    assert abs(kl[1].item() / (1e-8 / 4) - 1) < 0.01


def test_free_bits_charge_each_axis_at_least_its_allowance() -> None:
    per_axis = torch.tensor([[0.1, 2.0, 0.0], [0.3, 4.0, 1.0]])  # means 0.2, 3.0, 0.5
    assert abs(losses.free_bits_kl(per_axis, 0.4).item() - (0.4 + 3.0 + 0.5)) < 1e-6
    torch.testing.assert_close(losses.free_bits_kl(per_axis, 0.0), per_axis.mean(0).sum())


def test_an_axis_within_its_allowance_feels_no_pull() -> None:
    mean = torch.tensor([[0.1, 2.0]], requires_grad=True)
    losses.free_bits_kl(losses.gaussian_kl(mean, torch.zeros(1, 2)), 0.4).backward()
    assert mean.grad is not None
    assert mean.grad.tolist() == [[0.0, 2.0]]


def test_active_units_are_those_whose_means_vary() -> None:
    mean = torch.stack([draws(500), 0.05 * draws(500, seed=1), torch.full((500,), 3.0)], dim=1)
    assert losses.active_units(mean).tolist() == [True, False, False]
    assert losses.active_units(mean[:1]).tolist() == [False] * 3, "one sample has no variance"
