"""What the curves of a training say: rate against distortion, and what happened when, by stated rules.

All of it is a function of the steps so far, and more steps take nothing back: what was told in one epoch is
told in the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from statistics import median

from models import Step
from models.losses import ACTIVE

SHARE = 0.1
"""Of an epoch, that a point of the curve is the mean over at least: single batches say too little."""

LATELY = 5
"""Points whose median the next one is compared with."""

WINDOW = 32
"""Steps between points at most, from which the scatter of the curve is told."""

SPIKE = 6.0
"""Robust standard deviations of the curve above where it was lately, that make a spike."""

VISIBLE = 0.1
"""Of the way down so far, that a spike also rises at least: what no chart would show is not named."""

ABOVE = 5
"""Points in a row above where the training began, that make a divergence."""

PLATEAU = 5
"""Epochs that gain next to nothing, that make a plateau."""

NOTHING = 0.005
"""Of the way down so far, that counts as next to nothing."""

COLLAPSE = 3
"""Epochs in a row without information in the codes, that make a collapse."""

SILENT = 5 * ACTIVE
"""KL in nats per sample, below which codes say nothing worth having: a fourteenth of a bit."""

_SIGMA = 1.4826  # standard deviations in a median absolute deviation, for a normal distribution


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


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened in a training.

    Attributes
    ----------
    kind
        "spike", "plateau", "collapse" or "divergence".
    epoch, seen
        When: the epoch, and the samples seen since the start.
    sentence
        What, with figures, and what to do.
    """

    kind: str
    epoch: int
    seen: int
    sentence: str


@dataclass(frozen=True, slots=True)
class _Point:
    """Means of the terms over some reports in a row."""

    epoch: int
    seen: int
    terms: Mapping[str, float]


def rate_distortion(steps: Sequence[Step]) -> tuple[RatePoint, ...]:
    """A point for each finished epoch; none for a model without a KL.

    References
    ----------
    Alemi et al. (2018), Fixing a Broken ELBO.
    """
    ends = {step.epoch: step for step in steps if step.epoch_done}
    points = []
    for mean in _epochs(steps):
        if "kl" in mean.terms and "reconstruction" in mean.terms:
            others = ends[mean.epoch].held_out or {}
            terms = mean.terms["kl"], mean.terms["reconstruction"]
            points.append(RatePoint(mean.epoch, *terms, others.get("kl"), others.get("reconstruction")))
    return tuple(points)


def happenings(steps: Sequence[Step], active: Mapping[int, int] | None = None) -> tuple[Happening, ...]:
    """Name what happened, in the order in which it did.

    **Spike**: a point of the training loss lies above the median of the `LATELY` before it by `SPIKE`
    robust standard deviations, as the steps between the last `WINDOW` points tell them, and by `VISIBLE` of
    the way down so far; the next one is named once it came back. **Divergence**: `ABOVE` points in a row lie
    above the first by `SPIKE` robust standard deviations of such steps and by `VISIBLE` of its size, and
    rise; or a term, held out too, is not finite. **Plateau**: the lowest of `PLATEAU` epochs is below the
    lowest before by less than `NOTHING` of the way down, or than the scatter of epochs, and they do not
    rise. **Collapse**: for `COLLAPSE` epochs in a row no axis is active, or where that is not known the KL
    is below `SILENT`.

    Parameters
    ----------
    steps
        All reports so far, or some in a row from the first on.
    active
        Of some epochs, how many axes are active; by default only the KL is judged.
    """
    points, epochs = list(_points(steps)), list(_epochs(steps))
    found = [*_spikes(points), *_divergence(points), *_not_finite(steps)]
    found += [*_plateaus(epochs), *_collapses(epochs, active or {})]
    return tuple(sorted(found, key=lambda happening: happening.seen))


def _points(steps: Sequence[Step]) -> Iterator[_Point]:
    """The curve, in means over at least `SHARE` of an epoch."""
    return _means(steps, lambda step, fresh: fresh >= SHARE * step.of / step.epochs)


def _epochs(steps: Sequence[Step]) -> Iterator[_Point]:
    """The curve, in means over finished epochs."""
    return _means(steps, lambda step, fresh: step.epoch_done)


def _means(steps: Sequence[Step], complete: Callable[[Step, int], bool]) -> Iterator[_Point]:
    sums: dict[str, float] = {}
    fresh = before = 0
    for step in steps:
        new, before = step.seen - before, step.seen
        fresh += new
        for name, value in step.terms.items():
            sums[name] = sums.get(name, 0.0) + value * new
        if fresh and complete(step, fresh):
            yield _Point(step.epoch, step.seen, {name: total / fresh for name, total in sums.items()})
            sums, fresh = {}, 0


