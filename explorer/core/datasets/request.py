"""The request that a source answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from explorer.core.progress import LoadProgress, silent_load


@dataclass(frozen=True, slots=True)
class Request:
    """A data set to be loaded.

    Attributes
    ----------
    folder
        The data folder, for sources that are files.
    label
        The label that was asked for, of those that the source has, or None for its own choice.
    progress
        Called with the share done and what is being loaded.
    """

    folder: Path
    label: str | None = None
    progress: LoadProgress = silent_load
