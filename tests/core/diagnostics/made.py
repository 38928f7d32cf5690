"""Diagnostics of a whole list of steps at once, as tests compare them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from explorer.core.diagnostics.epoch_means import EpochMeans
from explorer.core.diagnostics.events import EventDetector, TrainingEvent
from explorer.core.diagnostics.rate_distortion import RatePoint, rate_point
from models import Step


def events_of(steps: Sequence[Step], active: Mapping[int, int] | None = None) -> tuple[TrainingEvent, ...]:
    """Detect the events of steps; `active` has the number of active axes of some epochs."""
    detector = EventDetector()
    for epoch, units in (active or {}).items():
        detector.know(epoch, units)
    return tuple(event for step in steps for event in detector.add(step))


def rate_points_of(steps: Sequence[Step]) -> tuple[RatePoint, ...]:
    """Return a point for each finished epoch."""
    epochs = EpochMeans()
    wholes = (epochs.add(step) for step in steps)
    return tuple(point for whole in wholes if (point := rate_point(whole)) is not None)
