"""Bad input ends with one sentence and exit code 2; anything else is a defect and shows itself."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def sentence_on_error(debug: bool) -> Iterator[None]:
    """Say in a sentence what cannot be done, and leave with code 2."""
    logging.basicConfig(level=logging.DEBUG if debug else logging.WARNING)
    # So that mydata:load is found beside the user, behind all that is installed.
    sys.path.append(os.getcwd())
    from explorer.core.errors import ExplorerError
    from models.errors import ModelError

    try:
        yield
    except (ExplorerError, ModelError, OSError) as error:
        if debug:
            traceback.print_exception(error)
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
