"""The values of this package: a Dataset and its two splits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from jaxtyping import Float32, Int64

from explorer.core.datasets.drawing import Drawing, ProfileDrawing
from explorer.core.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Samples and their labels, read-only and contiguous.

    Attributes
    ----------
    x
        Images `[n, channels, height, width]` in 0..1, or standardised table rows `[n, features]`.
    y
        For each sample the index of its class, or None for data without labels.
    """

    x: Float32[np.ndarray, "n *shape"]
    y: Int64[np.ndarray, " labels"] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", _sealed(np.ascontiguousarray(self.x, dtype=np.float32)))
        if self.y is not None:
            object.__setattr__(self, "y", _sealed(np.ascontiguousarray(self.y, dtype=np.int64)))
            if self.y.shape != (len(self.x),):
                raise DataError(
                    f"a split holds {len(self.x)} samples and labels of shape {self.y.shape}; "
                    "give one label for each sample."
                )

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Dataset:
    """Samples, labels, class names, a train/test split, and how one sample is drawn.

    Attributes
    ----------
    classes, label_name
        The names of the indices in `y`, and the name of the label; `()` and `""` without labels.
    ordered
        True where the classes are grades, such as 3 to 9, whose colours should run from low to high; not
        where numbers are names, as those of digits are.
    table
        For a table the rows in its own units, train first then test, the order of `x`; beside the
        columns that are features (`drawing.names`) it may hold others, such as the label.
    notes
        Sentences on what was skipped, filled, dropped or resized.
    x, y
        Both splits, train first; not a copy where the splits are parts of one array.
    stamp
        A short hash of the content: equal content has an equal stamp, on any machine.
    """

    name: str
    train: Split
    test: Split
    drawing: Drawing
    classes: tuple[str, ...] = ()
    label_name: str = ""
    table: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    ordered: bool = False
    x: Float32[np.ndarray, "both *shape"] = field(init=False, repr=False)
    y: Int64[np.ndarray, " both"] | None = field(init=False, repr=False)
    stamp: str = field(init=False)

    def __post_init__(self) -> None:
        self._check()
        object.__setattr__(self, "x", _joined(self.train.x, self.test.x))
        first, second = self.train.y, self.test.y
        object.__setattr__(self, "y", None if first is None or second is None else _joined(first, second))
        object.__setattr__(self, "stamp", self._hash())

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample: `(channels, height, width)` or `(features,)`."""
        return self.drawing.shape

    def __len__(self) -> int:
        return len(self.train) + len(self.test)

    def _check(self) -> None:
        if not (len(self.train) and len(self.test)):
            raise DataError(
                f"{self.name} holds {_samples(len(self))}; at least two are needed, one to train on and one "
                "to test with."
            )
        for split in (self.train, self.test):
            if split.x.shape[1:] != self.drawing.shape:
                raise DataError(
                    f"{self.name} holds samples of shape {split.x.shape[1:]} and draws samples of shape "
                    f"{self.drawing.shape}; give both splits the shape that is drawn."
                )
            if (split.y is None) != (not self.classes):
                raise DataError(
                    f"{self.name} has {len(self.classes)} class names and a split "
                    f"{'without' if split.y is None else 'with'} labels; give class names and labels in both "
                    "splits, or neither."
                )
            if split.y is not None and not (split.y.min() >= 0 and split.y.max() < len(self.classes)):
                raise DataError(
                    f"{self.name} has labels from {split.y.min()} to {split.y.max()}; with "
                    f"{len(self.classes)} class names they count from 0 to {len(self.classes) - 1}."
                )
        if self.table is not None and len(self.table) != len(self):
            raise DataError(
                f"{self.name} holds {_samples(len(self))} and a table of {len(self.table)} rows; give the "
                "table one row for each sample."
            )

    def _hash(self) -> str:
        content = hashlib.blake2b(digest_size=8)
        header = (self.x.shape, len(self.train), self.classes, self.label_name)
        content.update(repr(header).encode())
        content.update(self.x.astype("<f4", copy=False).data)
        if self.y is not None:
            content.update(self.y.astype("<i8", copy=False).data)
        if isinstance(self.drawing, ProfileDrawing):
            content.update(repr(self.drawing.names).encode())
            content.update(np.stack([self.drawing.mean, self.drawing.scale]).astype("<f8", copy=False).data)
        return content.hexdigest()


def _samples(count: int) -> str:
    return f"{count} sample{'' if count == 1 else 's'}"


def _sealed(array: np.ndarray) -> np.ndarray:
    """Return a read-only view; the array's maker may write to it as long as it holds it."""
    view = array.view()
    view.setflags(write=False)
    return view


def _joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return one read-only array of both, without a copy where they are the two parts of one array."""
    whole = first.base
    if (
        isinstance(whole, np.ndarray)
        and whole is second.base
        and whole.dtype == first.dtype
        and whole.shape == (len(first) + len(second), *first.shape[1:])
        and whole.flags.c_contiguous
        and first.ctypes.data == whole.ctypes.data
        and second.ctypes.data == whole.ctypes.data + first.nbytes
    ):
        return _sealed(whole)
    return _sealed(np.concatenate([first, second]))
