"""Progress and stop: the one vocabulary of all long work.

Long work takes two callables, `progress` and `stop`. It asks `stop` several times a second, and raises
`Cancelled` where the answer is yes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from explorer.core.errors import Cancelled

Progress = Callable[[float], object]
"""Called with the share done, from 0 to 1 and never less than before."""

LoadProgress = Callable[[float, str], object]
"""Called with the share done, and a sentence that says what is being loaded."""

Stop = Callable[[], bool]
"""Asked whether to stop."""


def silent(share: float) -> None:
    """Report progress nowhere."""


def silent_load(share: float, message: str) -> None:
    """Report the progress of loading nowhere."""


def never() -> bool:
    """Never stop."""
    return False


def pause_after(cost: float, share: float) -> float:
    """Return the seconds to wait after work of `cost` seconds, so that it takes `share` of the time."""
    return cost * (1 - share) / share


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a longer piece of work: its stretch of the whole, and where it reports.

    Attributes
    ----------
    cancelled
        The sentence of the error when the work is stopped.
    """

    progress: Progress = silent
    stop: Stop = never
    start: float = 0.0
    end: float = 1.0
    cancelled: str = "the work was stopped."

    def at(self, share: float) -> None:
        """Report that this share of the stage is done.

        Raises
        ------
        Cancelled
            When asked to stop.
        """
        if self.stop():
            raise Cancelled(self.cancelled)
        self.progress(self.start + (self.end - self.start) * share)

    def part(self, start: float, end: float) -> Stage:
        """Return the stage of a part of this one, from `start` to `end` of it."""
        length = self.end - self.start
        return replace(self, start=self.start + length * start, end=self.start + length * end)
