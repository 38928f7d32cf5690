"""Traversals: decoded samples along each axis, the rest of the code held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64

from explorer.core.errors import Cancelled, ExplorerError
from explorer.core.latent.axes import Axes, Start, moved
from explorer.core.progress import Stop, never
from models import Autoencoder

MOST_ACTIVE = 16
"""The most axes that a traversal shows unless all are asked for: as many rows as one can compare."""

_AT_ONCE = 256  # codes decoded together


@dataclass(frozen=True, slots=True, eq=False)
class Traversal:
    """A grid of decoded samples: a row an axis, a column a level of `LEVELS`.

    Attributes
    ----------
    start
        The code that the other axes are held at.
    axes
        The axis of each row, most informative first.
    values
        The axis' coordinate in each cell, in latent units.
    codes, samples
        The codes that are decoded, and the expected samples there, in data units.
    """

    start: Start
    axes: Int64[np.ndarray, " rows"]
    values: Float64[np.ndarray, "rows columns"]
    codes: Float32[np.ndarray, "rows columns latent"]
    samples: Float32[np.ndarray, "rows columns *shape"]


@torch.inference_mode()
def traverse(
    model: Autoencoder,
    axes: Axes,
    start: Start,
    rows: int | None = MOST_ACTIVE,
    *,
    stop: Stop = never,
) -> Traversal:
    """Decode along the most informative axes, at the quantiles that `axes` gives.

    The model is used in its current mode and on its device. On a sphere a code stays on
    it: going along one coordinate scales the others.

    Parameters
    ----------
    rows
        The number of axes; None for all.

    Raises
    ------
    Cancelled
        When `stop`, asked before each batch, turned true.
    ExplorerError
        When a decoded sample is not finite.
    """
    chosen = axes.order[:rows]
    values = np.ascontiguousarray(axes.quantiles[:, chosen].T)
    codes = np.array(
        [
            [moved(start.code, int(axis), float(value), axes.sphere) for value in line]
            for axis, line in zip(chosen, values, strict=True)
        ]
    )
    flat = codes.reshape(-1, axes.latent)
    samples = np.empty((len(flat), *model.shape), dtype=np.float32)
    for first in range(0, len(flat), _AT_ONCE):
        if stop():
            raise Cancelled(f"the traversal stopped after {first:,} of {len(flat):,} samples.")
        batch = slice(first, first + _AT_ONCE)
        samples[batch] = model.decode(torch.tensor(flat[batch], device=model.device)).cpu().numpy()
    if not np.isfinite(samples).all():
        raise ExplorerError(
            "the decoder gives values that are not finite along an axis; train the model again with a "
            "smaller learning rate."
        )
    return Traversal(start, chosen, values, codes, samples.reshape(*values.shape, *model.shape))
