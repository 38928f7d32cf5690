"""Latent Explorer: see, touch and change the latent space of an autoencoder.

The names below are loaded when they are first used: importing the package imports no Panel.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.core import projections
    from explorer.core.datasets import dataset_names, load_dataset
    from explorer.core.errors import ExplorerError
    from explorer.core.latent.cloud import encode
    from explorer.core.quality import measure as quality
    from explorer.core.rendering.shade import shade
    from explorer.core.scene.viewport import Viewport
    from explorer.runtime import runs
    from explorer.views.notebook import Explorer

__all__ = [
    "Explorer",
    "ExplorerError",
    "Viewport",
    "dataset_names",
    "encode",
    "load_dataset",
    "projections",
    "quality",
    "runs",
    "shade",
]

_HOMES = {
    "Explorer": "explorer.views.notebook",
    "ExplorerError": "explorer.core.errors",
    "Viewport": "explorer.core.scene.viewport",
    "dataset_names": "explorer.core.datasets",
    "encode": "explorer.core.latent.cloud",
    "load_dataset": "explorer.core.datasets",
    "shade": "explorer.core.rendering.shade",
}

_MODULES = {
    "projections": "explorer.core.projections",
    "quality": "explorer.core.quality.measure",
    "runs": "explorer.runtime.runs",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
