"""The values of the quality of a map: a Measure, and the Quality of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from jaxtyping import Float32, Float64, Int64

MEASURES = {
    "trustworthiness": "Whether neighbours on the map are neighbours in the data: 1 is all of them, and each "
    "intruder costs by its rank in the data (Venna and Kaski 2001).",
    "continuity": "Whether neighbours in the data are neighbours on the map: 1 is all of them, and each that "
    "is torn away costs by its rank on the map (Venna and Kaski 2001).",
    "neighbour preservation": "The share of a sample's k nearest in the data that are its k nearest "
    "on the map.",
    "distance correlation": "Spearman's correlation of the distances of pairs of samples in the data with "
    "those on the map: 1 is the same order, 0 none.",
    "k-NN accuracy": "The share of samples whose class most of their k nearest on the map have, themselves "
    "left out.",
    "silhouette": "How much nearer a sample lies on the map to its own class than to the next one: 1 is "
    "apart, 0 on the border, below 0 among others (Rousseeuw 1987).",
}
"""The measures in the order of a table, with the meaning of each."""


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """One figure of a map.

    Attributes
    ----------
    name
        One of `MEASURES`.
    value
        At most 1; None where it has no meaning, for the `reason` that is then given.
    baseline
        The expected value for a map with random places.
    low, high
        The middle 95 % of the values when the samples are drawn again, with replacement, each with its
        effect on the figures of the others (`rank_measures.pseudo_values`).
    draws
        Those values; the same draws of samples whatever the map, where seed and number agree.
    """

    name: str
    value: float | None = None
    baseline: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""
    draws: Float64[np.ndarray, " resamples"] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """The measures of one map.

    Attributes
    ----------
    measures
        In the order of `MEASURES`.
    k
        The number of neighbours.
    rows
        The samples that were measured, of those given: all, or so many drawn from the seed.
    of
        The number of samples that were given.
    pairs
        The number of pairs whose distances were correlated; drawn where all would be more.
    seed
        Of the draws.
    trustworthiness
        Of each measured sample, in [0, 1]; its mean is the measure of that name. None where the data are
        all alike.
    """

    measures: tuple[Measure, ...]
    k: int
    rows: Int64[np.ndarray, " samples"] = field(repr=False)
    of: int
    pairs: int
    seed: int
    trustworthiness: Float32[np.ndarray, " samples"] | None = field(repr=False)

    def __getitem__(self, name: str) -> Measure:
        return next(measure for measure in self.measures if measure.name == name)

    def frame(self) -> pd.DataFrame:
        """Return a row a measure: ``value``, ``low``, ``high``, ``baseline``, ``reason``."""
        columns = ["name", "value", "low", "high", "baseline", "reason"]
        rows = [[getattr(measure, column) for column in columns] for measure in self.measures]
        frame = pd.DataFrame(rows, columns=["measure", *columns[1:]]).set_index("measure")
        return frame.astype(dict.fromkeys(columns[1:-1], float))