def _spikes(points: Sequence[_Point]) -> Iterator[Happening]:
    losses = _finite_losses(points)
    high = False
    for at in range(2 * LATELY, len(losses)):
        usual = median(losses[at - LATELY : at])
        way = losses[0] - min(losses[:at])
        scatter = _scatter(_jumps(losses[max(0, at - WINDOW) : at])) / math.sqrt(2)
        limit = usual + max(SPIKE * scatter, VISIBLE * way)
        if losses[at] <= limit:
            high = False
        elif not high:
            high = True
            yield _happening(
                "spike",
                points[at],
                f"the loss jumped from {usual:.4g} to {losses[at]:.4g} nats; if it happens again, train with "
                "a lower learning rate.",
            )


def _divergence(points: Sequence[_Point]) -> Iterator[Happening]:
    losses = _finite_losses(points)
    above, told = 0, False
    for at in range(1, len(losses)):
        lately = losses[max(0, at - WINDOW) : at + 1]
        limit = losses[0] + max(SPIKE * _scatter(_jumps(lately)), VISIBLE * abs(losses[0]))
        above = above + 1 if losses[at] > limit else 0
        told = told and above > 0
        if above >= ABOVE and not told and losses[at] > losses[at + 1 - ABOVE]:
            told = True
            yield _happening(
                "divergence",
                points[at],
                f"the loss rises and is above where it began, {losses[at]:.4g} against {losses[0]:.4g} nats; "
                "stop, go back to an earlier epoch and train with a lower learning rate.",
            )


def _not_finite(steps: Sequence[Step]) -> Iterator[Happening]:
    for step in steps:
        values = [*step.terms.values(), *(step.held_out or {}).values()]
        if not all(map(math.isfinite, values)):
            yield _happening(
                "divergence",
                _Point(step.epoch, step.seen, {}),
                "a loss is not finite any more; go back to an earlier epoch and train with a lower learning "
                "rate.",
            )
            return


def _plateaus(epochs: Sequence[_Point]) -> Iterator[Happening]:
    losses = _finite_losses(epochs)
    flat = False
    for at in range(PLATEAU, len(losses)):
        before, recent = losses[: at + 1 - PLATEAU], losses[at + 1 - PLATEAU : at + 1]
        gain, way = min(before) - min(recent), losses[0] - min(losses[: at + 1])
        lately = losses[at - PLATEAU : at + 1]
        scatter = _scatter(_jumps(lately)) / math.sqrt(2)
        limit = max(NOTHING * way, scatter)
        risen = median(recent) - median(before[-PLATEAU:]) > max(VISIBLE * way, 2 * scatter)
        if gain >= 4 * limit and gain > 0:
            flat = False
        elif not flat and not risen and gain <= limit:
            flat = True
            yield _happening(
                "plateau",
                epochs[at],
                f"{PLATEAU} epochs gained {max(0.0, gain):.2g} nats of {way:.4g} so far; stop here, or "
                "change the model or its learning rate.",
            )


def _collapses(epochs: Sequence[_Point], active: Mapping[int, int]) -> Iterator[Happening]:
    silent = 0
    for epoch in epochs:
        kl = epoch.terms.get("kl", math.nan)
        nothing = active[epoch.epoch] == 0 if epoch.epoch in active else kl < SILENT
        silent = silent + 1 if nothing else 0
        if silent == COLLAPSE:
            yield _happening(
                "collapse",
                epoch,
                f"the codes say nothing about the samples, KL {kl:.2g} nats; train with a smaller beta or "
                "with free bits.",
            )


def _happening(kind: str, point: _Point, sentence: str) -> Happening:
    return Happening(kind, point.epoch, point.seen, f"{kind.capitalize()} in epoch {point.epoch}: {sentence}")


def _finite_losses(points: Sequence[_Point]) -> list[float]:
    """The losses up to the first that is not finite, which has a happening of its own."""
    return list(takewhile(math.isfinite, (point.terms["loss"] for point in points)))


def _jumps(losses: Sequence[float]) -> list[float]:
    return [after - before for before, after in pairwise(losses)]


def _scatter(values: Sequence[float]) -> float:
    """A standard deviation that a few outliers do not move."""
    middle = median(values)
    return _SIGMA * median(abs(value - middle) for value in values)
