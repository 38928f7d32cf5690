"""What is selected, and what was before."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool

from explorer.core import brush

HOW = ("replace", "add", "remove", "intersect")


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """A mask over the Dataset (training split first) with the masks it came from; None selects nothing.

    Every change is a new value, and `undone` is the one before.
    """

    mask: Bool[np.ndarray, " n"] | None = None
    before: Selection | None = field(default=None, repr=False)

    def joined(self, mask: Bool[np.ndarray, " n"], how: str = "replace") -> Selection:
        """Return the selection after `mask` has replaced, joined, left or met the one there is."""
        return self._next(brush.combine(self.mask, mask, how))

    def inverted(self, n: int) -> Selection:
        """Return the selection of the others, of `n` in all."""
        mask = np.zeros(n, dtype=bool) if self.mask is None else self.mask
        return self._next(brush.invert(mask))

    def cleared(self) -> Selection:
        """Return the empty selection; what was selected can be had again by `undone`."""
        return self if self.mask is None else Selection(None, self)

    def undone(self) -> Selection:
        """Return the selection before the last change; the first one stays what it is."""
        return self.before or self

    @property
    def count(self) -> int:
        """How many samples are selected."""
        return 0 if self.mask is None else int(np.count_nonzero(self.mask))

    def _next(self, mask: Bool[np.ndarray, " n"]) -> Selection:
        mask = np.array(mask, dtype=bool)
        mask.setflags(write=False)
        return Selection(mask if mask.any() else None, self)
