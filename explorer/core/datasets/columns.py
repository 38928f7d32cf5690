"""Columns of a table as a file holds them: columns of numbers, and cells that should hold a number."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Float64

from explorer.core.datasets.tables import LARGEST, first_row
from explorer.core.errors import DataError

ABSENT = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-", "<na>"})
"""Words that people write for a missing value, in lower case."""


def numbers(series: pd.Series) -> Float64[np.ndarray, " n"] | None:
    """Return a column as numbers, NaN where it holds none; None for a column that is not of numbers.

    A column of text counts as numbers when at least half of what it holds can be read as numbers: a few
    words among numbers are mistakes to be named, a few numbers among words are words.
    """
    if pd.api.types.is_bool_dtype(series.dtype) or pd.api.types.is_numeric_dtype(series.dtype):
        if pd.api.types.is_complex_dtype(series.dtype):
            return None
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    if not (pd.api.types.is_string_dtype(series.dtype) or pd.api.types.is_object_dtype(series.dtype)):
        return None
    text = as_text(series)
    parsed = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    given = ~absent(series)
    readable = int((~np.isnan(parsed) & given).sum())
    return parsed if readable and 2 * readable >= int(given.sum()) else None


def checked_numbers(name: str, series: pd.Series, values: Float64[np.ndarray, " n"]) -> None:
    """Raise a DataError for the first cell that is no number, with its column, row and content."""
    bad = ~(np.abs(values) <= LARGEST)  # also True for NaN
    if not bad.any():
        return
    row = first_row(bad)
    cell = series.iloc[row - 1]
    said = str(cell).strip()
    if pd.isna(cell) or said.lower() in ABSENT:
        told = f"no value ({said!r})" if isinstance(cell, str) and said else "no value"
    elif np.isnan(values[row - 1]):
        told = f"the text {said[:40]!r}"
    else:
        told = f"the value {said[:40]}"
    raise DataError(
        f"{name} holds {told} in the number column {str(series.name)!r}, first in row {row}; correct, fill "
        f"or drop it first ({int(bad.sum())} of {len(bad)} rows)."
    )


def absent(series: pd.Series) -> np.ndarray:
    """Tell for each cell whether it is empty, or holds a word for a missing value."""
    return np.asarray(series.isna() | as_text(series).str.lower().isin(ABSENT).fillna(True), dtype=bool)


def as_text(series: pd.Series) -> pd.Series:
    """Return a column as stripped text."""
    return series.astype("string").str.strip()
