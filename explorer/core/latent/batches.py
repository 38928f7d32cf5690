"""A data set through a model, batch by batch, for computations of a number for each sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from explorer.core.datasets import Dataset
from explorer.core.errors import Cancelled, DataError
from models import Autoencoder

Stop = Callable[[], bool]
Progress = Callable[[float], object]


def check_fits(model: Autoencoder, dataset: Dataset) -> None:
    """Raise `DataError` where the model takes samples of another shape."""
    if tuple(model.shape) != tuple(dataset.shape):
        raise DataError(
            f"the model takes samples of shape {tuple(model.shape)} and the data set {dataset.name!r} has "
            f"{tuple(dataset.shape)}; choose the data it was made for, or create a model with that shape."
        )


def batches(
    model: Autoencoder,
    dataset: Dataset,
    size: int | None,
    stop: Stop | None,
    progress: Progress | None,
    only: Int64[np.ndarray, " chosen"] | None = None,
) -> Iterator[tuple[slice, Float[Tensor, "batch *shape"]]]:
    """Yield the rows of each batch with its samples on the model's device.

    The data are read-only, and torch has no read-only tensors: a model gets a copy of its first batch. If it
    leaves that unchanged and is on the CPU, it gets the other batches without a copy, which would cost a
    sixth of a dense encoder's pass.

    Parameters
    ----------
    only
        The samples to go through, training split first; rows are then places among these.
    """
    samples, count = dataset.x, len(dataset) if only is None else len(only)
    size = min(count, size or _batch_size(model))
    buffer = torch.empty(size, *samples.shape[1:])  # one for all batches
    window = buffer.numpy()
    as_they_lie: Tensor | None = None
    for start in range(0, count, size):
        if stop is not None and stop():
            raise Cancelled(f"encoding was stopped after {start:,} of {count:,} samples.")
        rows = slice(start, min(count, start + size))
        filled = rows.stop - start
        if as_they_lie is not None:
            yield rows, as_they_lie[rows]
        else:
            window[:filled] = samples[rows if only is None else only[rows]]
            yield rows, buffer[:filled].to(model.device)
            if start == 0 and only is None and buffer.device == model.device:
                as_they_lie = _over(samples) if np.array_equal(window, samples[rows]) else None
        if progress is not None:
            progress(rows.stop / count)


class _Memory:
    """An array's memory without its read-only flag."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array  # which owns it
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}


def _over(samples: Float[np.ndarray, "n *shape"]) -> Float[Tensor, "n *shape"]:
    """Return the samples as a tensor over the same memory, which must only be read."""
    return torch.from_numpy(np.asarray(_Memory(samples)))


def _batch_size(model: Autoencoder) -> int:
    # On a CPU the layers' intermediate values should stay near its caches (512 MNIST images were as
    # fast as any number, 4,096 took twice as long); a GPU wants to be filled.
    values = 400_000 if model.device.type == "cpu" else 32_000_000
    return max(512, min(16_384, values // math.prod(model.shape)))


@contextmanager
def evaluating(model: Autoencoder) -> Iterator[None]:
    """Put the model into evaluation mode without gradients, and back into its mode at the end."""
    trained = [module for module in model.modules() if module.training]
    for module in trained:
        module.training = False
    try:
        with torch.inference_mode():
            yield
    finally:
        for module in trained:
            module.training = True
