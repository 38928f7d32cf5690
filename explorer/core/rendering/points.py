"""Positions on the plane, prepared once so that each map of them costs no conversion.

datashader wants float32 positions and a categorical column. The rows are put into the order of a coarse
grid (`GridOrder`); the category is the way a point is drawn, so that another selection or other hidden
classes cost one pass over a column and nothing per map.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Float32, Int, Int8, Int32

from explorer.core.errors import DataError, UnknownName
from explorer.core.rendering import palette
from explorer.core.rendering.grid_order import GridOrder

COLUMNS = (3, 12, 26, palette.MOST + 2)
"""The numbers of categories that are aggregated: a kernel is compiled for each (half a second), so only
these exist. The last two of each are the context (what is not selected) and the hidden."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The places of all samples on the plane, and the category that each is drawn as.

    Made by `Points.of`; `showing` makes the same points with another selection or other hidden
    classes without sorting them again.

    Attributes
    ----------
    frame
        ``x``, ``y`` (float32), ``category`` (of ``columns`` categories) and, where numbers are shown,
        ``value`` (float32, 0 where the point is not coloured). Its rows are in grid order.
    grid
        The sample of each row of ``frame``, and the rows that a view can need.
    labels
        Class index per row of ``frame``; all 0 where the data have no labels.
    classes
        Class names; empty where the data have no labels.
    columns
        Number of categories: first the colours, then context and hidden.
    values
        The number that each row of ``frame`` is coloured by, or None when it is coloured by class.
    value_range
        The values at the two ends of the colour scale: 1st and 99th percentile of all finite values,
        whatever the selection, so that a colour keeps its meaning.
    ordered
        True where the classes are grades, which share colours by neighbours where there are too many.
    """

    frame: pd.DataFrame
    grid: GridOrder
    labels: Int8[np.ndarray, " points"] | Int32[np.ndarray, " points"]
    classes: tuple[str, ...]
    columns: int
    values: Float32[np.ndarray, " points"] | None
    value_range: tuple[float, float] | None
    selected: Bool[np.ndarray, " points"] | None
    hidden: frozenset[int]
    ordered: bool = False

    @classmethod
    def of(
        cls,
        xy: Float[np.ndarray, "points 2"],
        labels: Int[np.ndarray, " points"] | None = None,
        classes: Sequence[str] = (),
        values: Float[np.ndarray, " points"] | None = None,
        selected: Bool[np.ndarray, " points"] | None = None,
        hidden: Collection[int | str] = frozenset(),
        grid: GridOrder | None = None,
        *,
        ordered: bool = False,
    ) -> Points:
        """Prepare points for any number of maps (about 0.5 s for 10 M points).

        Parameters
        ----------
        xy
            Positions on the plane.
        labels, classes
            Class index of each point and the names of the classes; None and () where there are none.
        values
            A number for each point, to colour by it instead of by class; NaN is drawn as context.
        selected
            True for points that stand out; the others become context. None: there is no selection.
        hidden
            Classes (index or name) that are neither drawn nor counted.
        grid
            The order that the rows are put into; by default that of their positions.
        ordered
            True where the classes are grades: their colours run from low to high.

        Raises
        ------
        DataError
            Where positions are not finite, or a label has no class.
        UnknownName
            Where a hidden class does not exist.
        """
        x, y = (np.ascontiguousarray(xy[:, axis], dtype=np.float32) for axis in (0, 1))
        _check(x, y, labels, len(classes))
        grid = grid or GridOrder.of(x, y)
        small = np.int8 if len(classes) <= 127 else np.int32
        codes = np.zeros(len(x), small) if labels is None else labels.astype(small).take(grid.order)
        numbers = None if values is None else values.astype(np.float32, copy=False).take(grid.order)
        frame = pd.DataFrame({"x": x.take(grid.order), "y": y.take(grid.order)}, copy=False)
        scale = scale_of(values)
        return _coded(frame, grid, codes, tuple(classes), numbers, scale, selected, hidden, ordered)

    def __len__(self) -> int:
        """Return the number of points, hidden ones included."""
        return len(self.grid.order)

    @property
    def colours(self) -> int:
        """The number of categories with a colour of their own."""
        if self.values is not None or not self.classes:
            return 1
        return min(len(self.classes), palette.MOST)

    @property
    def visible(self) -> int:
        """The number of points that are not hidden."""
        if not self.hidden:
            return len(self)
        return int(np.count_nonzero(self.frame["category"].cat.codes.to_numpy() != self.columns - 1))

    def colour_of(self, which: int) -> int:
        """Return the category of a class, of those with a colour of their own."""
        return int(palette.indices(max(1, len(self.classes)), ordered=self.ordered)[which])

    def showing(
        self, selected: Bool[np.ndarray, " n"] | None = None, hidden: Collection[int | str] = frozenset()
    ) -> Points:
        """Return the same points with another selection and other hidden classes."""
        if selected is not None and len(selected) != len(self):
            raise DataError(f"a selection over {len(selected):,} samples does not fit {len(self):,} points")
        frame = self.frame[["x", "y"]]
        kept = self.labels, self.classes, self.values, self.value_range
        return _coded(frame, self.grid, *kept, selected, hidden, self.ordered)

    def moved(self, xy: Float[np.ndarray, "points 2"]) -> Points:
        """Return the same points at other places, for one map of them.

        Their order is kept, so it must not depend on the places: `GridOrder.of_any`.

        Parameters
        ----------
        xy
            Positions on the plane, one for each row of `frame`.
        """
        x, y = (np.ascontiguousarray(xy[:, axis], dtype=np.float32) for axis in (0, 1))
        columns = {name: self.frame[name] for name in self.frame} | {"x": x, "y": y}
        # Not by `assign`, which would copy both.
        return replace(self, frame=pd.DataFrame(columns, index=self.frame.index, copy=False))


def _check(
    x: Float32[np.ndarray, " points"],
    y: Float32[np.ndarray, " points"],
    labels: Int[np.ndarray, " points"] | None,
    classes: int,
) -> None:
    # A sum is not finite when a term is not; two passes without an array of flags.
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(x.sum(dtype=np.float64)) + float(y.sum(dtype=np.float64))
    if not np.isfinite(total):
        lost = len(x) - int((np.isfinite(x) & np.isfinite(y)).sum())
        raise DataError(
            f"{lost:,} of {len(x):,} positions are not finite and have no place on a map; "
            "train again with a lower learning rate or choose another projection"
        )
    if labels is not None and len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise DataError(
            f"labels from {labels.min()} to {labels.max()} do not fit {classes} classes; "
            f"give indices from 0 to {classes - 1}"
        )


def scale_of(values: Float[np.ndarray, " points"] | None) -> tuple[float, float] | None:
    """Return the values at the two ends of the colour scale; None where no numbers are shown."""
    if values is None:
        return None
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    # A million of them determine a percentile as well as all do.
    low, high = np.percentile(finite[:: max(1, len(finite) // 1_000_000)], (1, 99))
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1.0)


def _indices(classes: tuple[str, ...], hidden: Collection[int | str]) -> frozenset[int]:
    names = {name: index for index, name in enumerate(classes)}
    found = set()
    for which in hidden:
        index = names.get(which) if isinstance(which, str) else int(which)
        if index is None or not 0 <= index < max(1, len(classes)):
            raise UnknownName(
                f"no class {which!r} to hide; the classes are {', '.join(classes) or 'not named'}"
            )
        found.add(index)
    return frozenset(found)


def _coded(
    frame: pd.DataFrame,
    grid: GridOrder,
    labels: Int8[np.ndarray, " points"] | Int32[np.ndarray, " points"],
    classes: tuple[str, ...],
    values: Float32[np.ndarray, " points"] | None,
    value_range: tuple[float, float] | None,
    selected: Bool[np.ndarray, " points"] | None,
    hidden: Collection[int | str],
    ordered: bool,
) -> Points:
    """Give every row its category: a colour, the context, or hidden."""
    out_of_sight = _indices(classes, hidden)
    colours = 1 if values is not None or not classes else min(len(classes), palette.MOST)
    columns = next(size for size in COLUMNS if size >= colours + 2)
    context = columns - 2
    of_class = palette.indices(max(1, len(classes)), ordered=ordered)
    if values is not None:
        of_class = np.zeros_like(of_class)
    codes = of_class.astype(np.int8).take(labels)
    shown = None if values is None else np.isfinite(values)
    if selected is not None:
        picked = selected.take(grid.order)
        shown = picked if shown is None else shown & picked
    if shown is not None:
        codes[~shown] = context
    if out_of_sight:
        veiled = np.isin(np.arange(max(1, len(classes))), list(out_of_sight))
        codes[veiled.take(labels)] = columns - 1
    coded = frame.assign(category=pd.Categorical.from_codes(codes, dtype=_CATEGORIES[columns]))
    if values is not None:
        coded["value"] = np.where(codes == 0, values, np.float32(0))
    return Points(coded, grid, labels, classes, columns, values, value_range, selected, out_of_sight, ordered)


_CATEGORIES = {size: pd.CategoricalDtype(list(range(size))) for size in COLUMNS}
