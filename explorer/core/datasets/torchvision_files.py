"""Files for torchvision's data set classes: found or fetched, and unpacked where that is allowed.

torchvision unpacks an archive next to itself, which a shared read-only data folder forbids. The archives
are therefore unpacked into a folder of the user's cache that is removed after the reading; only downloads
write to the data folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from torchvision.datasets import CIFAR10, MNIST
from torchvision.datasets.utils import check_integrity, extract_archive

from explorer.core.datasets.base import Dataset
from explorer.core.datasets.fetching import Remote, obtain, places
from explorer.core.datasets.images import from_images
from explorer.core.datasets.request import Request
from explorer.core.datasets.sentences import reason
from explorer.core.errors import DataError
from explorer.core.paths import cache_folder, writable


def read_idx(name: str, source: type[MNIST], request: Request, *, label_name: str) -> Dataset:
    """Return the data set of torchvision's `MNIST` or of a class derived from it."""
    raw = f"{source.__name__}/raw"
    remotes = tuple(
        Remote(f"{raw}/{file}", tuple(f"{mirror}{file}" for mirror in source.mirrors), f"md5:{md5}")
        for file, md5 in source.resources
    )
    unpacked = tuple(f"{raw}/{Path(file).stem}" for file, _ in source.resources)
    with _root(name, remotes, unpacked, raw, request) as root:
        parts = [_opened(name, source, root, train) for train in (True, False)]
        images = [part.data.numpy()[:, np.newaxis] for part in parts]
        labels = np.concatenate([part.targets.numpy() for part in parts])
    classes = tuple(str(each).split(" - ")[0] for each in source.classes)
    return _joined(name, images, labels, classes, label_name)


def read_cifar(name: str, source: type[CIFAR10], request: Request, *, label_name: str) -> Dataset:
    """Return the data set of torchvision's `CIFAR10`.

    Its files are pickles: torchvision opens none before its checksum has shown it to be the published one.
    """
    remote = Remote(source.filename, (source.url,), f"md5:{source.tgz_md5}")
    files = [file for file, _ in (*source.train_list, *source.test_list)] + [source.meta["filename"]]
    unpacked = tuple(f"{source.base_folder}/{file}" for file in files)
    with _root(name, (remote,), unpacked, "", request) as root:
        parts = [_opened(name, source, root, train) for train in (True, False)]
    images = [part.data.transpose(0, 3, 1, 2) for part in parts]
    labels = np.concatenate([np.asarray(part.targets, dtype=np.int64) for part in parts])
    return _joined(name, images, labels, tuple(map(str, parts[0].classes)), label_name)


@contextmanager
def _root(
    name: str, remotes: tuple[Remote, ...], unpacked: tuple[str, ...], inside: str, request: Request
) -> Iterator[Path]:
    """Give the root folder in which torchvision finds the files unpacked."""
    for place in places(request):
        if all((place / path).is_file() for path in unpacked):
            yield place
            return
    archives = obtain(name, remotes, request)
    scratch = cache_folder()
    if writable(scratch):
        scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix="unpacked-", dir=scratch if scratch.is_dir() and writable(scratch) else None
    ) as folder:
        root = Path(folder)
        (root / inside).mkdir(parents=True, exist_ok=True)
        for number, (archive, remote) in enumerate(zip(archives, remotes, strict=True)):
            request.progress(number / len(archives), f"Unpacking {archive.name}")
            _unpack(name, archive, remote, root / inside)
        yield root


def _unpack(name: str, archive: Path, remote: Remote, folder: Path) -> None:
    checksum = (remote.checksum or "").removeprefix("md5:")
    try:
        sound = check_integrity(archive, checksum)
        if sound:
            extract_archive(archive, folder)
    except (OSError, EOFError) as error:
        raise DataError(f"{archive} of {name} cannot be unpacked ({reason(error)}).") from error
    if not sound:
        raise DataError(
            f"{archive} of {name} is truncated or damaged (its md5 is not {checksum}); delete it, so that it "
            "is downloaded again, or put a sound copy there."
        )


def _opened(name: str, source: type[Any], root: Path, train: bool) -> Any:
    try:
        part = source(root, train=train, download=False)
        if len(part.data) != len(part.targets):
            raise ValueError(f"{len(part.data)} images and {len(part.targets)} labels")
        return part
    except Exception as error:  # torchvision has no error of its own: asserts, views and casts fail
        which = "training" if train else "test"
        raise DataError(
            f"the {which} files of {name} in {root} are truncated or damaged ({reason(error)}); delete the "
            "unpacked files there, so that they are unpacked or downloaded again."
        ) from error


def _joined(
    name: str, images: list[np.ndarray], labels: np.ndarray, classes: tuple[str, ...], label_name: str
) -> Dataset:
    """Scale `uint8` images into one array, train first, so that no second copy of the floats is made."""
    train, test = images
    x = np.empty((len(train) + len(test), *train.shape[1:]), dtype=np.float32)
    np.divide(train, np.float32(255), out=x[: len(train)])
    np.divide(test, np.float32(255), out=x[len(train) :])
    return from_images(
        name, x, labels.astype(np.int64), classes=classes, label_name=label_name, train=len(train)
    )
