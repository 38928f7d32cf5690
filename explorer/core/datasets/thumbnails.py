"""Small pictures of many samples at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from torch.nn.functional import interpolate

from explorer.core.datasets.drawing import Drawing, ImageDrawing

LARGEST = 64
"""Pixels of the longer side: a larger image is made smaller."""


def thumbnail_drawing(drawing: Drawing) -> Drawing:
    """Return the drawing of the thumbnails: of images at most `LARGEST` pixels a side, of rows the same."""
    if not isinstance(drawing, ImageDrawing) or max(drawing.width, drawing.height) <= LARGEST:
        return drawing
    scale = LARGEST / max(drawing.width, drawing.height)
    height, width = (max(1, round(side * scale)) for side in (drawing.height, drawing.width))
    return ImageDrawing(height, width, drawing.channels)


def thumbnails(drawing: Drawing, x: Float32[np.ndarray, "n *shape"]) -> bytes:
    """Return the samples one after the other, each as `thumbnail_drawing(drawing).to_bytes` has it.

    Parameters
    ----------
    drawing
        That of the data set.
    x
        Samples as the data set has them; a pixel of a smaller image is the mean over its part of the larger.
    """
    small: Any = thumbnail_drawing(drawing)
    if small is not drawing:
        images = torch.from_numpy(np.ascontiguousarray(x))
        x = interpolate(images, size=(small.height, small.width), mode="area").numpy()
    return b"".join(small.to_bytes(sample) for sample in x)
