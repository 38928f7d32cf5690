"""A train/test split where the source has none: fixed, stratified by label, never empty."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

HELD_OUT = 0.2
"""The share of the samples that is held out for testing."""

SEED = 0


def split_rows(
    n: int, labels: Int64[np.ndarray, " n"] | None = None
) -> tuple[Int64[np.ndarray, " train"], Int64[np.ndarray, " test"]]:
    """Divide `n` rows into training and test rows, the same ones each time.

    One row in five is held out, in every class as nearly as whole rows allow, and over all classes
    together too. A class keeps at least one row to train on, and with two rows or more neither side is
    empty.

    Parameters
    ----------
    n
        The number of rows.
    labels
        For each row the index of its class, or None to treat all rows alike.

    Returns
    -------
    tuple
        The row numbers of the training and of the test split, each ascending.
    """
    labels = np.zeros(n, dtype=np.int64) if labels is None else labels
    shuffled = np.random.default_rng(SEED).permutation(n)
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    counts = np.unique(labels, return_counts=True)[1]
    ends = np.cumsum(counts)
    # The rounding is carried from class to class, so that many small classes still give one in five.
    due = np.floor(ends * HELD_OUT + 0.5).astype(np.int64)
    wanted = np.minimum(np.diff(due, prepend=0), counts - 1)
    if n >= 2 and wanted.sum() == 0:
        wanted[np.argmax(counts)] = 1
    test = np.zeros(n, dtype=bool)
    for end, count, held_out in zip(ends, counts, wanted, strict=True):
        test[by_class[end - count : end - count + held_out]] = True
    return np.flatnonzero(~test).astype(np.int64), np.flatnonzero(test).astype(np.int64)
