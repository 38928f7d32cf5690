"""A Dataset out of an array of images."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int64

from explorer.core.datasets.base import Dataset, Split
from explorer.core.datasets.drawing import ImageDrawing
from explorer.core.datasets.splitting import split_rows
from explorer.core.errors import DataError

SMALLEST, LARGEST = 8, 64
"""The sides of an image, in pixels, that the model bodies are made for."""


def from_images(
    name: str,
    x: Float32[np.ndarray, "n channels height width"],
    y: Int64[np.ndarray, " labels"] | None = None,
    *,
    classes: tuple[str, ...] = (),
    label_name: str = "",
    train: int | None = None,
    notes: tuple[str, ...] = (),
) -> Dataset:
    """Make a Dataset of images.

    Parameters
    ----------
    name
        Its name on the page.
    x
        Intensities from 0 (black) to 1 (full), one or three channels, sides of 8 to 64 pixels.
    y, classes, label_name
        For each image the index of its class; the names of the classes; and the name of the label.
    train
        How many rows, from the first on, are the training split; None divides them with `split_rows`.
    notes
        Sentences to show with the data.

    Raises
    ------
    DataError
        Fewer than two images, a size or a number of channels that no model body takes, or intensities
        that are not finite or lie outside 0..1.
    """
    _, channels, height, width = x.shape
    _check_size(name, channels, height, width)
    _check_intensities(name, x)
    if y is not None and len(y) != len(x):
        raise DataError(f"{name} holds {len(x)} images and {len(y)} labels; give one label for each image.")
    if train is None:
        train_rows, test_rows = split_rows(len(x), y)
        order, train = np.concatenate([train_rows, test_rows]), len(train_rows)
        x, y = x[order], None if y is None else y[order]
    if len(classes) == 1:
        notes = (*notes, f"All samples are of one class, {classes[0]!r}.")
    return Dataset(
        name=name,
        train=Split(x[:train], None if y is None else y[:train]),
        test=Split(x[train:], None if y is None else y[train:]),
        drawing=ImageDrawing(height=height, width=width, channels=channels),
        classes=classes,
        label_name=label_name if classes else "",
        notes=notes,
    )


def _check_size(name: str, channels: int, height: int, width: int) -> None:
    if channels not in (1, 3):
        raise DataError(
            f"{name} holds images of {channels} channels; grey (one) and RGB (three) are allowed, so convert "
            "them first."
        )
    if not (SMALLEST <= height <= LARGEST and SMALLEST <= width <= LARGEST):
        raise DataError(
            f"{name} holds images of {height}x{width} pixels; sides from {SMALLEST} to {LARGEST} are "
            "allowed, so resize or pad them first."
        )


def _check_intensities(name: str, x: Float32[np.ndarray, "n channels height width"]) -> None:
    if not len(x):
        return
    # Any NaN shows up in the extremes, which need no second array of the size of MNIST.
    low, high = float(x.min()), float(x.max())
    if low >= 0.0 and high <= 1.0:
        return
    if not np.isfinite([low, high]).all():
        first = next(row for row in range(len(x)) if not np.isfinite(x[row]).all())
        raise DataError(
            f"{name} holds a value that is not a finite number, first in sample {first}; remove or fill it."
        )
    raise DataError(
        f"{name} holds intensities from {low:g} to {high:g}; images are floats from 0 to 1, or uint8, so "
        "scale them first."
    )
