"""The first trained models of small data sets, kept for the next start."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

import models
from explorer.core.datasets import Dataset
from models import Autoencoder
from models.errors import ModelError

_log = logging.getLogger(__name__)


class FirstModels:
    """One trained model for each data set and config.

    Parameters
    ----------
    folder
        Made when the first is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, dataset: Dataset, model: Autoencoder) -> Autoencoder | None:
        """Return the trained one of that config; None where there is none that can be used."""
        path = self._path(dataset, model)
        if not path.exists():
            return None
        try:
            kept = models.load(path)
        except ModelError:
            _log.warning("%s cannot be read; the model is trained again", path, exc_info=True)
            return None
        return kept if kept.config == model.config else None

    def keep(self, dataset: Dataset, model: Autoencoder) -> None:
        """Keep one that was trained. Where it cannot be written it is on the map all the same."""
        path = self._path(dataset, model)
        try:
            models.save(model, path)
        except OSError:
            _log.warning(
                "%s cannot be written; the model is trained again at the next start", path, exc_info=True
            )

    def _path(self, dataset: Dataset, model: Autoencoder) -> Path:
        config = json.dumps(model.config, sort_keys=True, default=str)
        digest = hashlib.sha256(config.encode()).hexdigest()[:12]
        name = f"{Path(dataset.name).stem}-{dataset.stamp}-{model.name}-{digest}.safetensors"
        return self._folder / name
