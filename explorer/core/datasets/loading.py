"""A Dataset from the source that a user names: a known name, a path, or an import string, in this order.

A source's module is imported when its data are asked for, since some bring large libraries along.
"""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path

from explorer.core.datasets.base import Dataset
from explorer.core.datasets.request import Request
from explorer.core.datasets.sources import import_string
from explorer.core.errors import DataError, DataMissing, UnknownName
from explorer.core.paths import data_folder
from explorer.core.progress import LoadProgress, silent_load


@dataclass(frozen=True, slots=True)
class _Source:
    module: str
    labels: tuple[str, ...] = ()


_SOURCES = {
    "digits": _Source("digits"),
    "iris": _Source("iris"),
    "wine-quality": _Source("wine_quality"),
    "air-quality": _Source("air_quality", labels=("month", "hour")),
    "mnist": _Source("mnist"),
    "fashion-mnist": _Source("fashion_mnist"),
    "cifar10": _Source("cifar10"),
}
_FILES = {".npz": "npz", ".csv": "table_file", ".parquet": "table_file"}
_PATHS = "a folder of class folders of images, or an .npz, .csv or .parquet file"


def dataset_names() -> tuple[str, ...]:
    """Return the names that `load_dataset` knows."""
    return tuple(_SOURCES)


def findable(source: str) -> bool:
    """Tell whether a source is a name out of `dataset_names()` or an existing path: neither runs code."""
    text = source.strip()
    name = text.partition(":")[0]
    return name in _SOURCES or any(_existing(path) for path in (text, text.rpartition("#")[0]))


def load_dataset(
    source: str | os.PathLike[str] | Dataset,
    *,
    folder: str | os.PathLike[str] | None = None,
    progress: LoadProgress | None = None,
    label: str | None = None,
    allow_import: bool = True,
) -> Dataset:
    """Load a data set.

    Parameters
    ----------
    source
        One of these; a Dataset is returned as it is:

        - a name out of `dataset_names()`, with `:label` where a set has several (`"air-quality:hour"`);
        - the path of a folder of class folders of images;
        - the path of an `.npz` file with `x` and optional `y`;
        - the path of a `.csv` or `.parquet` table, with `#column` to name its label column and a bare `#` for
          none;
        - an import string, `"package.module:attribute"`.
    folder
        The data folder; by default `EXPLORER_DATA`, else one in the user's cache folder.
    progress
        Called with the fraction done and a message, on the calling thread.
    label
        The label, in place of `:label` or `#column`.
    allow_import
        True where an import string may be followed. It runs code, so a caller that passes on the text of a
        browser passes False.

    Raises
    ------
    UnknownName
        Neither a name, nor a path, nor an import string.
    DataMissing
        No such file, or files that are neither in the data folder nor on the network.
    DataError
        Data that cannot be used; the message says what is wrong and what to do.
    """
    if isinstance(source, Dataset):
        return source
    text = os.fspath(source).strip()
    request = Request(data_folder(folder), label, progress or silent_load)
    name, _, choice = text.partition(":")
    if name in _SOURCES:
        dataset = _load_named(name, Request(request.folder, label or choice or None, request.progress))
    elif path := _existing(text):
        dataset = _load_path(path, request)
    elif path := _existing(text.rpartition("#")[0]):
        column = text.rpartition("#")[2] if label is None else label
        dataset = _load_path(path, Request(request.folder, column, request.progress))
    elif import_string.PATTERN.fullmatch(text):
        if not allow_import:
            raise DataError(
                f"{text!r} is an import string, which runs code and is taken from the command line or from "
                f"code only; choose from {', '.join(dataset_names())}, or give the path of {_PATHS}."
            )
        dataset = import_string.load(text)
    else:
        raise _unknown(text)
    request.progress(1.0, f"Loaded {dataset.name}")
    return dataset


def _existing(text: str) -> Path | None:
    expanded = os.path.expanduser(text)
    # Unlike `Path.exists`, this is also False for what no file system takes for a path.
    return Path(expanded) if text and os.path.exists(expanded) else None


def _load_named(name: str, request: Request) -> Dataset:
    source = _SOURCES[name]
    if request.label is not None and request.label not in source.labels:
        allowed = f"choose from {', '.join(source.labels)}" if source.labels else "it has one kind only"
        raise DataError(f"{name} has no labels {request.label!r}; {allowed}.")
    module = importlib.import_module(f"explorer.core.datasets.sources.{source.module}")
    dataset: Dataset = module.load(request)
    return dataset


def _load_path(path: Path, request: Request) -> Dataset:
    module = "image_folder" if path.is_dir() else _FILES.get(path.suffix.lower())
    if module is None:
        raise DataError(f"{path} is no file of a kind that can be loaded; give {_PATHS}.")
    if request.label is not None and module != "table_file":
        raise DataError(f"{path} is not a table, so its labels cannot be a column {request.label!r}.")
    try:
        dataset: Dataset = importlib.import_module(f"explorer.core.datasets.sources.{module}").load(
            path, request
        )
    except PermissionError as error:
        raise DataError(f"{path} may not be read by this user; change its permissions.") from error
    return dataset


def _unknown(text: str) -> UnknownName | DataMissing:
    looks_like_path = any(mark in text for mark in ("/", "\\", "~")) or Path(text).suffix.lower() in _FILES
    if looks_like_path or Path(text.rpartition("#")[0]).suffix.lower() in _FILES:
        return DataMissing(f"there is no file or folder {text!r}; give the path of {_PATHS}.")
    return UnknownName(
        f"unknown data set {text!r}; choose from {', '.join(dataset_names())}, or give the path of {_PATHS}."
    )
