"""A recording on a thread of its own: the training hands its epochs over and goes on."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from queue import Queue
from threading import Thread

import numpy as np
from jaxtyping import Float32

from explorer.core.errors import StoreError
from explorer.runtime.store.records import KeptState
from explorer.runtime.store.writer import Recording
from models import Autoencoder, OptimizerState, Step

_log = logging.getLogger(__name__)

WAITING = 2  # epochs that may wait to be written: memory is bounded, and little is lost to a kill


@dataclass(frozen=True, slots=True, eq=False)
class Epoch:
    """A finished epoch to commit; no part of it is written to any more."""

    step: Step
    model: Autoencoder
    state: OptimizerState | None
    codes: Float32[np.ndarray, "n latent"] | None


class Recorder:
    """Commits epochs in the order in which they come. For one training thread."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._error: StoreError | None = None
        self._epochs: Queue[Epoch | None] = Queue(WAITING)
        self._thread = Thread(target=self._serve, name=f"recording {recording.run}", daemon=True)
        self._thread.start()

    def keep(self, epoch: Epoch) -> None:
        """Commit an epoch; waits where too many wait to be.

        Raises
        ------
        StoreError
            What went wrong with one before: nothing is kept after that.
        """
        if self._error is not None:
            raise self._error
        self._epochs.put(epoch)

    def finish(self) -> StoreError | None:
        """Wait until all is committed; returns what went wrong, if anything did. Idempotent."""
        if self._thread.is_alive():
            self._epochs.put(None)
            self._thread.join()
        return self._error

    def end(self, state: KeptState, error: str | None) -> None:
        """Say how the run ended, and let it go."""
        self.finish()
        try:
            self._recording.end(state, error)
        except StoreError:
            _log.warning("the end of run %s could not be kept", self._recording.run, exc_info=True)

    def _serve(self) -> None:
        while (epoch := self._epochs.get()) is not None:
            if self._error is not None:
                continue  # so that the training never waits for a place
            try:
                self._recording.commit(epoch.step, epoch.model, epoch.state, epoch.codes)
            except StoreError as error:
                self._error = error
            except Exception as error:
                _log.exception("run %s could not be recorded", self._recording.run)
                self._error = StoreError(
                    f"keeping the run failed unexpectedly ({type(error).__name__}); the log has the details."
                )
