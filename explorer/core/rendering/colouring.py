"""Colourings of the map's points: a column as classes or as numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float32, Int64
from pandas.api.types import is_bool_dtype

from explorer.core.columns.column import Column, Kind
from explorer.core.columns.columns import check, codes, columns, values
from explorer.core.columns.own_columns import OF_LABELS
from explorer.core.datasets.labels import MOST_CLASSES, class_name
from explorer.core.errors import UnknownName
from explorer.core.progress import Stop, never
from explorer.core.rendering import palette
from explorer.core.scene.scene import Scene

MOST_CODES = 32
"""The latent coordinates that are offered as colours: a menu of thousands would be none."""

OTHERS, NOTHING = "all others", "no value"
"""Classes of a column of text: the values beyond the commonest, and what is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Colouring:
    """A class or a number for each sample.

    Attributes
    ----------
    labels, classes
        Indices and names, for a colouring by class; `labels` is None where all samples are alike.
    values
        Numbers, for a colouring by a column; None otherwise.
    title
        The column's name with its unit, for the legend.
    ordered
        True where the classes are grades: their colours run from low to high.
    """

    title: str
    labels: Int64[np.ndarray, " n"] | None = None
    classes: tuple[str, ...] = ()
    values: Float32[np.ndarray, " n"] | None = None
    ordered: bool = False

    def shown(self, hidden: frozenset[int]) -> Bool[np.ndarray, " n"] | None:
        """Return the samples whose class is not among the hidden ones; None where that is every sample."""
        if not hidden or self.labels is None:
            return None
        return ~np.isin(self.labels, list(hidden))

    @property
    def classification(self) -> tuple[str, tuple[str, ...]]:
        """Title and names, which tell what the index of a class means."""
        return self.title, self.classes

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of samples of each class."""
        if self.labels is None:
            return ()
        return tuple(int(n) for n in np.bincount(self.labels, minlength=len(self.classes)))


def menu(scene: Scene) -> dict[str, str]:
    """Return what the map of a scene can be coloured by: names of columns by title, the label first."""
    late = set(codes(scene)[MOST_CODES:])
    return {column.menu: column.name for column in columns(scene).values() if column.name not in late}


def colouring(scene: Scene, name: str, *, stop: Stop = never) -> Colouring:
    """Return the classes or numbers of a column; some take seconds on large data.

    Raises
    ------
    UnknownName
        If the scene has no column of that name.
    ExplorerError
        For data that it says nothing about.
    Cancelled
        When `stop` turned true.
    """
    try:
        column = check(scene, name)
    except UnknownName as error:
        raise UnknownName(str(error).replace("unknown column", "unknown colouring")) from None
    return coloured(scene, column, values(scene, name, stop=stop))


def coloured(scene: Scene, column: Column, given: pd.Series) -> Colouring:
    """Return the colouring by the values of a column of a scene.

    Of text the values are the classes: all of them, or where they are more than labels may have, the
    commonest with a colour each and one class for all others.
    """
    if column.kind is Kind.NUMBER:
        numbers = given.to_numpy(np.float32, na_value=np.nan)
        return Colouring(column.legend, values=np.ascontiguousarray(numbers))
    if isinstance(given.dtype, pd.CategoricalDtype):
        indices, found = given.cat.codes.to_numpy(), list(given.cat.categories)
    else:
        sortable = given if is_bool_dtype(given.dtype) else given.astype("string")
        indices, unique = pd.factorize(sortable, sort=True)
        found = list(unique)
    classes = _classes(column.legend, np.asarray(indices).astype(np.int64), [class_name(v) for v in found])
    return replace(classes, ordered=scene.dataset.ordered and column.name in OF_LABELS)


def _classes(title: str, indices: Int64[np.ndarray, " n"], classes: list[str]) -> Colouring:
    missing = indices < 0
    if len(classes) > MOST_CLASSES:
        counts = np.bincount(indices[~missing], minlength=len(classes))
        commonest = np.sort(np.argsort(-counts, kind="stable")[: palette.MOST - 1])
        place = np.full(len(classes), len(commonest))
        place[commonest] = np.arange(len(commonest))
        indices = np.where(missing, -1, place[indices])
        classes = [*(classes[index] for index in commonest), OTHERS]
    if missing.any():
        indices, classes = np.where(missing, len(classes), indices), [*classes, NOTHING]
    return Colouring(title, indices, tuple(classes))
