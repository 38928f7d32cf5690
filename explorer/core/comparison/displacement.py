"""Displacement arrows: the moves of a few samples that represent the others."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Int64

from explorer.core.scene.viewport import Viewport

MOST = 150
"""Arrows on one map at most: more would hide what they are drawn on."""

_CELL = 32  # pixels; one arrow begins in each square of the view that has samples


def arrows(
    start: Float32[np.ndarray, "n 2"],
    end: Float32[np.ndarray, "n 2"],
    viewport: Viewport,
    shown: Bool[np.ndarray, " n"] | None = None,
    most: int = MOST,
) -> Int64[np.ndarray, " drawn"]:
    """Choose the samples whose moves are drawn: the most typical one in each square of the view.

    The most typical sample is the one whose move is nearest to the mean move of its square. Every arrow is
    the move of a sample, none is a mean. Where there are too many squares, those with most samples get one.

    Parameters
    ----------
    start, end
        Plane positions before and after.
    shown
        Samples that can have an arrow; None is every one.

    Returns
    -------
    Rows of the samples.
    """
    seen = viewport.contains(start)
    rows = np.flatnonzero(seen if shown is None else seen & shown)
    if not len(rows):
        return rows
    columns = -(-viewport.width // _CELL)
    across = ((start[rows, 0] - viewport.x0) / (viewport.x1 - viewport.x0) * viewport.width) // _CELL
    up = ((start[rows, 1] - viewport.y0) / (viewport.y1 - viewport.y0) * viewport.height) // _CELL
    _, cell, held = np.unique(
        (up * columns + across).astype(np.int64), return_inverse=True, return_counts=True
    )
    move = end[rows].astype(np.float64) - start[rows]
    mean = np.column_stack([np.bincount(cell, move[:, axis]) / held for axis in (0, 1)])
    away = ((move - mean[cell]) ** 2).sum(axis=1)
    order = np.lexsort((away, cell))
    first = order[np.concatenate([[0], np.cumsum(held)[:-1]])]
    fullest = np.sort(np.argsort(-held, kind="stable")[:most])
    return rows[first[fullest]]
