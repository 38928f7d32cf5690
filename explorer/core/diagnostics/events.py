"""Events of a training, found by stated rules.

They follow from the steps so far, and later steps remove none: an event of one epoch is still there in the
next.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from explorer.core.diagnostics.epoch_means import EpochMeans, RunningMeans
from models import Step
from models.losses import ACTIVE

SHARE = 0.1
"""The least share of an epoch that a point of the curve is the mean of: single batches are too noisy."""

LATELY = 5
"""The number of points whose median the next one is compared with."""

WINDOW = 32
"""The most steps between points from which the scatter of the curve is estimated."""

SPIKE = 6.0
"""Robust standard deviations above the latest points that make a spike."""

VISIBLE = 0.1
"""The least rise of a spike, as a share of the way down so far: a smaller one is not seen on a chart."""

ABOVE = 5
"""Points in a row above where the training began, that make a divergence."""

PLATEAU = 5
"""Epochs that gain next to nothing, that make a plateau."""

NOTHING = 0.005
"""The share of the way down so far that counts as next to nothing."""

COLLAPSE = 3
"""Epochs in a row without information in the codes, that make a collapse."""

SILENT = 5 * ACTIVE
"""KL in nats per sample, below which codes carry no useful information: a fourteenth of a bit."""

_SIGMA = 1.4826  # standard deviations in a median absolute deviation, for a normal distribution


@dataclass(frozen=True, slots=True)
class Remedy:
    """A remedy that one press applies.

    Attributes
    ----------
    label
        Of the button.
    action, value
        "epoch" goes back to that epoch; "rest" lets the samples that are not selected count so much.
    """

    label: str
    action: str
    value: float


@dataclass(frozen=True, slots=True)
class TrainingEvent:
    """An event of a training.

    Attributes
    ----------
    kind
        "spike", "plateau", "collapse", "divergence", "overfitting" or "forgetting".
    epoch, seen
        The time: the epoch, and the samples seen since the start.
    sentence
        The event with its figures, and what to do.
    remedy
        What one press does about it; None where it takes another training or model.
    """

    kind: str
    epoch: int
    seen: int
    sentence: str
    remedy: Remedy | None = None


@dataclass(frozen=True, slots=True)
class _Point:
    """Means of the terms over some reports in a row."""

    epoch: int
    seen: int
    terms: Mapping[str, float]

    @property
    def loss(self) -> float:
        return self.terms["loss"]


class EventDetector:
    """A detector of events, which takes one Step after the other at the same cost for each.

    **Spike**: a point of the training loss lies above the median of the `LATELY` before it by `SPIKE`
    robust standard deviations, estimated from the steps between the last `WINDOW` points, and by `VISIBLE` of
    the way down so far; the next one is named after the curve has returned. **Divergence**: `ABOVE` points
    in a row lie above the first by `SPIKE` robust standard deviations of such steps and by `VISIBLE` of its
    size, and rise; or a term, held out too, is not finite. **Plateau**: the lowest of `PLATEAU` epochs is
    below the lowest before by less than `NOTHING` of the way down, or than the scatter of epochs, and they do
    not rise. **Collapse**: for `COLLAPSE` epochs in a row no axis is active or, where that is not known, the
    KL is below `SILENT`.
    """

    def __init__(self) -> None:
        self._means, self._epochs = RunningMeans(), EpochMeans()
        self._spikes, self._divergence, self._plateaus = _Spikes(), _Divergence(), _Plateaus()
        self._collapses = _Collapses()
        self._finite = True

    def add(self, step: Step) -> tuple[TrainingEvent, ...]:
        """Add the next report; return the events that it completes."""
        found: list[TrainingEvent | None] = []
        self._means.add(step)
        if self._means.samples and self._means.samples >= SHARE * step.of / step.epochs:
            point = _Point(step.epoch, step.seen, self._means.take())
            found += [self._spikes.judge(point), self._divergence.judge(point)]
        if self._finite and not all(map(math.isfinite, _values(step))):
            self._finite = False
            found.append(_event("divergence", _Point(step.epoch, step.seen, {}), _NOT_FINITE))
        whole = self._epochs.add(step)
        if whole.epoch_done and whole.terms:
            epoch = _Point(whole.epoch, whole.seen, whole.terms)
            found += [self._plateaus.judge(epoch), self._collapses.judge(epoch)]
        return tuple(event for event in found if event is not None)

    def know(self, epoch: int, active: int) -> tuple[TrainingEvent, ...]:
        """Add the number of active axes at the end of an epoch, which may be known after its Step only."""
        event = self._collapses.know(epoch, active)
        return () if event is None else (event,)


_NOT_FINITE = (
    "a loss is not finite any more; go back to an earlier epoch and train with a lower learning rate."
)


class _Losses:
    """The losses so far, as many as the rules need, up to the first that is not finite."""

    def __init__(self) -> None:
        self.first = self.least = math.nan  # `least` of all before the last one
        self.lately: deque[float] = deque(maxlen=WINDOW + 1)
        self._over = False

    def add(self, loss: float) -> bool:
        """Add a loss; tell whether there is one more to judge."""
        self._over = self._over or not math.isfinite(loss)
        if self._over:
            return False  # that is an event of its own
        if not self.lately:
            self.first = loss
        else:
            self.least = min(self.lately[-1], self.least) if self.least == self.least else self.lately[-1]
        self.lately.append(loss)
        return True


class _Spikes:
    def __init__(self) -> None:
        self._losses, self._count, self._high = _Losses(), 0, False

    def judge(self, point: _Point) -> TrainingEvent | None:
        losses = self._losses
        if not losses.add(point.loss):
            return None
        self._count += 1
        if self._count <= 2 * LATELY:
            return None
        before = list(losses.lately)[:-1]
        usual, way = median(before[-LATELY:]), losses.first - losses.least
        scatter = _scatter(_jumps(before)) / math.sqrt(2)
        was, self._high = self._high, point.loss > usual + max(SPIKE * scatter, VISIBLE * way)
        if was or not self._high:
            return None
        return _event(
            "spike",
            point,
            f"the loss jumped from {usual:.4g} to {point.loss:.4g} nats; if it happens again, train with "
            "a lower learning rate.",
        )


class _Divergence:
    def __init__(self) -> None:
        self._losses, self._above, self._reported = _Losses(), 0, False

    def judge(self, point: _Point) -> TrainingEvent | None:
        losses = self._losses
        if not losses.add(point.loss) or len(losses.lately) < 2:
            return None
        first, lately = losses.first, list(losses.lately)
        limit = first + max(SPIKE * _scatter(_jumps(lately)), VISIBLE * abs(first))
        self._above = self._above + 1 if point.loss > limit else 0
        self._reported = self._reported and self._above > 0
        if self._above < ABOVE or self._reported or point.loss <= lately[-ABOVE]:
            return None
        self._reported = True
        return _event(
            "divergence",
            point,
            f"the loss rises and is above where it began, {point.loss:.4g} against {first:.4g} nats; "
            "stop, go back to an earlier epoch and train with a lower learning rate.",
        )


class _Plateaus:
    def __init__(self) -> None:
        self._losses, self._flat = _Losses(), False
        self._before = math.inf  # the least of those before the last few

    def judge(self, epoch: _Point) -> TrainingEvent | None:
        losses = self._losses
        if not losses.add(epoch.loss) or len(losses.lately) <= PLATEAU:
            return None
        lately = list(losses.lately)
        recent, earlier = lately[-PLATEAU:], lately[:-PLATEAU]
        self._before = min(self._before, earlier[-1])
        way = losses.first - min(losses.least, epoch.loss)
        gain = self._before - min(recent)
        scatter = _scatter(_jumps(lately[-PLATEAU - 1 :])) / math.sqrt(2)
        limit = max(NOTHING * way, scatter)
        risen = median(recent) - median(earlier[-PLATEAU:]) > max(VISIBLE * way, 2 * scatter)
        if gain >= 4 * limit and gain > 0:
            self._flat = False
        if self._flat or risen or gain > limit or (gain >= 4 * limit and gain > 0):
            return None
        self._flat = True
        gained = f"gained {gain:.2g} nats of {way:.4g} so far" if gain > 0 else "brought no lower loss"
        return _event(
            "plateau",
            epoch,
            f"{PLATEAU} epochs {gained}; stop here, or change the model or its learning rate.",
        )


class _Collapses:
    def __init__(self) -> None:
        self._active: dict[int, int] = {}
        self._lately: deque[_Point] = deque(maxlen=COLLAPSE)
        self._reported = False

    def judge(self, epoch: _Point) -> TrainingEvent | None:
        self._lately.append(epoch)
        self._reported = self._reported and self._silent(epoch)
        return self._tell()

    def know(self, epoch: int, active: int) -> TrainingEvent | None:
        self._active[epoch] = active
        return self._tell()

    def _tell(self) -> TrainingEvent | None:
        if self._reported or len(self._lately) < COLLAPSE or not all(map(self._silent, self._lately)):
            return None
        self._reported = True
        kl = self._lately[-1].terms.get("kl", math.nan)
        return _event(
            "collapse",
            self._lately[-1],
            f"the codes say nothing about the samples, KL {kl:.2g} nats; train with a smaller beta or "
            "with free bits.",
        )

    def _silent(self, epoch: _Point) -> bool:
        if epoch.epoch in self._active:
            return self._active[epoch.epoch] == 0
        return epoch.terms.get("kl", math.nan) < SILENT


def _event(kind: str, point: _Point, sentence: str) -> TrainingEvent:
    return TrainingEvent(
        kind, point.epoch, point.seen, f"{kind.capitalize()} in epoch {point.epoch}: {sentence}"
    )


def _values(step: Step) -> Iterator[float]:
    yield from step.terms.values()
    yield from (step.held_out or {}).values()


def _jumps(losses: Sequence[float]) -> list[float]:
    return [after - before for before, after in pairwise(losses)]


def _scatter(values: Sequence[float]) -> float:
    """Return a standard deviation that is robust to a few outliers."""
    middle = median(values)
    return _SIGMA * median(abs(value - middle) for value in values)
