"""The errors that the explorer answers with one sentence.

Invalid input of a user raises an `ExplorerError`, whose message says what was given, what is allowed and
what to do. The page shows that sentence and stays up; the command line prints it and
leaves with exit code 2. Anything else that is raised is a defect, and its traceback belongs in the log.
"""

from __future__ import annotations

import zipfile
import zlib

from models.errors import ModelError


class ExplorerError(Exception):
    """Invalid input of a user; the message is one sentence that says what to do."""


class UnknownName(ExplorerError):
    """A name that no registry holds."""


class DataError(ExplorerError):
    """Data that exist but cannot be used as they are."""


class DataMissing(DataError):
    """Data that are neither in the data folder nor on the network."""


class NotFitted(ExplorerError):
    """An object that was used before its `fit`."""


class BadSelection(ExplorerError):
    """A brush or an expression that does not mean a selection of these data."""


class StoreError(ExplorerError):
    """A run, or the store of runs, that cannot be found, read or written as it is."""


class DiskFull(StoreError):
    """No room for more; what was committed before is kept."""


class Cancelled(ExplorerError):
    """Work that stopped on request: nothing is wrong, and earlier results still hold."""


SHOWN: tuple[type[Exception], ...] = (ExplorerError, ModelError)
"""The errors that the page and the command line show as a sentence; any other is a defect."""

BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""The errors of reading a zip file that is cut, damaged, encrypted, or packed by an unknown method."""
