"""The folders of data, of runs and of caches.

Two environment variables move them: `EXPLORER_DATA`, the data folder, and `EXPLORER_HOME`, the folder of
everything the explorer makes itself (runs, weights, caches). Nothing here creates a folder.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import platformdirs

APPLICATION = "latent-explorer"


def home_folder() -> Path:
    """Return the folder of runs and weights: `EXPLORER_HOME`, or the user's data folder."""
    return _from_environment("EXPLORER_HOME") or platformdirs.user_data_path(APPLICATION, appauthor=False)


def cache_folder() -> Path:
    """Return the folder of what can be made again: below `EXPLORER_HOME`, or the user's cache folder."""
    home = _from_environment("EXPLORER_HOME")
    return home / "cache" if home else platformdirs.user_cache_path(APPLICATION, appauthor=False)


def data_folder(folder: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of data sets: `folder`, else `EXPLORER_DATA`, else one in the cache folder."""
    if folder is not None:
        return Path(folder).expanduser()
    return _from_environment("EXPLORER_DATA") or cache_folder() / "data"


def writable(folder: Path) -> bool:
    """Tell whether files may be put into `folder`, which need not exist yet.

    A folder whose mode forbids writing for all users stays unchanged even for root, who could write to it:
    the owner of shared data protects them in that way.
    """
    existing = folder.absolute()
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    anyone = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
    return existing.is_dir() and os.access(existing, os.W_OK) and bool(existing.stat().st_mode & anyone)


def _from_environment(variable: str) -> Path | None:
    value = os.environ.get(variable, "").strip()
    return Path(value).expanduser() if value else None
