"""Some samples beside their reconstructions by two models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Int64

from explorer.core.datasets import Dataset
from explorer.core.errors import Cancelled
from explorer.core.latent.batches import check_fits, evaluating
from explorer.core.progress import Progress, Stop, never, silent
from models import Autoencoder, reconstruction_error

COUNT = 24
"""The most samples that are shown."""

SEARCHED = 5_000
"""The most held-out samples among which the worst changed are searched: a second or two."""

_AT_ONCE = 512


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Samples with their reconstructions.

    Attributes
    ----------
    rows
        In the data set, training split first.
    before, after
        Decoded at each posterior's mean, in data units.
    errors
        Of both, in nats: see `convention`.
    """

    rows: Int64[np.ndarray, " samples"]
    before: Float32[np.ndarray, "samples *shape"]
    after: Float32[np.ndarray, "samples *shape"]
    errors: Float32[np.ndarray, "samples 2"]
    convention: str


def examples(
    dataset: Dataset, before: Autoencoder, after: Autoencoder, rows: Int64[np.ndarray, " samples"]
) -> Examples:
    """Reconstruct some samples by both models.

    Raises
    ------
    DataError
        Where a model takes samples of another shape.
    """
    made = [_reconstructed(dataset, model, rows) for model in (before, after)]
    return Examples(
        rows, made[0][0], made[1][0], np.stack([made[0][1], made[1][1]], axis=1), after.convention
    )


def evenly(rows: Int64[np.ndarray, " some"], most: int = COUNT) -> Int64[np.ndarray, " samples"]:
    """Return at most so many of the rows, spread evenly over them."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]


def worst_changed(
    dataset: Dataset,
    before: Autoencoder,
    after: Autoencoder,
    most: int = COUNT,
    *,
    stop: Stop = never,
    progress: Progress = silent,
) -> Int64[np.ndarray, " samples"]:
    """Find the held-out samples whose reconstruction error has grown most, the worst first.

    Raises
    ------
    DataError
        Where a model takes samples of another shape.
    Cancelled
        When `stop` turned true.
    """
    first, count = len(dataset.train), len(dataset.test)
    rows = first + evenly(np.arange(count), SEARCHED)
    grown = np.zeros(len(rows), np.float64)
    for part, (sign, model) in enumerate(((-1, before), (1, after))):
        for start in range(0, len(rows), _AT_ONCE):
            if stop():
                raise Cancelled("the worst changed samples were not looked for to the end.")
            some = rows[start : start + _AT_ONCE]
            grown[start : start + _AT_ONCE] += sign * _errors(dataset, model, some)
            progress((part + min(1.0, (start + _AT_ONCE) / len(rows))) / 2)
    return rows[np.argsort(-grown, kind="stable")[:most]]


def _errors(
    dataset: Dataset, model: Autoencoder, rows: Int64[np.ndarray, " samples"]
) -> Float32[np.ndarray, " samples"]:
    check_fits(model, dataset)
    with evaluating(model):
        found: np.ndarray = reconstruction_error(model, _batch(dataset, model, rows)).cpu().numpy()
    return found.astype(np.float32)


def _reconstructed(
    dataset: Dataset, model: Autoencoder, rows: Int64[np.ndarray, " samples"]
) -> tuple[Float32[np.ndarray, "samples *shape"], Float32[np.ndarray, " samples"]]:
    check_fits(model, dataset)
    with evaluating(model):
        decoded = model.decode(model.encode(_batch(dataset, model, rows)).mean).cpu().numpy()
    return decoded.astype(np.float32), _errors(dataset, model, rows)


def _batch(dataset: Dataset, model: Autoencoder, rows: Int64[np.ndarray, " samples"]) -> torch.Tensor:
    return torch.from_numpy(dataset.x[rows]).to(model.device)
