"""Distributions on the unit sphere of R^d: von Mises-Fisher (S^2) and Power Spherical (any sphere).

Pure functions of the concentration `kappa`, one per sample: 0 is the uniform distribution, and the
larger it is the closer the draws lie to their mean direction. A draw is described by the cosine w of
its angle to the mean direction, kept as two halves that add up to 1, ``toward = (1 + w) / 2`` and
``away = (1 - w) / 2``: the smaller of them keeps its digits where w itself would round to 1 or -1.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

SMALL = 0.5
"""Below this concentration the closed forms on S^2 lose digits by cancellation, and series do not."""

LEAST = 1e-20
"""Lower bound of a draw's halves: sqrt has no derivative at 0, and float32 does not resolve it beside 1."""


def unit(v: Float[Tensor, "batch d"]) -> Float[Tensor, "batch d"]:
    """Scale each row to length 1; a row of zeros has no direction and becomes the first axis."""
    # Scaled by its largest entry first, so that squares neither overflow nor vanish.
    largest = v.detach().abs().amax(1, keepdim=True)
    first = functional.one_hot(torch.zeros_like(largest[:, 0], dtype=torch.long), v.shape[1]).to(v.dtype)
    return functional.normalize(torch.where(largest == 0, first, v / largest.clamp_min(1e-38)), dim=1)


def place(
    mean: Float[Tensor, "batch d"],
    toward: Float[Tensor, " batch"],
    away: Float[Tensor, " batch"],
    generator: torch.Generator | None = None,
) -> Float[Tensor, "batch d"]:
    """Draw a uniform tangent direction t at each mean and go there: ``w mean + sqrt(1 - w^2) t``.

    t is differentiated as if it moved with the mean without turning (``dt = -(t . dmean) mean``):
    the whole draw then turns with its mean, so the gradient is that of a rotation, unbiased and bounded
    at every mean. A frame that follows the mean smoothly everywhere does not exist.
    """
    tangent = _tangent(mean.detach(), generator)
    tangent = tangent - (tangent * mean).sum(1, keepdim=True) * mean
    toward, away = toward.clamp_min(LEAST), away.clamp_min(LEAST)
    height, radius = toward - away, 2 * (toward * away).sqrt()
    return height[:, None] * mean + radius[:, None] * tangent


