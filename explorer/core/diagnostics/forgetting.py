"""The effect of a training on its samples and on the others: their reconstruction before and now."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float32, Int64

from explorer.core.datasets import Dataset
from explorer.core.errors import BadSelection, Cancelled, ExplorerError
from explorer.core.latent.cloud import reconstruction_errors
from explorer.core.progress import Progress, Stop, never, silent
from explorer.core.quality.bootstrap import interval, resampled
from models import Autoencoder

LEAST, VALUES = 600, 500_000
"""The size of a group that is measured during a training: so many samples at least, else so many values.

That is 637 samples of MNIST, whose mean is known to a twenty-fifth of their scatter (one sigma), and all of
digits.
"""


@dataclass(frozen=True, slots=True)
class ErrorChange:
    """The reconstruction error of a group of samples: means, in nats per sample.

    Attributes
    ----------
    count
        Samples in the group.
    low, high
        The middle 95 % of the change when the samples are drawn again, with replacement.
    """

    count: int
    before: float
    now: float
    low: float
    high: float

    @property
    def change(self) -> float:
        """The error now less that before: above 0 the model has become worse at these samples."""
        return self.now - self.before

    @property
    def verdict(self) -> str:
        """The change in words: "worse", "better" or "no clear change"."""
        if self.low > 0:
            return "worse"
        return "better" if self.high < 0 else "no clear change"


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Reconstruction error before and now, of the selected samples and of the rest.

    Attributes
    ----------
    selected, unselected
        None where there are no such samples.
    convention
        The likelihood of the nats, in words.
    """

    selected: ErrorChange | None
    unselected: ErrorChange | None
    convention: str

    @property
    def sentence(self) -> str:
        """The result in a sentence, with figures and their unit."""
        if self.unselected is None:
            return "All samples are selected: there is none to forget."
        change = self.unselected
        figures = f"{change.before:.1f} before, {change.now:.1f} now, nats ({self.convention})"
        if change.verdict == "worse":
            return f"Forgetting: the unselected samples are reconstructed worse, {figures}."
        if change.verdict == "better":
            return f"Nothing is forgotten: the unselected samples are reconstructed better too, {figures}."
        return f"Nothing is clearly forgotten: the unselected samples stay as they were, {figures}."

    def frame(self) -> pd.DataFrame:
        """Give a row a group: ``count``, ``before``, ``now``, ``change``, ``low``, ``high``, ``verdict``."""
        columns = ["count", "before", "now", "change", "low", "high", "verdict"]
        groups = {"selected": self.selected, "unselected": self.unselected}
        rows = {
            name: [getattr(group, column) for column in columns]
            for name, group in groups.items()
            if group is not None
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("samples")


def forgetting(
    before: Float32[np.ndarray, " n"],
    now: Float32[np.ndarray, " m"],
    selected: Bool[np.ndarray, " l"],
    convention: str,
    *,
    seed: int = 0,
) -> Forgetting:
    """Compare two models' errors on the same samples: a fraction of a second for a hundred thousand.

    Parameters
    ----------
    before, now
        As `cloud.reconstruction_errors` gives them, in nats.
    selected
        True for the selected samples.
    convention
        `Autoencoder.convention` of both models.
    seed
        Of the resampling.

    Raises
    ------
    BadSelection
        Where these are not of one length, or there is none.
    """
    if not len(before) == len(now) == len(selected) or not len(before):
        raise BadSelection(
            f"errors of {len(before):,} samples before, of {len(now):,} now and a selection over "
            f"{len(selected):,} do not belong together; give one of each for every sample."
        )
    return Forgetting(
        _changed(before[selected], now[selected], seed),
        _changed(before[~selected], now[~selected], seed),
        convention,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """The errors of some samples before a training: measured once, and compared with those after it.

    Attributes
    ----------
    rows
        The samples that are measured, training split first: all of a group, or so many drawn from it.
    selected
        True for those of them that are selected.
    errors
        In nats.
    of
        The number of samples that are selected, and of those that are not.
    convention
        The likelihood of the nats, in words.
    """

    rows: Int64[np.ndarray, " some"]
    selected: Bool[np.ndarray, " some"]
    errors: Float32[np.ndarray, " some"]
    of: tuple[int, int]
    convention: str

    @property
    def words(self) -> str:
        """The number of measured samples in words, where that is not all."""
        counts = int(np.count_nonzero(self.selected)), int(np.count_nonzero(~self.selected))
        parts = [
            f"{count:,} of {of:,} {name}"
            for count, of, name in zip(counts, self.of, ("selected", "unselected"), strict=True)
            if count < of
        ]
        return f"Measured on {' and '.join(parts)} samples, drawn once." if parts else ""


def baseline(
    before: Autoencoder,
    dataset: Dataset,
    selected: Bool[np.ndarray, " n"],
    *,
    most: int | None = None,
    seed: int = 0,
    stop: Stop = never,
) -> Baseline:
    """Measure the errors to compare with.

    Parameters
    ----------
    most
        The most samples that are drawn of each group; None draws as many as can be measured during a
        training.

    Raises
    ------
    BadSelection
        Where the selection is not over these data.
    DataError, ExplorerError, Cancelled
        As `cloud.reconstruction_errors`.
    """
    _check(dataset, selected)
    if most is None:
        most = max(LEAST, VALUES // math.prod(dataset.shape))
    random = np.random.default_rng(seed)
    groups = [np.flatnonzero(selected), np.flatnonzero(~selected)]
    drawn = [group if len(group) <= most else random.choice(group, most, replace=False) for group in groups]
    rows = np.sort(np.concatenate(drawn))
    errors = reconstruction_errors(before, dataset, only=rows, stop=stop)
    return Baseline(rows, selected[rows], errors, (len(groups[0]), len(groups[1])), before.convention)


def since(
    before: Baseline, now: Autoencoder, dataset: Dataset, *, seed: int = 0, stop: Stop = never
) -> Forgetting:
    """Compare a model with the errors before: one pass over the samples of the baseline.

    Raises
    ------
    ExplorerError
        Where their likelihoods are not of one kind, whose nats are never compared.
    DataError, Cancelled
        As `cloud.reconstruction_errors`.
    """
    _check_likelihoods(before.convention, now.convention)
    after = reconstruction_errors(now, dataset, only=before.rows, stop=stop)
    return forgetting(before.errors, after, before.selected, now.convention, seed=seed)


def measure(
    before: Autoencoder,
    now: Autoencoder,
    dataset: Dataset,
    selected: Bool[np.ndarray, " n"],
    *,
    seed: int = 0,
    stop: Stop = never,
    progress: Progress = silent,
) -> Forgetting:
    """Compare two models on both splits of a data set: two passes over the data.

    Raises
    ------
    ExplorerError
        Where their likelihoods are not of one kind, whose nats are never compared.
    BadSelection, DataError, Cancelled
        As `forgetting` and `cloud.reconstruction_errors`.
    """
    _check_likelihoods(before.convention, now.convention)
    _check(dataset, selected)
    then = reconstruction_errors(before, dataset, stop=stop, progress=lambda share: progress(share / 2))
    after = reconstruction_errors(now, dataset, stop=stop, progress=lambda share: progress(0.5 + share / 2))
    if stop():
        raise Cancelled("what was forgotten was not measured: stopped after the last sample.")
    return forgetting(then, after, selected, now.convention, seed=seed)


def _check_likelihoods(before: str, now: str) -> None:
    if before != now:
        raise ExplorerError(
            f"nats of {before} and of {now} are on other scales and cannot be compared; choose a model of "
            "the same likelihood."
        )


def _check(dataset: Dataset, selected: Bool[np.ndarray, " n"]) -> None:
    if len(selected) != len(dataset):
        raise BadSelection(
            f"the selection covers {len(selected):,} samples and the data set {dataset.name!r} has "
            f"{len(dataset):,}; select again on the map of this data set."
        )


def _changed(
    before: Float32[np.ndarray, " some"], now: Float32[np.ndarray, " some"], seed: int
) -> ErrorChange | None:
    if not len(before):
        return None
    changes = now.astype(np.float64) - before
    means, _ = resampled(changes[:, None], None, seed, stop=never, progress=silent)
    mean_before = float(before.mean(dtype=np.float64))
    return ErrorChange(len(before), mean_before, mean_before + float(changes.mean()), *interval(means[:, 0]))
