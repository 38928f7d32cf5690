"""Sources of data, written so that they hold in any working folder."""

from __future__ import annotations

import os
from pathlib import Path

from explorer.core.datasets import dataset_names


def lasting(source: str) -> str:
    """Return the source with absolute paths, so that it names the same data from any working folder."""
    text = source.strip()
    if text.partition(":")[0] in dataset_names():
        return text
    for path, mark, column in ((text, "", ""), text.rpartition("#")):
        expanded = os.path.expanduser(path)
        if path and os.path.exists(expanded):
            return f"{Path(expanded).resolve()}{mark}{column}"
    return text
