"""The 70,000 grey pictures of garments of 28x28 pixels, through torchvision."""

from __future__ import annotations

from torchvision.datasets import FashionMNIST

from explorer.core.datasets.base import Dataset
from explorer.core.datasets.request import Request
from explorer.core.datasets.torchvision_files import read_idx


def load(request: Request) -> Dataset:
    """Return Fashion-MNIST, 60,000 to train on and 10,000 to test with.

    References
    ----------
    Xiao, Rasul and Vollgraf (2017), Fashion-MNIST: a novel image dataset for benchmarking.
    """
    return read_idx("fashion-mnist", FashionMNIST, request, label_name="garment")
