"""One choice of data and model, and what has been made ready of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from explorer.core.datasets import Dataset
from explorer.runtime.concurrency.published import Published
from explorer.runtime.run import Run, Snapshot


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of what to explore: a source of data, a model's name, its latent dimension and its options."""

    source: str = "digits"
    model: str = "vae"
    latent: int = 2
    options: tuple[tuple[str, object], ...] = ()


class Base:
    """One choice made ready, in the background: its data set, and snapshots of its model as it forms.

    `status` is a sentence while something is under way, else None; `error` the sentence that
    ended it. `trained` is whether the newest snapshot comes of a training, and `by_itself` whether a
    first training begins unasked. `kept` is the run of the store, and the epoch, that its model is of;
    None where it is of none.
    """

    def __init__(self, choice: Choice, changed: Callable[[], None]) -> None:
        self.choice = choice
        self.source = choice.source  # what finds its data again; empty for data that were handed over
        self.dataset: Dataset | None = None
        self.run: Run | None = None
        self.snapshot: Published[Snapshot] = Published()
        self.status: str | None = None
        self.error: str | None = None
        self.trained = self.by_itself = False
        self.kept: tuple[str, int] | None = None
        self._changed = changed

    def say(self, status: str | None, error: str | None = None) -> None:
        """Tell those who wait for this base how far it is."""
        self.status, self.error = status, error
        self._changed()

    def show(self, dataset: Dataset, snapshot: Snapshot) -> None:
        """Publish the model's newest state."""
        self.dataset = dataset
        self.snapshot.post(snapshot)
        self._changed()
