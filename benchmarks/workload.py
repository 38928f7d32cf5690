"""The input of both apps: the same cloud, the same model, the same counter of trained samples."""

from __future__ import annotations

import math
import mmap
import os
import struct
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

import models
from explorer.core.datasets import Dataset, ImageDrawing, Split, load_dataset
from models import Autoencoder

CLASSES = 10
BATCH = 256
LEARNING_RATE = 1e-3
HIDDEN = (256, 400)  # the decoder of the design's table is 2-256-400-784
FITTED = 2_000  # codes that t-SNE and UMAP are fitted to; the others are placed among them
TRAINED_ON = "EXPLORER_BENCHMARK_DATA"  # the folder that holds MNIST, or unset: digits are used


def mixture(points: int, seed: int = 0, axes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Draw from a Gaussian mixture of ten stretched classes: float32 [points, axes], and their classes."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, CLASSES, points)
    centres = random.normal(0.0, 1.6, (CLASSES, axes)).astype(np.float32)
    stretch = (0.5 * np.eye(axes) + random.normal(0.0, 0.4, (CLASSES, axes, axes))).astype(np.float32)
    positions = random.standard_normal((points, axes), dtype=np.float32)
    for label in range(CLASSES):
        of_class = labels == label
        positions[of_class] = positions[of_class] @ stretch[label].T + centres[label]
    return positions, labels


def autoencoder(shape: tuple[int, ...], seed: int = 0) -> Autoencoder:
    """Make the VAE of both apps: the project's own, with the layers of the design's table.

    Weights are drawn from the seed: two processes get the same model.
    """
    model = models.create("vae", shape=shape, latent=2, body="dense")
    values = math.prod(shape)
    outward = (model.latent, *HIDDEN, values)
    inward = (*outward[:0:-1], 2 * model.latent)
    model.encoder = torch.nn.Sequential(torch.nn.Flatten(), *_layers(inward))
    model.decoder = torch.nn.Sequential(*_layers(outward), torch.nn.Unflatten(1, shape))
    model.draw_weights(seed)
    return model


def real_data() -> Path:
    """Return the folder of the real data, the same as in the tests; it may not exist."""
    root = Path(__file__).resolve().parents[1]
    return Path(os.environ.get("EXPLORER_TEST_DATA") or root.parent / "shared" / "data")


def training_data() -> Dataset:
    """Load MNIST where its files are; else scikit-learn's digits, which the table then says.

    Digits are repeated until an epoch is as long as one of MNIST: an epoch of 0.2 s would measure
    mostly the ends of epochs.
    """
    folder = os.environ.get(TRAINED_ON)
    if folder:
        return load_dataset("mnist", folder=Path(folder))
    digits = load_dataset("digits")
    times = 60_000 // len(digits.train)
    x, y = digits.train.x, digits.train.y
    assert y is not None
    train = Split(np.tile(x, (times, 1, 1, 1)), np.tile(y, times))
    return Dataset("digits, repeated", train, digits.test, digits.drawing, digits.classes, digits.label_name)


def cloud_data(labels: np.ndarray) -> Dataset:
    """Make a Dataset of as many images as there are labels, all of them one grey image in memory.

    Ten million images of 28 x 28 would take 31 GB, and no row measures them: the values are put
    together past their constructors, which copy and hash what they are given.
    """
    samples = len(labels)
    x = np.broadcast_to(np.float32(0.5), (samples, 1, 28, 28))
    train = samples * 6 // 7
    splits = [(x[:train], labels[:train]), (x[train:], labels[train:])]
    train_split, test_split = (_made(Split, x=part, y=of_part) for part, of_part in splits)
    return _made(
        Dataset, name=f"{samples:,} points", train=train_split, test=test_split,
        drawing=ImageDrawing(28, 28, 1), classes=tuple("0123456789"), label_name="class", table=None,
        notes=(), x=x, y=labels, stamp=f"mixture{samples}",
    )  # fmt: skip


def _made(kind: type[Any], **fields: object) -> Any:
    value = object.__new__(kind)
    for name, content in fields.items():
        object.__setattr__(value, name, content)
    return value


def _layers(widths: tuple[int, ...]) -> list[torch.nn.Module]:
    layers: list[torch.nn.Module] = []
    for before, after in pairwise(widths):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
    return layers[:-1]


class Counter:
    """A counter of trained samples, in a mapped file that one process writes and another reads."""

    _SIZE = 24  # samples; those of which the time is known; that time in nanoseconds

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(self._SIZE))
        self._file = os.open(path, os.O_RDWR)
        self._map = mmap.mmap(self._file, self._SIZE)

    def add(self, samples: int) -> None:
        """Count a batch; only the training process calls it."""
        struct.pack_into("<q", self._map, 0, self.read() + samples)

    def took(self, samples: int, seconds: float) -> None:
        """Count how long a batch took; only the training process calls it."""
        known, spent = self.timed()
        struct.pack_into("<qq", self._map, 8, known + samples, round(1e9 * (spent + seconds)))

    def read(self) -> int:
        """Return the samples trained since the start."""
        return int(struct.unpack_from("<q", self._map, 0)[0])

    def timed(self) -> tuple[int, float]:
        """Return the samples within epochs since the start, and the seconds that they took."""
        known, spent = struct.unpack_from("<qq", self._map, 8)
        return int(known), spent / 1e9

    def close(self) -> None:
        """Close the file."""
        self._map.close()
        os.close(self._file)


def count_training(kind: type[torch.nn.Module], counter: Counter) -> None:
    """Count every training batch of the models of this class.

    On the class and not on a model, because an app trains a clone; only where gradients are wanted,
    because held-out terms are no training. A batch takes until the next one begins; how long the last of an
    epoch takes, which is smaller than the others, cannot be separated from the time between epochs.
    """
    plain: Callable[..., Any] = kind.loss  # type: ignore[attr-defined]
    last = [0, 0.0]  # size of the last batch, and when it began

    def counted(self: torch.nn.Module, x: torch.Tensor, *rest: Any, **named: Any) -> Any:
        if torch.is_grad_enabled():
            now = time.perf_counter()
            counter.add(len(x))
            if last[0] == BATCH:
                counter.took(BATCH, now - last[1])
            last[:] = len(x), now
        return plain(self, x, *rest, **named)

    kind.loss = counted  # type: ignore[attr-defined]
