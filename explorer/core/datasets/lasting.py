"""Where data come from, said so that it holds in another folder too."""

from __future__ import annotations

import os
from pathlib import Path

from explorer.core.datasets import dataset_names


def lasting(source: str) -> str:
    """What `load_dataset` takes for the same data from wherever it is called: paths are made absolute."""
    text = source.strip()
    if text.partition(":")[0] in dataset_names():
        return text
    for path, mark, column in ((text, "", ""), text.rpartition("#")):
        expanded = os.path.expanduser(path)
        if path and os.path.exists(expanded):
            return f"{Path(expanded).resolve()}{mark}{column}"
    return text
