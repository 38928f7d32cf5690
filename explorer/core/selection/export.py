"""The selection as a table, for export."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Bool

from explorer.core.datasets import Dataset
from explorer.core.errors import BadSelection
from explorer.core.latent.cloud import Cloud


def selected_frame(
    dataset: Dataset,
    cloud: Cloud,
    mask: Bool[np.ndarray, " n"],
    *,
    extra: dict[str, np.ndarray] | None = None,
) -> pd.DataFrame:
    """Return one row for each selected sample.

    Parameters
    ----------
    cloud
        The codes of `dataset`: its means, not draws from the posteriors.
    mask
        True for the selected samples, training split first.
    extra
        More columns by name, with a value for each sample of the data set.

    Returns
    -------
    pandas.DataFrame
        Indexed by the row in the data set. Columns: ``split`` ("train" or "test"), ``label`` (the name
        of the class; absent without labels), the table's own columns in their own units, ``z1``,
        ``z2``, ... (the code, in latent units), then `extra`. A column of the table whose name is
        already taken is called "<name> (table)".

    Raises
    ------
    BadSelection
        When mask, cloud or an extra column do not belong to this data set.
    """
    extra = extra or {}
    for what, length in {
        "the selection": len(mask),
        "the cloud": len(cloud),
        **{f"the column {name!r}": len(values) for name, values in extra.items()},
    }.items():
        if length != len(dataset):
            raise BadSelection(
                f"{what} covers {length:,} samples and the data set {dataset.name!r} has {len(dataset):,}; "
                "select again on the map of this data set."
            )
    rows = np.flatnonzero(mask)
    split = np.where(rows < len(dataset.train), "train", "test")
    own: dict[str, object] = {"split": split}
    if dataset.y is not None:
        own["label"] = np.array(dataset.classes)[dataset.y[rows]]
    codes = {f"z{axis + 1}": cloud.mean[rows, axis] for axis in range(cloud.latent)}
    taken = {*own, *codes, *extra}
    table = {}
    if dataset.table is not None:
        chosen = dataset.table.iloc[rows]
        names = [f"{name} (table)" if name in taken else name for name in map(str, chosen.columns)]
        table = {name: chosen.iloc[:, at].to_numpy() for at, name in enumerate(names)}
    further = {name: values[rows] for name, values in extra.items()}
    return pd.DataFrame({**own, **table, **codes, **further}, index=pd.Index(rows, name="index"))
