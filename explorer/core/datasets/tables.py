"""A Dataset out of the rows of a table: standardised on the training split, drawn in its own units."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Float64

from explorer.core.datasets.base import Dataset, Split
from explorer.core.datasets.drawing import ProfileDrawing
from explorer.core.datasets.labels import to_classes
from explorer.core.datasets.sentences import listed
from explorer.core.datasets.splitting import split_rows
from explorer.core.errors import DataError

LARGEST = 1e30
"""The largest number that is allowed: beyond it, `float32` or `float64` arithmetic overflows."""


def from_table(
    name: str,
    frame: pd.DataFrame,
    features: tuple[str, ...],
    *,
    label: str | None = None,
    label_name: str = "",
    notes: tuple[str, ...] = (),
    ordered: bool = False,
) -> Dataset:
    """Make a Dataset of table rows.

    The rows are divided with `split_rows`, and every feature is moved and scaled so that over the training
    rows its mean is 0 and its standard deviation 1; a column that is constant there, or nearly, is only
    moved.

    Parameters
    ----------
    name
        Its name on the page.
    frame
        The table; all its columns are kept in `Dataset.table`.
    features
        The columns that are the samples' features, in this order; numbers only.
    label, label_name
        The column with the labels, or None, and their name on the page (by default the column's).
    notes
        Sentences to show with the data.
    ordered
        True where the labels are grades, if there are more than two.

    Raises
    ------
    DataError
        Fewer than two rows, no features, or a feature that is not a finite number of a sane size (the
        column and its first such row are named).
    """
    if len(frame) < 2:
        raise DataError(
            f"{name} holds {len(frame) or 'no'} row{'' if len(frame) == 1 else 's'}; at least two are "
            "needed, one to train on and one to test with."
        )
    if not features:
        raise DataError(f"{name} has no column of numbers to learn from; give it at least one.")
    y, classes = (None, ()) if label is None else to_classes(frame[label])
    train_rows, test_rows = split_rows(len(frame), y)
    order = np.concatenate([train_rows, test_rows])
    values = frame[list(features)].to_numpy(dtype=np.float64)
    _check_values(name, features, values)
    values, train = values[order], len(train_rows)
    drawing, constant = _drawing(features, values, train)
    x = drawing.from_units(values)
    return Dataset(
        name=name,
        train=Split(x[:train], None if y is None else y[order][:train]),
        test=Split(x[train:], None if y is None else y[order][train:]),
        drawing=drawing,
        classes=classes,
        label_name="" if label is None else (label_name or label),
        table=frame.iloc[order].reset_index(drop=True),
        notes=(*notes, *_remarks(constant, classes)),
        ordered=ordered and len(classes) > 2,
    )


def first_row(bad: np.ndarray) -> int:
    """Return the number of the first row that is True, counted as people count: from 1, header aside."""
    return int(np.argmax(bad)) + 1


def _check_values(name: str, features: tuple[str, ...], values: Float64[np.ndarray, "n features"]) -> None:
    # `not (a <= b)` is also True for NaN.
    bad = ~(np.abs(values) <= LARGEST)
    if not bad.any():
        return
    column = int(np.argmax(bad.any(axis=0)))
    row = first_row(bad[:, column])
    found = values[row - 1, column]
    told = "no number (NaN)" if np.isnan(found) else f"{found:g}"
    raise DataError(
        f"{name} holds {told} in column {features[column]!r}, first in row {row}; numbers between "
        f"-{LARGEST:g} and {LARGEST:g} are allowed, so fill or drop it first."
    )


def _drawing(
    features: tuple[str, ...], values: Float64[np.ndarray, "both features"], rows: int
) -> tuple[ProfileDrawing, tuple[str, ...]]:
    """Return the drawing that the first `rows` rows give, and which columns are constant in them."""
    train = values[:rows]
    mean, spread = train.mean(axis=0), train.std(axis=0)
    # The rounding errors of a constant column, scaled up, would look like structure. The test is made
    # against all rows, so that a test row far away stays within the range of `float32`.
    constant = spread <= 1e-12 * np.abs(values).max(axis=0)
    low, high = np.percentile(train, [1.0, 99.0], axis=0)
    flat = ~(low < high)
    low, high = np.where(flat, train.min(axis=0), low), np.where(flat, train.max(axis=0), high)
    flat = ~(low < high)
    room = np.maximum(0.5, np.abs(low) * 1e-3)
    drawing = ProfileDrawing(
        names=features,
        mean=mean,
        scale=np.where(constant, 1.0, spread),
        low=np.where(flat, low - room, low),
        high=np.where(flat, high + room, high),
    )
    return drawing, tuple(features[column] for column in np.flatnonzero(constant))


def _remarks(constant: tuple[str, ...], classes: tuple[str, ...]) -> tuple[str, ...]:
    remarks = []
    if constant:
        verb = "is" if len(constant) == 1 else "are"
        remarks.append(
            f"{listed(constant)} {verb} constant over the training rows, or nearly, and not scaled."
        )
    if len(classes) == 1:
        remarks.append(f"All rows are of one class, {classes[0]!r}.")
    return tuple(remarks)
