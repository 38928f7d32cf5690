"""The information that each latent axis of a cloud carries about the samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int64

from explorer.core.errors import Cancelled
from explorer.core.latent.cloud import Cloud
from explorer.core.progress import Progress, Stop, never, silent
from models import Autoencoder
from models.losses import ACTIVE

_AT_ONCE = 1 << 21  # values: temporaries that stay near the caches, and progress several times a second


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """Figures of each latent axis of a cloud, over the samples of both splits.

    Attributes
    ----------
    code
        Mean of the places.
    variance
        Over the samples, of the posteriors' expectations, in squared latent units.
    spread
        Root mean square of the posteriors' standard deviations; None where a sample has one place.
    kl
        KL from the prior, mean over the samples, in nats; None where it does not split by axis.
    total_kl
        KL over all axes, mean over the samples, in nats; None for a model without a prior.
    active
        True where the axis carries information about the sample; None for a model without a prior, which has
        no unit to measure that in.
    """

    code: Float64[np.ndarray, " latent"]
    variance: Float64[np.ndarray, " latent"]
    spread: Float64[np.ndarray, " latent"] | None
    kl: Float64[np.ndarray, " latent"] | None
    total_kl: float | None
    active: Bool[np.ndarray, " latent"] | None

    @property
    def units(self) -> int | None:
        """The number of active axes; None for a model without a prior."""
        return None if self.active is None else int(np.count_nonzero(self.active))

    @property
    def order(self) -> Int64[np.ndarray, " latent"]:
        """The axes, most informative first: by KL, or by variance where there is no KL per axis."""
        order: np.ndarray = np.argsort(-(self.variance if self.kl is None else self.kl), kind="stable")
        return order


def activity(
    cloud: Cloud,
    model: Autoencoder,
    *,
    progress: Progress = silent,
    stop: Stop = never,
) -> Activity:
    """Measure each axis from the codes alone: nothing is encoded again.

    Parameters
    ----------
    model
        The model of the cloud; only its prior is used.
    progress
        Called with the share that is done, in (0, 1].
    stop
        Asked before each batch of rows.

    Raises
    ------
    Cancelled
        When `stop` turned true.

    References
    ----------
    Burda, Grosse and Salakhutdinov (2015), Importance Weighted Autoencoders, section 5 (active units).
    """
    latent, size = cloud.latent, max(1, _AT_ONCE // cloud.latent)
    centre = _expectation(cloud, slice(0, 1))[0].astype(np.float64)  # sums of deviations keep their digits
    codes, sums, squares, spreads, kl = np.zeros((5, latent))
    normal = is_normal(cloud, model)
    for first in range(0, len(cloud), size):
        if stop():
            raise Cancelled(f"the axes were not measured: stopped after {first:,} of {len(cloud):,} codes.")
        rows = slice(first, first + size)
        codes += cloud.mean[rows].sum(0, dtype=np.float64)
        apart = _expectation(cloud, rows) - centre
        sums += apart.sum(0)
        squares += np.square(apart).sum(0)
        if cloud.spread is not None:
            spreads += np.square(cloud.spread[rows], dtype=np.float64).sum(0)
            if normal:
                kl += normal_kl(cloud.mean[rows], cloud.spread[rows]).sum(0)
        progress(min(1.0, rows.stop / len(cloud)))
    n = len(cloud)
    variance = np.maximum(0.0, squares / n - np.square(sums / n))
    prior = model.prior_variance
    total = None if cloud.kl is None or prior is None else float(cloud.kl.mean(dtype=np.float64))
    # A posterior of another kind may have the same spread: then the parts do not add up to the whole.
    splits = normal and total is not None and np.isclose(kl.sum() / n, total, rtol=1e-3, atol=1e-3)
    return Activity(
        code=codes / n,
        variance=variance,
        spread=None if cloud.spread is None else np.sqrt(spreads / n),
        kl=kl / n if splits else None,
        total_kl=total,
        active=None if prior is None else variance / prior > ACTIVE,
    )


def is_normal(cloud: Cloud, model: Autoencoder) -> bool:
    """Tell whether the prior is N(0, 1) along each axis, and samples have a spread."""
    return not cloud.sphere and model.prior_variance == 1.0 and cloud.spread is not None


def _expectation(cloud: Cloud, rows: slice) -> Float[np.ndarray, "rows latent"]:
    """Return ``E[z|x]``: the mean, but on a sphere shorter, since ``|E[z|x]|^2 = 1 - trace Cov[z|x]``."""
    if not cloud.sphere or cloud.spread is None:
        return cloud.mean[rows]
    trace = np.square(cloud.spread[rows], dtype=np.float64).sum(1, keepdims=True)
    return cloud.mean[rows] * np.sqrt(np.maximum(0.0, 1.0 - trace))


def normal_kl(
    mean: Float32[np.ndarray, "*rows latent"], spread: Float32[np.ndarray, "*rows latent"]
) -> Float64[np.ndarray, "*rows latent"]:
    """Return, as `models.losses.gaussian_kl` does, the KL of N(mean, spread^2) from N(0, 1), in nats."""
    # Not below the least normal number: a spread of 0 would have no logarithm.
    log_variance = 2 * np.log(np.maximum(spread, np.finfo(np.float32).tiny), dtype=np.float64)
    squared = np.square(mean, dtype=np.float64)
    kl: np.ndarray = 0.5 * (squared + np.expm1(log_variance) - log_variance)
    return kl
