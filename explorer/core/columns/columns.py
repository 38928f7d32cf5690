"""The columns of a scene: which there are, and their values."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_complex_dtype, is_numeric_dtype

from explorer.core.columns.column import Column, Kind
from explorer.core.columns.own_columns import OF_LABELS, OWN, SPLITS, Values
from explorer.core.errors import UnknownName
from explorer.core.progress import Progress, Stop, never, silent
from explorer.core.scene.scene import Scene

_LISTED = 24  # names in a sentence
_SEEN = 200_000  # rows of a table that are looked at for the values of a column of text


def columns(scene: Scene) -> dict[str, Column]:
    """Return the columns of a scene by name: the explorer's own, the table's, then the codes z1, z2, ...

    A column of the table whose name is taken is called "<name> (table)".
    """
    own = [column for made in OWN.values() if (column := made.describe(scene)) is not None]
    table = [_table_column(scene, name, position) for name, position in _positions(scene).items()]
    codes = [_code(axis) for axis in range(scene.cloud.latent)]
    return {column.name: column for column in (*own, *table, *codes)}


def names(scene: Scene) -> tuple[str, ...]:
    """Return the names of a scene's columns."""
    return tuple(columns(scene))


def find(scene: Scene, name: str) -> Column | None:
    """Return the column of that name, without listing all of them; None where there is none."""
    axis = _axis(scene, name)
    if axis is not None:
        return _code(axis)
    position = _positions(scene).get(name)
    if position is not None:
        return _table_column(scene, name, position)
    return OWN[name].describe(scene) if name in OWN else None


def values(scene: Scene, name: str, *, stop: Stop = never, progress: Progress = silent) -> pd.Series:
    """Return the values of a column, training split first.

    Raises
    ------
    UnknownName
        If the scene has no column of that name.
    ExplorerError
        For data that it says nothing about.
    Cancelled
        When `stop` turned true.
    """
    return computed(scene, name, stop=stop, progress=progress)[name]


def computed(scene: Scene, name: str, *, stop: Stop = never, progress: Progress = silent) -> Values:
    """Return the values of a column with those of the columns that come with it; otherwise as `values`."""
    axis = _axis(scene, name)
    if axis is not None:
        return {name: pd.Series(scene.cloud.mean[:, axis])}
    position = _positions(scene).get(name)
    if position is not None and scene.dataset.table is not None:
        return {name: scene.dataset.table.iloc[:, position]}
    check(scene, name)
    return OWN[name].compute(scene, stop, progress)


def check(scene: Scene, name: str) -> Column:
    """Return the column of that name.

    Raises
    ------
    UnknownName
        If the scene has none.
    """
    found = find(scene, name)
    if found is None:
        known = names(scene)
        more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
        raise UnknownName(f"unknown column {name!r}; choose from {', '.join(known[:_LISTED])}{more}.")
    return found


def empty(scene: Scene, name: str) -> pd.Series:
    """Return a column without rows, of the type that its values have."""
    position = _positions(scene).get(name)
    if position is not None and scene.dataset.table is not None:
        return scene.dataset.table.iloc[:0, position]
    return pd.Series(dtype=np.float32 if check(scene, name).kind is Kind.NUMBER else "string")


def classes(scene: Scene, name: str) -> tuple[str, ...]:
    """Return the values that a column of text or classes has, without computing it; none of other columns."""
    position = _positions(scene).get(name)
    if position is None or scene.dataset.table is None:
        known = {"label": scene.dataset.classes, "nearest_label": scene.dataset.classes, "split": SPLITS}
        return known.get(name, ())
    series = scene.dataset.table.iloc[:_SEEN, position]
    if isinstance(series.dtype, pd.CategoricalDtype):
        found = list(series.cat.categories)
    elif is_numeric_dtype(series.dtype):
        return ()
    else:
        found = list(series.value_counts().index)
    return tuple(value for value in found if isinstance(value, str))


def from_table(scene: Scene) -> tuple[str, ...]:
    """Return the names of the columns of the user's own table."""
    return tuple(_positions(scene))


def codes(scene: Scene) -> tuple[str, ...]:
    """Return the names of the latent coordinates."""
    return tuple(f"z{axis + 1}" for axis in range(scene.cloud.latent))


def _axis(scene: Scene, name: str) -> int | None:
    digits = name[1:] if name.startswith("z") else ""
    # Not `isdigit`, which takes other scripts' digits too.
    if not digits.isdecimal() or not digits.isascii() or digits.startswith("0"):
        return None
    axis = int(digits[:9]) - 1
    return axis if axis < scene.cloud.latent else None


def _positions(scene: Scene) -> dict[str, int]:
    """Return the places of the table's columns by shown name."""
    table = scene.dataset.table
    if table is None:
        return {}
    unlabelled = scene.cloud.labels is None
    found: dict[str, int] = {}
    for position, column in enumerate(table.columns):
        name = str(column)
        taken = (name in OWN and not (unlabelled and name in OF_LABELS)) or _axis(scene, name) is not None
        name = f"{name} (table)" if taken else name
        while name in found:
            name += " (table)"
        found[name] = position
    return found


def _table_column(scene: Scene, name: str, position: int) -> Column:
    assert scene.dataset.table is not None
    dtype = scene.dataset.table.dtypes.iloc[position]
    kind = Kind.TEXT
    if is_bool_dtype(dtype) or isinstance(dtype, pd.CategoricalDtype):
        kind = Kind.CLASS
    elif is_numeric_dtype(dtype) and not is_complex_dtype(dtype):
        kind = Kind.NUMBER
    return Column(name, name, kind, "Column of the table, in its own unit.")


def _code(axis: int) -> Column:
    name = f"z{axis + 1}"
    return Column(name, name, Kind.NUMBER, f"Coordinate {axis + 1} of the code.", unit="latent units")
