"""The columns of a scene as a table, each slow one computed once."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd
from jaxtyping import Bool

from explorer.core.columns.column import Column, Cost
from explorer.core.columns.columns import check, codes, columns, computed, find, from_table
from explorer.core.columns.own_columns import OWN
from explorer.core.errors import BadSelection
from explorer.core.lru import LRU
from explorer.core.progress import Progress, Stage, Stop, never, silent
from explorer.core.scene.scene import Scene

_MOST, _BYTES = 64, 500_000_000  # of what is kept; ten columns of ten million numbers


class ColumnTable:
    """The columns of any scene; those that take time are kept by the stamp that they were computed from.

    Safe on any thread.
    """

    def __init__(self) -> None:
        self._kept: LRU[pd.Series] = LRU(
            _MOST, weight=lambda series: int(series.memory_usage(index=False)), capacity=_BYTES, least=1
        )

    def values(
        self, scene: Scene, name: str, *, stop: Stop = never, progress: Progress = silent
    ) -> pd.Series:
        """Return the values of a column, as `columns.values` does."""
        column = check(scene, name)
        if column.cost is Cost.AT_ONCE:
            return computed(scene, name)[name]
        found = self._kept.get(_key(scene, column))
        if found is not None:
            return found
        made = computed(scene, name, stop=stop, progress=progress)
        for other, values in made.items():
            self._kept.put(_key(scene, check(scene, other)), values)
        return made[name]

    def missing(self, scene: Scene, wanted: Iterable[str]) -> tuple[Column, ...]:
        """Return the columns among the wanted ones that take time and are not kept."""
        return tuple(
            column
            for name in wanted
            if (column := find(scene, name)) is not None
            if column.cost is not Cost.AT_ONCE and self._kept.get(_key(scene, column)) is None
        )

    def frame(
        self,
        scene: Scene,
        wanted: Collection[str],
        *,
        stop: Stop = never,
        progress: Progress = silent,
    ) -> pd.DataFrame:
        """Return columns as a table with a row for each sample; computes only what is not kept."""
        slow = [column.name for column in self.missing(scene, wanted)]
        found = {}
        for name in (*slow, *(name for name in wanted if name not in slow)):
            at = slow.index(name) if name in slow else len(slow)
            stage = Stage(progress, stop).part(at / max(1, len(slow)), (at + 1) / max(1, len(slow)))
            found[name] = self.values(scene, name, stop=stop, progress=stage.at if slow else silent)
        return pd.DataFrame({name: found[name].array for name in wanted}, copy=False)

    def exported(self, scene: Scene) -> tuple[str, ...]:
        """Return the columns of a CSV in order: those that take no time, and those that are kept by now."""
        own = [name for name in columns(scene) if name in OWN]
        later = {column.name for column in self.missing(scene, own)}
        first = ["split", *(["label"] if "label" in own else [])]
        rest = [name for name in own if name not in first and name not in later]
        return (*first, *from_table(scene), *codes(scene), *rest)

    def selected(
        self, scene: Scene, mask: Bool[np.ndarray, " n"], also: Collection[str] = ()
    ) -> pd.DataFrame:
        """Return one row for each selected sample.

        Parameters
        ----------
        mask
            True for the selected samples, training split first.
        also
            More columns by name, which are computed if they are not kept.

        Returns
        -------
        pandas.DataFrame
            Indexed by the row in the data set. Columns: ``split`` ("train" or "test"), ``label`` (the name
            of the class; absent without labels), the table's own columns in their own units, ``z1``,
            ``z2``, ... (the code, in latent units), then ``kl`` and whatever else has been computed. A column
            of the table whose name is taken is called "<name> (table)".

        Raises
        ------
        BadSelection
            When the mask does not belong to this data set.
        UnknownName
            When there is no column of a name in `also`.
        """
        dataset = scene.dataset
        if len(mask) != len(dataset):
            raise BadSelection(
                f"the selection covers {len(mask):,} samples and the data set {dataset.name!r} has "
                f"{len(dataset):,}; select again on the map of this data set."
            )
        wanted = tuple(dict.fromkeys((*self.exported(scene), *also)))
        rows = np.flatnonzero(mask)
        found = {name: self.values(scene, name).array.take(rows).to_numpy() for name in wanted}
        return pd.DataFrame(found, index=pd.Index(rows, name="index"))


def _key(scene: Scene, column: Column) -> tuple[object, ...]:
    """Return what the values were computed from: the map, or the codes alone whatever their map."""
    return (column.name, scene.key if column.of_map else scene.cloud.stamp)
