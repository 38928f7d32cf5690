"""The speed of a training, measured on some batches before it begins."""

from __future__ import annotations

import torch

import models
from explorer.core.datasets import Dataset, Split
from explorer.core.progress import Stop, never
from models import Autoencoder

_BATCHES = 8  # behind the first, in which memory is laid out


def samples_per_second(
    model: Autoencoder, dataset: Dataset, batch_size: int, device: torch.device, *, stop: Stop = never
) -> float:
    """Train a clone for some batches, and return how many samples it took per second."""
    some = Split(dataset.train.x[: batch_size * (1 + _BATCHES)])
    trained = model.clone().to(device)
    steps = list(models.fit(trained, some, epochs=1, batch_size=batch_size, stop=stop, report_seconds=60.0))
    first, last = steps[0], steps[-1]
    if last.seen == first.seen:
        return last.seen / last.seconds
    return (last.seen - first.seen) / (last.seconds - first.seconds)
