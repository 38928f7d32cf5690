"""The 60,000 coloured pictures of 32x32 pixels in ten classes, through torchvision."""

from __future__ import annotations

from torchvision.datasets import CIFAR10

from explorer.core.datasets.base import Dataset
from explorer.core.datasets.request import Request
from explorer.core.datasets.torchvision_files import read_cifar


def load(request: Request) -> Dataset:
    """Return CIFAR-10, 50,000 to train on and 10,000 to test with.

    References
    ----------
    Krizhevsky (2009), Learning multiple layers of features from tiny images.
    """
    return read_cifar("cifar10", CIFAR10, request, label_name="object")
