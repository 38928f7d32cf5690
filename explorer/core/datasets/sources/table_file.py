"""A `.csv` or `.parquet` table with an optional label column.

The label is the column that was asked for (`load_dataset(path, label=...)` or `"path#column"`, where an empty
name means none); else the first one called as in `LABEL_NAMES`, whatever its case; else the last one, if it
is text. Without a request only a column of at most 256 different words or whole numbers is taken.

The samples are all other columns of numbers. Columns of text are kept in the table and left out of the
samples.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from explorer.core.datasets.base import Dataset
from explorer.core.datasets.columns import absent, as_text, checked_numbers, numbers
from explorer.core.datasets.labels import MOST_CLASSES, check_labels
from explorer.core.datasets.request import Request
from explorer.core.datasets.sentences import listed
from explorer.core.datasets.table_reading import read_csv, read_parquet
from explorer.core.datasets.tables import from_table
from explorer.core.errors import DataError

LABEL_NAMES = ("label", "labels", "class", "target", "species", "category", "y")


def load(path: Path, request: Request) -> Dataset:
    """Return the table's rows, standardised.

    Raises
    ------
    DataError
        A table that cannot be read, has fewer than two rows or no column of numbers, lacks the label that
        was asked for, or holds text, nothing or infinity in a column of numbers (column and first row named).
    """
    frame, notes = read_csv(path) if path.suffix.lower() == ".csv" else read_parquet(path)
    frame, dropped = _without_row_numbers(frame)
    if not len(frame):
        raise DataError(
            f"{path} holds no rows; at least two are needed, one to train on and one to test with."
        )
    label = _label(path, frame, request.label)
    if label is not None:
        frame = frame.assign(**{label: _label_values(path, frame[label])})
    features, left_out, said = [], [], [*notes, *dropped]
    columns = dict(frame.items())
    for column, series in frame.items():
        if column == label:
            continue
        values = numbers(series)
        if values is None:
            left_out.append(str(column))
            continue
        checked_numbers(str(path), series, values)
        features.append(str(column))
        if not pd.api.types.is_numeric_dtype(series.dtype):
            columns[column] = pd.Series(values)
    frame = pd.DataFrame(columns)
    if left_out:
        verb = "is not of numbers and is" if len(left_out) == 1 else "are not of numbers and are"
        said.append(f"{listed(left_out)} {verb} left out of the samples.")
    return from_table(
        path.name,
        frame,
        tuple(features),
        label=label,
        notes=tuple(said),
        # Whole numbers are taken for grades: a table says no more about them.
        ordered=label is not None and pd.api.types.is_integer_dtype(frame[label].dtype),
    )


def _label(path: Path, frame: pd.DataFrame, wanted: str | None) -> str | None:
    if wanted is not None:
        if wanted and wanted not in frame.columns:
            raise DataError(
                f"{path} has no column {wanted!r} for the labels; its columns are "
                f"{listed(list(frame.columns))}."
            )
        return wanted or None
    called = {str(column).lower(): column for column in reversed(frame.columns)}
    for name in LABEL_NAMES:
        # Beside an x, a y is a coordinate.
        if name in called and not (name == "y" and "x" in called) and _is_label(frame[called[name]]):
            return str(called[name])
    last = frame[frame.columns[-1]]
    repeated = last.nunique() < len(last)
    return str(last.name) if repeated and _is_text(last) and _is_label(last) else None


def _is_text(series: pd.Series) -> bool:
    words = isinstance(series.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(series.dtype)
    return words and numbers(series.astype(object)) is None and not absent(series).all()


def _is_label(series: pd.Series) -> bool:
    if series.nunique() > MOST_CLASSES:
        return False
    values = numbers(series)
    if values is None:
        return True
    return bool((np.isnan(values) | (values == np.rint(values))).all())


def _label_values(path: Path, series: pd.Series) -> pd.Series:
    """Return the labels, numbers as numbers so that 10 comes after 9, and none missing."""
    if not isinstance(series.dtype, pd.CategoricalDtype) and pd.api.types.is_string_dtype(series.dtype):
        series = as_text(series).mask(as_text(series) == "").astype(object)
    elif pd.api.types.is_float_dtype(series.dtype) and (series.dropna() % 1 == 0).all():
        series = series.astype("Int64")
    check_labels(str(path), f"column {str(series.name)!r}", series)
    return series.astype(np.int64) if series.dtype == "Int64" else series


def _without_row_numbers(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Leave out a first column without a name that only counts the rows, as pandas writes it."""
    first = frame.columns[0] if len(frame.columns) > 1 else None
    if first not in ("Unnamed: 0", "__index_level_0__", ""):
        return frame, ()
    counted = numbers(frame[first])
    if (
        counted is None
        or not len(counted)
        or not np.array_equal(counted - counted[0], np.arange(len(counted)))
    ):
        return frame, ()
    return frame.drop(columns=[first]), ("The first column has no name and counts the rows; it is left out.",)
