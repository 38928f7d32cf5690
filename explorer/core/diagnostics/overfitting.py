"""Overfitting: the held-out loss rises while the training loss goes on falling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from explorer.core.diagnostics.events import VISIBLE, Remedy, TrainingEvent
from models import Step

RISING = 4
"""Epochs in a row above the lowest held-out loss, that are named."""

_LATELY = 12  # epochs from whose jumps the scatter of the held-out loss is estimated


class OverfittingDetector:
    """A detector that takes one whole epoch after the other.

    The held-out loss of `RISING` epochs in a row lies above its lowest so far, by `VISIBLE` of its way down
    and by twice the scatter of its jumps from epoch to epoch, and the training loss lies below that of the
    lowest epoch. It is named once, and again after a lower held-out loss was reached.
    """

    def __init__(self) -> None:
        self._held_out: list[float] = []
        self._lowest: tuple[float, float, int] | None = None  # held out, in training, and its epoch
        self._above = 0
        self._named = False

    def add(self, whole: Step) -> TrainingEvent | None:
        """Add an epoch with the means over it; return the event that it completes."""
        loss, held_out = whole.terms.get("loss"), (whole.held_out or {}).get("loss")
        if loss is None or held_out is None or not (math.isfinite(loss) and math.isfinite(held_out)):
            return None
        self._held_out.append(held_out)
        if self._lowest is None or held_out < self._lowest[0]:
            self._lowest, self._above, self._named = (held_out, loss, whole.epoch), 0, False
            return None
        low, then, epoch = self._lowest
        way = self._held_out[0] - low
        scatter = _scatter(self._held_out[-_LATELY - 1 :])
        self._above = self._above + 1 if held_out - low > max(VISIBLE * way, 2 * scatter) else 0
        if self._named or self._above < RISING or loss >= then:
            return None
        self._named = True
        sentence = (
            f"Overfitting in epoch {whole.epoch}: the held-out loss rises while the training loss falls, "
            f"{held_out:.4g} nats now and {low:.4g} in epoch {epoch}; go back to that epoch, or train on "
            "more samples."
        )
        remedy = Remedy(f"Go back to epoch {epoch}", "epoch", float(epoch))
        return TrainingEvent("overfitting", whole.epoch, whole.seen, sentence, remedy)


def _scatter(losses: Sequence[float]) -> float:
    jumps = [after - before for before, after in pairwise(losses)]
    if len(jumps) < 2:
        return math.inf  # nothing can be told from one jump
    middle = median(jumps)
    return 1.4826 * median(abs(jump - middle) for jump in jumps) / math.sqrt(2)
