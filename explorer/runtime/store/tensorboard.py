"""TensorBoard event files of a run: its terms in training and held out, by epoch."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from explorer.core.errors import StoreError

FOLDER = "tensorboard"  # in `EXPLORER_HOME`, where the app writes them

_FOREIGN = re.compile(r"[^\w.+-]+")


class Events:
    """Writes what TensorBoard shows of a run, in a folder of its own that carries the run's name.

    Each term has a chart, ``loss`` and so on, with the two curves ``training`` and ``held_out``, in nats per
    sample; ``samples_per_second`` has one.

    Parameters
    ----------
    folder
        What ``tensorboard --logdir`` is given.
    run, name
        The run's id, and what it is called.

    Raises
    ------
    StoreError
        By each method, in a sentence, where the folder cannot be written.
    """

    def __init__(self, folder: Path, run: str, name: str) -> None:
        # Imported where it is asked for: that takes a while, and few ask. And not its SummaryWriter, whose
        # thread dies on a full disk, after which a writer waits for it for ever.
        from tensorboardX.event_file_writer import EventsWriter

        self.folder = folder / f"{_FOREIGN.sub('-', name).strip('.-') or 'run'} {run}".strip()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # A run that goes on writes another file, in the same second too.
            self._writer = EventsWriter(str(self.folder.absolute() / "events"), f".{time.time_ns()}")
        except OSError as error:
            raise _refused(self.folder, error) from error

    def add(
        self,
        epoch: int,
        terms: Mapping[str, float],
        held_out: Mapping[str, float] | None,
        *,
        samples_per_second: float = 0.0,
        when: float | None = None,
    ) -> None:
        """Write the figures of an epoch; `when` it ended, in seconds since 1970, by default now."""
        from tensorboardX import summary
        from tensorboardX.proto.event_pb2 import Event

        when = time.time() if when is None else when
        figures = {f"{term}/training": value for term, value in terms.items()}
        figures |= {f"{term}/held_out": value for term, value in (held_out or {}).items()}
        if samples_per_second:
            figures["samples_per_second"] = samples_per_second
        try:
            for name, value in figures.items():
                event = Event(wall_time=when, step=epoch, summary=summary.scalar(name, value))
                self._writer.write_event(event)
            self._writer.flush()
        except OSError as error:
            raise _refused(self.folder, error) from error

    def close(self) -> None:
        """Let the file go; what was added is in it. Idempotent."""
        with suppress(OSError, ValueError):
            self._writer.close()


def check_folder(folder: Path) -> None:
    """Make the folder, before anything else is begun.

    Raises
    ------
    StoreError
        Where it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _refused(folder, error) from error


def _refused(folder: Path, error: OSError) -> StoreError:
    return StoreError(
        f"TensorBoard files cannot be written to {folder} ({error.strerror or error}); choose another folder."
    )
