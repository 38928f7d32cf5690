"""An `.npz` archive with `x` and optional `y`; pickled objects in it are refused, never opened."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd

from explorer.core.datasets.base import Dataset
from explorer.core.datasets.images import from_images
from explorer.core.datasets.labels import check_labels, to_classes
from explorer.core.datasets.request import Request
from explorer.core.datasets.sentences import listed, reason
from explorer.core.datasets.tables import from_table
from explorer.core.errors import BROKEN_ZIP, DataError

SHAPES = "[n, height, width], [n, height, width, channels], [n, channels, height, width] or [n, features]"
CHANNELS = (1, 3)


def load(path: Path, request: Request) -> Dataset:
    """Return images out of a three- or four-dimensional `x`, and a table out of a two-dimensional one.

    Whole numbers from 0 to 255 are scaled to 0..1; floats are taken as they are when they lie in 0..1.

    Raises
    ------
    DataError
        No archive, no `x`, object arrays, an `x` of another shape, `y` of another length, or values that
        are not finite.
    """
    x, y = _read(path)
    if x.dtype.kind not in "buif":
        raise DataError(
            f"{path} holds an x of type {x.dtype}; whole numbers, floats and booleans are allowed."
        )
    labels = None if y is None else _labels(path, x, y)
    if x.ndim == 2:
        return _table(path, x, labels)
    pixels, notes = _scaled(path, _channels_first(path, x))
    indices, classes = (None, ()) if labels is None else to_classes(labels)
    return from_images(path.name, pixels, indices, classes=classes, label_name="y", notes=notes)


def _read(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise DataError(f"{path} is one bare array; save it with numpy.savez(path, x=..., y=...).")
            if "x" not in archive.files:
                there = f"it holds {listed(archive.files)}" if archive.files else "it is empty"
                raise DataError(
                    f"{path} has no array x ({there}); save one as numpy.savez(path, x=..., y=...)."
                )
            return archive["x"], archive["y"] if "y" in archive.files else None
    except (ValueError, pickle.UnpicklingError) as error:
        if str(error).startswith("Object arrays"):
            raise DataError(
                f"{path} holds Python objects, which are never unpickled; save x and y as arrays of numbers."
            ) from error
        raise DataError(
            f"{path} is no .npz archive, or truncated or damaged; save or copy it again."
        ) from error
    except (OSError, *BROKEN_ZIP) as error:
        raise DataError(
            f"{path} is truncated or damaged ({reason(error)}); save or copy it again."
        ) from error


def _labels(path: Path, x: np.ndarray, y: np.ndarray) -> pd.Series:
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if x.ndim == 0 or y.ndim != 1 or len(y) != len(x):
        raise DataError(
            f"{path} holds an x of shape {x.shape} and a y of shape {y.shape}; y is one label "
            "for each sample."
        )
    if y.dtype.kind not in "buifUS":
        raise DataError(f"{path} holds a y of type {y.dtype}; whole numbers and text are allowed.")
    series = pd.Series(y.astype("U") if y.dtype.kind == "S" else y)
    check_labels(str(path), "y", series)
    return series


def _table(path: Path, x: np.ndarray, labels: pd.Series | None) -> Dataset:
    names = tuple(f"x{number}" for number in range(1, x.shape[1] + 1))
    frame = pd.DataFrame(x.astype(np.float64), columns=list(names))
    if labels is not None:
        frame = frame.assign(y=labels)
    return from_table(path.name, frame, names, label=None if labels is None else "y")


def _channels_first(path: Path, x: np.ndarray) -> np.ndarray:
    if x.ndim == 3:
        return x[:, np.newaxis]
    if x.ndim == 4 and x.shape[1] in CHANNELS:
        return x
    if x.ndim == 4 and x.shape[3] in CHANNELS:
        return x.transpose(0, 3, 1, 2)
    raise DataError(
        f"{path} holds an x of shape {x.shape}; {SHAPES} are allowed, with one or three channels."
    )


def _scaled(path: Path, x: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return `float32` intensities in 0..1, and the notes on how they were scaled."""
    high = float(x.max()) if x.size else 0.0
    low = float(x.min()) if x.size else 0.0
    pixels = np.empty(x.shape, dtype=np.float32)
    # NaN is in neither range, and infinity overflows nothing: a later check names both with their row.
    if x.dtype == np.uint8 or (high > 1.0 and low >= 0.0 and high <= 255.0):
        np.divide(x, np.float32(255), out=pixels, casting="same_kind")
        told = (f"The values of {path.name} go from {low:g} to {high:g} and are divided by 255.",)
        return pixels, () if x.dtype == np.uint8 else told
    with np.errstate(over="ignore"):
        pixels[...] = x
    return pixels, ()
