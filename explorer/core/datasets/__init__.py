"""Data sets: by name, by path, or by import string.

`load_dataset` finds them; `from_images` and `from_table` make them out of arrays and frames. There is one
module for each source, and one for each kind of file.
"""

from __future__ import annotations

from explorer.core.datasets.base import Dataset, Split
from explorer.core.datasets.drawing import Drawing, ImageDrawing, ProfileDrawing
from explorer.core.datasets.images import from_images
from explorer.core.datasets.loading import dataset_names, findable, load_dataset
from explorer.core.datasets.tables import from_table
from explorer.core.progress import LoadProgress

__all__ = [
    "Dataset",
    "Drawing",
    "ImageDrawing",
    "LoadProgress",
    "ProfileDrawing",
    "Split",
    "dataset_names",
    "findable",
    "from_images",
    "from_table",
    "load_dataset",
]
