"""Class names and indices out of a column of labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int64

from explorer.core.errors import DataError

MOST_CLASSES = 256
"""More different values than this are a quantity, not a label."""


def to_classes(values: np.ndarray | pd.Series) -> tuple[Int64[np.ndarray, " n"], tuple[str, ...]]:
    """Return for each value the index of its class, and the names of the classes.

    Numbers are ordered as numbers and text as text; the order of a categorical column is kept, without
    the categories that do not occur.
    """
    series = pd.Series(values)
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.cat.remove_unused_categories()
        found = list(series.cat.categories)
        codes = series.cat.codes.to_numpy()
    else:
        indices, unique = pd.factorize(series, sort=True)
        found, codes = list(unique), np.asarray(indices)
    return codes.astype(np.int64), tuple(class_name(value) for value in found)


def class_name(value: Any) -> str:
    """Return a label value as text: whole numbers without a decimal point."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def check_labels(name: str, what: str, series: pd.Series) -> None:
    """Raise a DataError for labels of which some are missing, or which are too many to be labels.

    Parameters
    ----------
    name, what
        The data and the labels, as the sentence names them.
    series
        One value for each row.
    """
    missing = series.isna().to_numpy(dtype=bool)
    if missing.any():
        row = int(np.argmax(missing)) + 1
        raise DataError(f"{name} has no label in {what}, first in row {row}; fill it, or drop the row.")
    different = series.nunique()
    if different > MOST_CLASSES:
        raise DataError(
            f"{name} has {different:,} different values in {what}; labels are at most {MOST_CLASSES} "
            "classes, so give it classes or leave the labels out."
        )
