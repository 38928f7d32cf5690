"""Rate and distortion of a training, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass

from models import Step


@dataclass(frozen=True, slots=True)
class RatePoint:
    """An epoch as a point in the plane of rate and distortion, in nats per sample.

    Attributes
    ----------
    rate, distortion
        KL and reconstruction, means over the epoch's training samples as they were trained on.
    held_out_rate, held_out_distortion
        The same on held-out samples at its end; None where none were evaluated.
    """

    epoch: int
    rate: float
    distortion: float
    held_out_rate: float | None
    held_out_distortion: float | None


def rate_point(whole: Step) -> RatePoint | None:
    """Return the point of a Step that reports a whole epoch; None for any other, and without a KL.

    References
    ----------
    Alemi et al. (2018), Fixing a Broken ELBO.
    """
    terms, others = whole.terms, whole.held_out or {}
    if not whole.epoch_done or "kl" not in terms or "reconstruction" not in terms:
        return None
    return RatePoint(
        whole.epoch, terms["kl"], terms["reconstruction"], others.get("kl"), others.get("reconstruction")
    )
