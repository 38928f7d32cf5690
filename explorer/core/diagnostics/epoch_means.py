"""Means over whole epochs, or parts of one, out of Steps that each cover the samples since the last."""

from __future__ import annotations

from dataclasses import replace

from models import Step


class RunningMeans:
    """The running means of the terms of Steps, each weighed by the samples that it covers.

    Attributes
    ----------
    samples
        Those since the last `take`.
    """

    def __init__(self) -> None:
        self.samples = 0
        self._seen: int | None = None
        self._sums: dict[str, float] = {}

    def add(self, step: Step) -> None:
        """Count one more Step in; they come in order, the first one from the beginning of its epoch."""
        # A resumed training counts the samples before it too, which this step does not cover.
        before = (step.epoch - 1) * step.of // step.epochs if self._seen is None else self._seen
        fresh, self._seen = step.seen - before, step.seen
        self.samples += fresh
        for name, value in step.terms.items():
            self._sums[name] = self._sums.get(name, 0.0) + value * fresh

    def take(self) -> dict[str, float]:
        """Return the means over the samples since the last call, and begin anew; without samples none."""
        means = {name: total / self.samples for name, total in self._sums.items()} if self.samples else {}
        self.samples, self._sums = 0, {}
        return means


class EpochMeans:
    """The running means of a training: the Step that closes an epoch gets the means over all of it."""

    def __init__(self) -> None:
        self._means = RunningMeans()

    def add(self, step: Step) -> Step:
        """Return the Step; at the end of an epoch with the means over all of its samples."""
        self._means.add(step)
        return replace(step, terms=self._means.take()) if step.epoch_done else step
