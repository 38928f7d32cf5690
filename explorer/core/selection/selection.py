"""The selection of samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from explorer.core.selection import brush

HOW = ("replace", "add", "remove", "intersect")


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """A mask over the Dataset (training split first); None selects nothing. Every change is a new value."""

    mask: Bool[np.ndarray, " n"] | None = None

    def joined(self, mask: Bool[np.ndarray, " n"], how: str = "replace") -> Selection:
        """Return the selection after a mask, combined with the current one by `brush.combine`."""
        return _read_only(brush.combine(self.mask, mask, how))

    def inverted(self, n: int) -> Selection:
        """Return the selection of the others, of `n` in all."""
        mask = np.zeros(n, dtype=bool) if self.mask is None else self.mask
        return _read_only(brush.invert(mask))

    def cleared(self) -> Selection:
        """Return the empty selection."""
        return self if self.mask is None else _read_only(None)

    @property
    def count(self) -> int:
        """The number of selected samples."""
        return 0 if self.mask is None else int(np.count_nonzero(self.mask))


def _read_only(mask: np.ndarray | None) -> Selection:
    mask = None if mask is None or not mask.any() else np.array(mask, dtype=bool)
    if mask is not None:
        mask.setflags(write=False)
    return Selection(mask)
