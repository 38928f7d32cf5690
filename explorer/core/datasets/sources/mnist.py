"""The 70,000 handwritten digits of 28x28 pixels, through torchvision."""

from __future__ import annotations

from torchvision.datasets import MNIST

from explorer.core.datasets.base import Dataset
from explorer.core.datasets.request import Request
from explorer.core.datasets.torchvision_files import read_idx


def load(request: Request) -> Dataset:
    """Return MNIST, 60,000 to train on and 10,000 to test with.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to document recognition.
    """
    return read_idx("mnist", MNIST, request, label_name="digit")
