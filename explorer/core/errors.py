"""The errors that the explorer answers with one sentence.

Whatever is wrong with what a user gave is raised as an `ExplorerError`, whose message says what was given,
what is allowed and what to do. The page shows that sentence and stays up; the command line prints it and
leaves with exit code 2. Anything else that is raised is a defect, and its traceback belongs in the log.
"""

from __future__ import annotations

import zipfile
import zlib

from models.errors import ModelError


class ExplorerError(Exception):
    """Something that a user gave cannot be done; the message is one sentence that says what to do."""


class UnknownName(ExplorerError):
    """A name that no registry holds."""


class DataError(ExplorerError):
    """Data that were found but cannot be used as they are."""


class DataMissing(DataError):
    """Data that are neither in the data folder nor to be had from the network."""


class NotFitted(ExplorerError):
    """A thing was used before `fit` gave it what it needs."""


class BadSelection(ExplorerError):
    """A brush or an expression that does not mean a selection of these data."""


class StoreError(ExplorerError):
    """A run, or the store of runs, that cannot be found, read or written as it is."""


class DiskFull(StoreError):
    """No room for more; what was committed before is kept."""


class Cancelled(ExplorerError):
    """Work that stopped since it was asked to: nothing is wrong, and what was there before still holds."""


SHOWN: tuple[type[Exception], ...] = (ExplorerError, ModelError)
"""What the page and the command line show as a sentence; anything else is a defect."""

BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What reading a zip file raises that is cut, damaged, encrypted, or packed in a way nobody here knows."""
