"""Where a training stands between rate and distortion, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explorer.core.diagnostics.epoch_means import Epochs
from models import Step


@dataclass(frozen=True, slots=True)
class RatePoint:
    """Where an epoch ended in the plane of rate and distortion, in nats per sample.

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


def rate_distortion(steps: Sequence[Step]) -> tuple[RatePoint, ...]:
    """A point for each finished epoch; none for a model without a KL.

    References
    ----------
    Alemi et al. (2018), Fixing a Broken ELBO.
    """
    epochs = Epochs()
    wholes = (epochs.add(step) for step in steps)
    return tuple(point for whole in wholes if (point := rate_point(whole)) is not None)


def rate_point(whole: Step) -> RatePoint | None:
    """The point of a Step that tells of a whole epoch; None for any other, and without a KL."""
    terms, others = whole.terms, whole.held_out or {}
    if not whole.epoch_done or "kl" not in terms or "reconstruction" not in terms:
        return None
    return RatePoint(
        whole.epoch, terms["kl"], terms["reconstruction"], others.get("kl"), others.get("reconstruction")
    )
