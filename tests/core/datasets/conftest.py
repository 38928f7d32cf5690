"""Made files, and the claim that an error is one sentence."""

from __future__ import annotations

import gzip
import hashlib
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.core.errors import ExplorerError

Refused = Callable[..., Any]


@pytest.fixture
def refused() -> Refused:
    """Give a context that claims a DataError (or another kind) of one sentence that says all of `parts`."""

    @contextmanager
    def claim(*parts: object, kind: type[ExplorerError]) -> Iterator[None]:
        with pytest.raises(ExplorerError) as caught:
            yield
        said = str(caught.value)
        assert type(caught.value) is kind
        assert "\n" not in said
        assert said.endswith(".")
        assert not said.endswith("..")
        for part in parts:
            assert str(part) in said, said

    return claim


@pytest.fixture
def encrypted() -> Callable[[bytes], bytes]:
    """Give what says of every member of a zip file that it is encrypted."""

    def flagged(content: bytes) -> bytes:
        changed = bytearray(content)
        for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
            at = -1
            while (at := content.find(signature, at + 1)) >= 0:
                changed[at + flags] |= 1
        return bytes(changed)

    return flagged


@pytest.fixture
def idx_bytes() -> Callable[[np.ndarray], bytes]:
    """Give what turns a uint8 array into an IDX file, as MNIST is stored."""

    def made(array: np.ndarray) -> bytes:
        header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
        return header + array.tobytes()

    return made


@pytest.fixture
def made_mnist(tmp_path: Path, idx_bytes: Callable[[np.ndarray], bytes]) -> tuple[type, Path, np.ndarray]:
    """Give a small data set in MNIST's files and layout: its torchvision class, its folder, its images.

    Its archives have checksums of their own, and its mirror is a closed port of this machine, so that the
    code that finds, checks, downloads and unpacks is the real one.
    """
    from torchvision.datasets import MNIST

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (30, 28, 28), dtype=np.uint8)
    images[0, 0, :2] = 0, 255
    labels = (np.arange(30) % 10).astype(np.uint8)
    contents = (images[:20], labels[:20], images[20:], labels[20:])
    folder = tmp_path / "data"
    raw = folder / "MadeMNIST" / "raw"
    raw.mkdir(parents=True)
    resources = []
    for (file, _), content in zip(MNIST.resources, contents, strict=True):
        packed = gzip.compress(idx_bytes(content), mtime=0)
        (raw / file).write_bytes(packed)
        resources.append((file, hashlib.md5(packed).hexdigest()))

    class MadeMNIST(MNIST):
        mirrors = ["http://127.0.0.1:9/"]  # noqa: RUF012

    MadeMNIST.resources = resources
    return MadeMNIST, folder, images
