"""The 150 irises that come with scikit-learn."""

from __future__ import annotations

from sklearn.datasets import load_iris

from explorer.core.datasets.base import Dataset
from explorer.core.datasets.request import Request
from explorer.core.datasets.tables import from_table


def load(request: Request) -> Dataset:
    """Return four measurements, in cm, of irises of three species.

    References
    ----------
    Fisher (1936), The use of multiple measurements in taxonomic problems.
    """
    irises = load_iris(as_frame=True)
    species = irises.target_names[irises.target]
    return from_table(
        "iris", irises.data.assign(species=species), tuple(irises.feature_names), label="species"
    )
