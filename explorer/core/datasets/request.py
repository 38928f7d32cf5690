"""What a source is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[float, str], None]
"""Called with the fraction done, 0 to 1, and what is being done."""


def silent(fraction: float, message: str) -> None:
    """Report progress to nobody."""


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
        Whom to tell how far the loading is.
    """

    folder: Path
    label: str | None = None
    progress: Progress = silent
