"""The axes of a latent space one by one: the information on each, and codes moved along one."""

from __future__ import annotations

from dataclasses import dataclass, fields
from statistics import NormalDist

import numpy as np
from jaxtyping import Float, Float32, Float64

from explorer.core.latent.activity import Activity, activity, is_normal, normal_kl
from explorer.core.latent.cloud import Cloud
from explorer.core.progress import Progress, Stop, never, silent
from models import Autoencoder

LEVELS = (0.01, 0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95, 0.99)
"""Probabilities whose quantiles a traversal stops at; under N(0, 1) they lie from -2.33 to 2.33."""

_ENOUGH = 50_000  # rows for a quantile: at 1 % it is then off by 0.05 % of the samples (one sigma)


@dataclass(frozen=True, slots=True, eq=False)
class Axes(Activity):
    """The information on each latent axis of a cloud, and the range in which it is shown.

    Attributes
    ----------
    mean
        The cloud's mean code; on a sphere its direction.
    low, high
        The range of the codes: their 0.5th to 99.5th percentile, with -3 to 3 for a normal prior.
    quantiles
        A row a level of `LEVELS`: of the prior where `normal`, else of the codes along each axis.
    normal
        True where the prior is N(0, 1) along each axis.
    sphere
        True where codes are points of the unit sphere.
    """

    mean: Float32[np.ndarray, " latent"]
    low: Float64[np.ndarray, " latent"]
    high: Float64[np.ndarray, " latent"]
    quantiles: Float64[np.ndarray, "levels latent"]
    normal: bool
    sphere: bool

    @property
    def latent(self) -> int:
        """Number of axes."""
        return len(self.mean)

    @property
    def collapsed(self) -> bool:
        """True where no axis carries information about the sample."""
        return self.active is not None and not self.active.any()

    @property
    def sentence(self) -> str:
        """A sentence on these figures, with their units."""
        axes = f"{self.latent} {'axis' if self.latent == 1 else 'axes'}"
        if self.total_kl is None or self.active is None:
            kind = "on the sphere, sorted by variance" if self.sphere else "sorted by variance"
            return f"{axes} {kind}: this model has no prior, so no KL, and a sample is one place (spread 0)."
        if self.collapsed:
            return (
                f"Collapsed or not yet trained: 0 of {axes} active, total KL {self.total_kl:.2g} nats. No "
                "axis says anything about a sample; train longer, with a smaller beta or with free bits."
            )
        found = f"{self.units} of {axes} active; total KL {self.total_kl:.1f} nats"
        if self.kl is None:
            place = "on the sphere" if self.sphere else "under this prior"
            return f"{found}. KL does not split by axis {place}: they are sorted by variance."
        return f"{found}."


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """The code that bars and traversals begin from: a sample's, or the cloud's mean.

    Attributes
    ----------
    index
        Row of the sample, training split first; None for the mean code.
    code
        In latent units.
    spread
        Standard deviation of the sample's posterior; for the mean code, of the posteriors on average;
        None where a sample has one place.
    kl
        Of the sample, or on average, in nats per axis; None where it does not split.
    """

    index: int | None
    code: Float32[np.ndarray, " latent"]
    spread: Float[np.ndarray, " latent"] | None
    kl: Float64[np.ndarray, " latent"] | None


def measure(
    cloud: Cloud,
    model: Autoencoder,
    *,
    progress: Progress = silent,
    stop: Stop = never,
) -> Axes:
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
    """
    found = activity(cloud, model, progress=progress, stop=stop)
    normal = is_normal(cloud, model)
    low, high, quantiles = _ranges(cloud, normal)
    return Axes(
        **{field.name: getattr(found, field.name) for field in fields(found)},
        mean=_unit(found.code) if cloud.sphere else found.code.astype(np.float32),
        low=low,
        high=high,
        quantiles=quantiles,
        normal=normal,
        sphere=cloud.sphere,
    )


def start(axes: Axes, cloud: Cloud, index: int | None) -> Start:
    """Return the start of bars and traversals: the sample of that index, or the mean code for None."""
    if index is None:
        return Start(None, axes.mean, axes.spread, axes.kl)
    spread = None if cloud.spread is None else cloud.spread[index]
    kl = None if axes.kl is None or spread is None else normal_kl(cloud.mean[index], spread)
    return Start(index, cloud.mean[index], spread, kl)


def moved(
    code: Float32[np.ndarray, " latent"], axis: int, value: float, sphere: bool = False
) -> Float32[np.ndarray, " latent"]:
    """Return the code with another value along one axis.

    On the unit sphere the value is kept to [-1, 1], and the other coordinates are scaled so that the code
    stays on it: it moves along the great circle through the poles of the axis. From a pole, where the circle
    is not defined, it moves along the next axis.
    """
    other = code.astype(np.float64)
    if not sphere:
        other[axis] = value
        return other.astype(np.float32)
    value = min(1.0, max(-1.0, value))
    other[axis] = 0.0
    rest = float(np.linalg.norm(other))
    if rest < 1e-6:
        other[:] = 0.0
        other[(axis + 1) % len(other)] = rest = 1.0
    other *= np.sqrt(1.0 - value * value) / rest
    other[axis] = value
    return other.astype(np.float32)


def _ranges(
    cloud: Cloud, normal: bool
) -> tuple[
    Float64[np.ndarray, " latent"], Float64[np.ndarray, " latent"], Float64[np.ndarray, "levels latent"]
]:
    some = cloud.mean[:: max(1, len(cloud) // _ENOUGH)].astype(np.float64)
    found = np.quantile(some, (0.005, 0.995, *LEVELS), axis=0)
    low, high, quantiles = found[0], found[1], found[2:]
    if cloud.sphere:
        return np.full(cloud.latent, -1.0), np.full(cloud.latent, 1.0), quantiles
    if normal:
        wanted = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
        quantiles = np.repeat(wanted[:, None], cloud.latent, axis=1)
        return np.minimum(low, -3.0), np.maximum(high, 3.0), quantiles
    room = np.where(high - low > 0, 0.0, 1.0)  # an axis on which all codes agree
    return low - room, high + room, quantiles


def _unit(code: Float64[np.ndarray, " latent"]) -> Float32[np.ndarray, " latent"]:
    length = float(np.linalg.norm(code))
    if length < 1e-9:  # codes all around have no mean direction
        code, length = np.eye(1, len(code))[0], 1.0
    return (code / length).astype(np.float32)
