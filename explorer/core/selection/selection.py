"""The selection, and the earlier ones that can be restored."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool

from explorer.core.selection import brush

HOW = ("replace", "add", "remove", "intersect")

DEPTH = 50  # changes that can be undone: of 10 M samples each keeps 10 MB


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """A mask over the Dataset (training split first) with those before it; None selects nothing.

    Every change is a new value, and `undone` is the one before, for the last `DEPTH` changes.
    """

    mask: Bool[np.ndarray, " n"] | None = None
    former: tuple[Bool[np.ndarray, " n"] | None, ...] = field(default=(), repr=False)

    def joined(self, mask: Bool[np.ndarray, " n"], how: str = "replace") -> Selection:
        """Return the selection after a mask, combined with the current one by `brush.combine`."""
        return self._next(brush.combine(self.mask, mask, how))

    def inverted(self, n: int) -> Selection:
        """Return the selection of the others, of `n` in all."""
        mask = np.zeros(n, dtype=bool) if self.mask is None else self.mask
        return self._next(brush.invert(mask))

    def cleared(self) -> Selection:
        """Return the empty selection; `undone` restores the one before."""
        return self if self.mask is None else self._next(None)

    def undone(self) -> Selection:
        """Return the selection before the last change; without one, this selection."""
        return Selection(self.former[-1], self.former[:-1]) if self.former else self

    @property
    def count(self) -> int:
        """The number of selected samples."""
        return 0 if self.mask is None else int(np.count_nonzero(self.mask))

    def _next(self, mask: Bool[np.ndarray, " n"] | None) -> Selection:
        mask = None if mask is None or not mask.any() else np.array(mask, dtype=bool)
        if mask is not None:
            mask.setflags(write=False)
        return Selection(mask, (*self.former, self.mask)[-DEPTH:])
