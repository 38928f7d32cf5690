"""The figures of whole epochs, out of Steps that each tell of a part of one."""

from __future__ import annotations

from dataclasses import replace

from models import Step


class Epochs:
    """Adds up the Steps of a training, so that the one that closes an epoch tells of all of it."""

    def __init__(self, seen: int = 0) -> None:
        self._seen = seen
        self._samples = 0
        self._sums: dict[str, float] = {}

    def add(self, step: Step) -> Step:
        """The same Step; at the end of an epoch with the means over all of its samples."""
        samples = step.seen - self._seen
        self._seen = step.seen
        self._samples += samples
        for name, value in step.terms.items():
            self._sums[name] = self._sums.get(name, 0.0) + value * samples
        if not step.epoch_done:
            return step
        means = {name: total / self._samples for name, total in self._sums.items()} if self._samples else {}
        self._samples, self._sums = 0, {}
        return replace(step, terms=means)
