"""Reconstruction and divergence terms: pure functions, in nats per sample."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

LOG_SCALE_FLOOR = -4.0
"""Least log standard deviation of the Gaussian likelihood, in data units.

A decoder that fits its data exactly would drive the learned scale to 0 and the density to infinity.
"""


ACTIVE = 0.01
"""Least variance of the posterior means along an axis that carries information, in squared latent units."""


def bernoulli_nll(
    logits: Float[Tensor, "batch *shape"], x: Float[Tensor, "batch *shape"]
) -> Float[Tensor, " batch"]:
    """Return the negative log-likelihood of grey values under independent Bernoulli pixels, in nats.

    ``-sum_i x_i log p_i + (1 - x_i) log(1 - p_i)``, from logits, so that no value overflows. For
    values between 0 and 1 it is a cross-entropy ("Bernoulli on grey targets"), whose least value is
    the entropy of the targets, not 0.

    References
    ----------
    Kingma and Welling (2013), Auto-Encoding Variational Bayes, appendix C.1.
    """
    each = functional.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return each.flatten(1).sum(1)


def gaussian_nll(
    mean: Float[Tensor, "batch *shape"],
    log_scale: Float[Tensor, ""],
    x: Float[Tensor, "batch *shape"],
) -> Float[Tensor, " batch"]:
    """Return the negative log-density of `x` under a Gaussian with one shared scale, in nats.

    ``sum_i (x_i - mean_i)^2 / (2 s^2) + log s + log(2 pi) / 2`` with ``s = exp(log_scale)``. It is a
    density: it can be negative, and it depends on the units of the data.

    Parameters
    ----------
    mean, x
        In data units.
    log_scale
        Natural logarithm of the standard deviation, in data units.

    References
    ----------
    Rybkin, Daniilidis and Levine (2021), Simple and Effective VAE Training with Calibrated Decoders.
    """
    values = x[0].numel() if len(x) else 0
    squares = (x - mean).square().flatten(1).sum(1)
    return 0.5 * torch.exp(-2 * log_scale) * squares + values * (log_scale + 0.5 * math.log(2 * math.pi))


def floored(log_scale: Float[Tensor, ""], floor: float = LOG_SCALE_FLOOR) -> Float[Tensor, ""]:
    """Keep a learned log-scale above a floor by ``floor + softplus(log_scale - floor)``.

    The floor is smooth, so that a scale that became too low still has a gradient and can rise again.

    References
    ----------
    Rybkin, Daniilidis and Levine (2021), section 4 and their `softclip`.
    """
    return floor + functional.softplus(log_scale - floor)


def gaussian_kl(
    mean: Float[Tensor, "batch latent"], log_variance: Float[Tensor, "batch latent"]
) -> Float[Tensor, "batch latent"]:
    """Return the KL divergence of N(mean, variance) from N(0, 1), one value per axis, in nats.

    ``KL_j = (mu_j^2 + sigma_j^2 - 1 - log sigma_j^2) / 2``. Never negative, 0 for the prior itself.

    References
    ----------
    Kingma and Welling (2013), Auto-Encoding Variational Bayes, appendix B.
    """
    # expm1(v) - v keeps its digits where the posterior is nearly the prior; exp(v) - 1 - v does not.
    return 0.5 * (mean.square() + torch.expm1(log_variance) - log_variance)


def gaussian_log_ratio(
    z: Float[Tensor, "batch latent"],
    mean: Float[Tensor, "batch latent"],
    log_variance: Float[Tensor, "batch latent"],
) -> Float[Tensor, "batch latent"]:
    """Return the log density of N(mean, variance) less that of N(0, 1) at `z`, one value per axis, in nats.

    ``(z^2 - (z - mu)^2 / sigma^2 - log sigma^2) / 2``; its mean under N(mean, variance) is `gaussian_kl`.
    """
    return 0.5 * (z.square() - (z - mean).square() * torch.exp(-log_variance) - log_variance)


def free_bits_kl(kl_per_axis: Float[Tensor, "batch latent"], free_bits: float) -> Float[Tensor, ""]:
    """Return the KL that the loss counts when `free_bits` nats of each axis are free.

    ``sum_j max(free_bits, mean_batch KL_j)``: below the allowance an axis has no gradient towards the prior.
    With ``free_bits = 0`` it is the mean KL.

    References
    ----------
    Kingma et al. (2016), Improved Variational Inference with Inverse Autoregressive Flow, eq. 15.
    """
    return kl_per_axis.mean(0).clamp_min(free_bits).sum()


def active_units(mean: Float[Tensor, "samples latent"], threshold: float = ACTIVE) -> Bool[Tensor, " latent"]:
    """Find the latent axes that carry information: ``Var_x(mu_j) > threshold`` over the samples.

    Parameters
    ----------
    mean
        Posterior means, a row a sample.
    threshold
        Least variance of an active axis, in squared latent units.

    References
    ----------
    Burda, Grosse and Salakhutdinov (2015), Importance Weighted Autoencoders, section 5.
    """
    return mean.var(0, correction=0) > threshold