def halves(
    mean: Float[Tensor, "batch d"], z: Float[Tensor, "batch d"]
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"]]:
    """Return `toward` and `away` of places `z`, from chords: ``|mean - z|^2 / 4`` keeps its digits near 0."""
    return (mean + z).square().sum(1) / 4, (mean - z).square().sum(1) / 4


def spread(
    mean: Float[Tensor, "batch d"], along: Float[Tensor, " batch"], across: Float[Tensor, " batch"]
) -> Float[Tensor, "batch d"]:
    """Return the standard deviation along each axis, from the variances along the mean and across it."""
    share = mean.square()
    return (along[:, None] * share + across[:, None] * (1 - share).clamp_min(0)).sqrt()


def vmf_halves(
    kappa: Float[Tensor, " batch"], generator: torch.Generator | None = None
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"]]:
    """Draw `toward` and `away` from the von Mises-Fisher distribution on S^2.

    The inverse of its distribution function, ``w = 1 + log(u + (1 - u) e^(-2 kappa)) / kappa`` with u
    uniform, written for 1 - w.

    References
    ----------
    Ulrich (1984), Computer generation of distributions on the m-sphere; Davidson et al. (2018),
    Hyperspherical Variational Auto-Encoders, section 3.3.
    """
    v = torch.rand(kappa.shape, generator=generator, device=kappa.device, dtype=kappa.dtype)
    away = -torch.log1p(v * torch.expm1(-2 * kappa)) / (2 * kappa)
    return 1 - away, away


def vmf_kl(kappa: Float[Tensor, " batch"]) -> Float[Tensor, " batch"]:
    """Return the KL divergence of von Mises-Fisher on S^2 from the uniform distribution, in nats.

    ``kappa coth kappa - 1 + log(kappa / sinh kappa)``; about ``kappa^2 / 6`` for small and
    ``log(2 kappa) - 1`` for large concentrations.

    References
    ----------
    Davidson et al. (2018), Hyperspherical Variational Auto-Encoders, appendix B.
    """

    def closed(k: Tensor) -> Tensor:
        # coth and sinh in powers of exp(-2 k), which overflow for no k.
        rest = -torch.expm1(-2 * k)
        return 2 * k * torch.exp(-2 * k) / rest - 1 + torch.log(2 * k / rest)

    return _switched(kappa, (0.0, 1 / 6, -1 / 60, 1 / 567, -1 / 5400, 1 / 51975), closed)


def vmf_log_ratio(kappa: Float[Tensor, " batch"], away: Float[Tensor, " batch"]) -> Float[Tensor, " batch"]:
    """Return the log of the von Mises-Fisher density on S^2 over the uniform one, in nats.

    ``kappa w + log(kappa / sinh kappa)``.
    """
    return -2 * kappa * away + torch.log(2 * kappa / -torch.expm1(-2 * kappa))


def vmf_moments(
    kappa: Float[Tensor, " batch"],
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"], Float[Tensor, " batch"]]:
    """Return E[w] = coth kappa - 1 / kappa, Var[w], and the variance along a tangent axis, on S^2.

    References
    ----------
    Mardia and Jupp (2000), Directional Statistics, section 9.3.2.
    """

    def along(k: Tensor) -> Tensor:
        return 1 / k.square() - 4 * torch.exp(-2 * k) / torch.expm1(-2 * k).square()

    across = _switched(
        kappa, (1 / 3, -1 / 45, 2 / 945, -1 / 4725, 2 / 93555), lambda k: (1 / torch.tanh(k) - 1 / k) / k
    )
    variance = _switched(kappa, (1 / 3, -1 / 15, 2 / 189, -1 / 675, 2 / 10395), along)
    return kappa * across, variance, across


def power_halves(
    kappa: Float[Tensor, " batch"], d: int, generator: torch.Generator | None = None
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"]]:
    """Draw `toward` and `away` from the Power Spherical distribution: `toward` is Beta distributed.

    ``toward ~ Beta((d - 1) / 2 + kappa, (d - 1) / 2)``, made of two Gamma draws, which torch
    differentiates implicitly.

    References
    ----------
    De Cao and Aziz (2020), The Power Spherical distribution, section 3; Figurnov, Mohamed and Mnih
    (2018), Implicit Reparameterization Gradients.
    """
    beta = torch.full_like(kappa, (d - 1) / 2)
    # torch.distributions would draw from the process's generator, which belongs to the user.
    near = torch._standard_gamma(beta + kappa, generator=generator)
    far = torch._standard_gamma(beta, generator=generator)
    return near / (near + far), far / (near + far)


def power_kl(kappa: Float[Tensor, " batch"], d: int) -> Float[Tensor, " batch"]:
    """Return the KL divergence of the Power Spherical distribution from the uniform one, in nats.

    ``log C + kappa (psi(alpha) - psi(alpha + beta))`` with C as in `power_log_ratio`,
    ``beta = (d - 1) / 2`` and ``alpha = beta + kappa``.

    References
    ----------
    De Cao and Aziz (2020), The Power Spherical distribution, equations 15 and 16.
    """
    # Differences of large numbers: float32 would leave no digit at kappa = 1e5.
    k, beta = kappa.double(), (d - 1) / 2
    kl = _power_constant(k, d) + k * (torch.digamma(beta + k) - torch.digamma(2 * beta + k))
    return kl.clamp_min(0).to(kappa.dtype)  # rounding is 1e-11 at most, and a KL is never negative


def power_log_ratio(
    kappa: Float[Tensor, " batch"], toward: Float[Tensor, " batch"], d: int
) -> Float[Tensor, " batch"]:
    """Return the log of the Power Spherical density over the uniform one, in nats.

    ``log C + kappa log((1 + w) / 2)``, with
    ``C = 2^(2 - d) sqrt(pi) Gamma(alpha + beta) / (Gamma(d / 2) Gamma(alpha))``.
    """
    constant = _power_constant(kappa.double(), d).to(kappa.dtype)
    return constant + kappa * torch.log(toward.clamp_min(LEAST))


def power_moments(
    kappa: Float[Tensor, " batch"], d: int
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"], Float[Tensor, " batch"]]:
    """Return E[w], Var[w] and the variance along a tangent axis: moments of the Beta distribution."""
    beta = (d - 1) / 2
    alpha, total = beta + kappa, 2 * beta + kappa
    across = 2 * alpha / (total * (total + 1))
    return kappa / total, across * 2 * beta / total, across


def _tangent(mean: Tensor, generator: torch.Generator | None) -> Tensor:
    """Draw uniform unit vectors at right angles to the first axis, and reflect them to be so to `mean`."""
    shape = (len(mean), mean.shape[1] - 1)
    drawn = torch.randn(shape, generator=generator, device=mean.device, dtype=mean.dtype)
    drawn = functional.pad(unit(drawn), (1, 0))
    # Between the first axis and -mean or mean, whichever is further: the mirror is never short.
    mirror = mean.clone()
    mirror[:, 0] += torch.where(mean[:, 0] < 0, -1.0, 1.0)
    return drawn - mirror * (2 * (mirror * drawn).sum(1) / mirror.square().sum(1))[:, None]


def _power_constant(k: Tensor, d: int) -> Tensor:
    """``log C`` of `power_log_ratio`."""
    beta = (d - 1) / 2
    fixed = (2 - d) * math.log(2) + 0.5 * math.log(math.pi) - math.lgamma(d / 2)
    return fixed + torch.lgamma(2 * beta + k) - torch.lgamma(beta + k)


def _switched(kappa: Tensor, coefficients: tuple[float, ...], closed: Callable[[Tensor], Tensor]) -> Tensor:
    """Use a series in ``kappa^2`` below `SMALL`, the closed form above it; no NaN in either's gradient."""
    square = kappa.clamp_max(SMALL).square()
    series = torch.zeros_like(kappa)
    for coefficient in reversed(coefficients):
        series = series * square + coefficient
    return torch.where(kappa < SMALL, series, closed(kappa.clamp_min(SMALL)))
