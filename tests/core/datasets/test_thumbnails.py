"""Thumbnails: small images as they are, large ones as means over their parts, rows in their own units."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.core.datasets import load_dataset
from explorer.core.datasets.drawing import ImageDrawing
from explorer.core.datasets.thumbnails import LARGEST, thumbnail_drawing, thumbnails


@pytest.mark.parametrize("channels", [1, 3])
def test_small_images_are_left_as_they_are(channels: int) -> None:
    x = np.random.default_rng(0).random((5, channels, 8, 6), dtype=np.float32)
    drawing = ImageDrawing(8, 6, channels)
    assert thumbnail_drawing(drawing) is drawing
    assert thumbnails(drawing, x) == b"".join(drawing.to_bytes(sample) for sample in x)


def test_a_pixel_of_a_large_image_is_the_mean_over_its_part() -> None:
    x = np.random.default_rng(0).random((3, 3, 2 * LARGEST, 4 * LARGEST), dtype=np.float32)
    drawing = ImageDrawing(2 * LARGEST, 4 * LARGEST, 3)
    small = thumbnail_drawing(drawing)
    assert (small.height, small.width) == (LARGEST // 2, LARGEST)
    means = x.reshape(3, 3, LARGEST // 2, 4, LARGEST, 4).mean(axis=(3, 5))
    found = np.frombuffer(thumbnails(drawing, x), np.uint8).reshape(3, LARGEST // 2, LARGEST, 3)
    assert np.abs(found.astype(float) - 255 * means.transpose(0, 2, 3, 1)).max() <= 0.51


def test_rows_of_a_table_are_in_their_own_units() -> None:
    iris = load_dataset("iris")
    found = np.frombuffer(thumbnails(iris.drawing, iris.x[:7]), "<f4").reshape(7, -1)
    assert found == pytest.approx(iris.table[list(iris.drawing.names)].to_numpy(np.float32)[:7], rel=1e-5)
