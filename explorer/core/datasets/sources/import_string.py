"""A Dataset out of Python code, by `package.module:attribute`; for code and the command line only."""

from __future__ import annotations

import importlib
import re

from explorer.core.datasets.base import Dataset
from explorer.core.datasets.sentences import reason
from explorer.core.errors import DataError, ExplorerError

PATTERN = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def load(source: str) -> Dataset:
    """Import the module and return its attribute, called first if it is not a Dataset but a function of none.

    Raises
    ------
    DataError
        The module does not import, lacks the attribute, or has something else there than a Dataset.
    """
    module_name, _, attribute = source.partition(":")
    try:
        found = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
        given = found() if callable(found) and not isinstance(found, Dataset) else found
    except ExplorerError:
        raise
    except Exception as error:  # the code is the user's, and so is whatever it raises
        raise DataError(
            f"{source!r} does not give a data set ({type(error).__name__}: {reason(error)}); name a module "
            "that imports and in it a Dataset, or a function without arguments that returns one."
        ) from error
    if not isinstance(given, Dataset):
        raise DataError(
            f"{source!r} is of type {type(given).__name__}; it must be a Dataset, or a function without "
            "arguments that returns one (explorer.core.datasets.from_images and from_table make them)."
        )
    return given
