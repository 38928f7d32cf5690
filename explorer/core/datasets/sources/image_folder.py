"""A folder of class folders of images, brought to one size.

Folders `train` and `test` (or `val`, `valid`, `validation`) with class folders inside are taken as the split.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from explorer.core.datasets.base import Dataset
from explorer.core.datasets.images import LARGEST, SMALLEST, from_images
from explorer.core.datasets.request import Request
from explorer.core.datasets.sentences import listed
from explorer.core.errors import DataError

SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
GREY = frozenset({"1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "I;16N"})
TEST_NAMES = ("test", "val", "valid", "validation")
TURNED = range(5, 9)
ORIENTATION = 0x0112
"""The EXIF tag of the orientation of the camera; these of its values exchange the sides."""


@dataclass(frozen=True, slots=True)
class _Found:
    """An image file, its class, its split, and the figures of its header."""

    path: Path
    name: str
    test: bool
    size: tuple[int, int]
    mode: str
    transparent: bool


def load(path: Path, request: Request) -> Dataset:
    """Return the images, grey if all of them are and RGB otherwise, all of the most common size.

    Files that cannot be read are skipped and named in the notes; sizes above 64x64 are brought down to it
    and sizes below 8x8 up, keeping the sides' ratio where that is possible.

    Raises
    ------
    DataError
        No class folders, or fewer than two readable images.
    """
    files, split = _listed_files(path)
    skipped: list[Path] = []
    images = _headers(files, skipped)
    if not images:
        raise _unreadable(path, len(skipped))
    images.sort(key=lambda image: image.test)
    width, height = size = _target(images)
    channels = 1 if all(image.mode in GREY for image in images) else 3
    x = np.empty((len(images), channels, height, width), dtype=np.float32)
    kept: list[_Found] = []
    for number, image in enumerate(images):
        if number % 64 == 0:
            request.progress(number / len(images), f"Reading {image.path.name}")
        pixels = _pixels(image.path, size, channels)
        if pixels is None:
            skipped.append(image.path)
            continue
        np.divide(pixels, np.float32(255), out=x[len(kept)])
        kept.append(image)
    if not kept:
        raise _unreadable(path, len(skipped))
    train = sum(not image.test for image in kept)
    classes = tuple(sorted({image.name for image in kept}))
    y = np.array([classes.index(image.name) for image in kept], dtype=np.int64)
    return from_images(
        path.resolve().name,
        x[: len(kept)],
        y,
        classes=classes,
        label_name="class",
        train=train if split and train < len(kept) else None,
        notes=_notes(path, kept, skipped, size),
    )


def _listed_files(path: Path) -> tuple[list[tuple[Path, str, bool]], bool]:
    """Return the image files with their classes and splits, and whether the folder has splits of its own."""
    folders = _folders(path)
    named = {folder.name.lower(): folder for folder in folders}
    test = next((named[name] for name in TEST_NAMES if name in named), None)
    both = "train" in named and test is not None and len(folders) == 2
    split = both and all(_folders(folder) for folder in folders)
    pairs = [(named["train"], False), (test, True)] if split and test else [(path, False)]
    listing = [
        (file, folder.name, is_test)
        for root, is_test in pairs
        for folder in _folders(root)
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()
    ]
    if not folders:
        raise DataError(
            f"{path} has no class folders; put the images of each class into a folder of its own inside it."
        )
    return listing, split


def _folders(path: Path) -> list[Path]:
    return sorted(each for each in path.iterdir() if each.is_dir() and not each.name.startswith("."))


def _headers(files: list[tuple[Path, str, bool]], skipped: list[Path]) -> list[_Found]:
    """Return the figures of the files' headers; files without a readable one are added to `skipped`."""
    images = []
    for path, name, test in files:
        try:
            with Image.open(path) as image:
                # `getexif` decodes a whole PNG in search of late ones; what stands in the header will do.
                held = image.getexif() if "exif" in image.info or image.format == "TIFF" else {}
                turned = held.get(ORIENTATION) in TURNED
                size = image.size[::-1] if turned else image.size
                transparent = "A" in image.getbands() or "transparency" in image.info
                images.append(_Found(path, name, test, size, image.mode, transparent))
        except Exception:  # a damaged file can make a decoder raise anything; it is skipped and named
            skipped.append(path)
    return images


def _target(images: list[_Found]) -> tuple[int, int]:
    """Return the width and height that all images are scaled to: the most common, within the limits."""
    counts = Counter(image.size for image in images)
    width, height = max(counts, key=lambda size: (counts[size], size))
    scale = min(1.0, LARGEST / max(width, height))
    scale = max(scale, SMALLEST / min(width, height)) if scale == 1.0 else scale
    sides = (min(max(round(side * scale), SMALLEST), LARGEST) for side in (width, height))
    return (next(sides), next(sides))


def _pixels(path: Path, size: tuple[int, int], channels: int) -> np.ndarray | None:
    """Return `uint8` pixels `[channels, height, width]`, or None for a file that cannot be decoded."""
    try:
        with Image.open(path) as opened:
            image = ImageOps.exif_transpose(opened)
            if image.mode.startswith("I"):
                # 16 bits a pixel, which `convert` would clip at 255.
                image = Image.fromarray((np.asarray(image).clip(0, 65535) // 257).astype(np.uint8))
            if "A" in image.getbands() or "transparency" in image.info:
                image = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            image = image.convert("L" if channels == 1 else "RGB")
            if image.size != size:
                image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)
            pixels = np.asarray(image)
    except Exception:  # a damaged file can make a decoder raise anything; it is skipped and named
        return None
    return pixels[np.newaxis] if channels == 1 else pixels.transpose(2, 0, 1)


def _unreadable(path: Path, tried: int) -> DataError:
    files = "1 file was tried" if tried == 1 else f"{tried} files were tried"
    return DataError(
        f"{path} holds no image that can be read in its class folders ({files}); give PNG, JPEG or other "
        "common image files."
    )


def _notes(path: Path, kept: list[_Found], skipped: list[Path], size: tuple[int, int]) -> tuple[str, ...]:
    notes = []
    if skipped:
        names = listed([str(file.relative_to(path)) for file in skipped])
        files = "1 file was" if len(skipped) == 1 else f"{len(skipped)} files were"
        notes.append(f"{files} skipped, since no image can be read from {names}.")
    resized = sum(image.size != size for image in kept)
    if resized:
        largest = max((image.size for image in kept), key=lambda each: each[0] * each[1])
        notes.append(
            f"{resized} of {len(kept)} images were resized to {size[0]}x{size[1]} pixels, the largest from "
            f"{largest[0]}x{largest[1]}."
        )
    if any(image.transparent for image in kept):
        notes.append("Transparent pixels are shown on white.")
    return tuple(notes)
