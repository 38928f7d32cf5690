"""The 1,797 handwritten digits of 8x8 pixels that come with scikit-learn."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from explorer.core.datasets.base import Dataset
from explorer.core.datasets.images import from_images
from explorer.core.datasets.request import Request


def load(request: Request) -> Dataset:
    """Return the digits; intensities are 0 to 16 in the source and 0 to 1 here."""
    images, digits = load_digits(return_X_y=True)
    return from_images(
        "digits",
        (images.reshape(-1, 1, 8, 8) / 16.0).astype(np.float32),
        digits.astype(np.int64),
        classes=tuple("0123456789"),
        label_name="digit",
    )
