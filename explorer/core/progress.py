"""How a long fit tells how far it is, and hears that it should stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from explorer.core.errors import Cancelled

Told = Callable[[float], None]
"""Called with the fraction done, from 0 to 1 and never less than before."""

Asked = Callable[[], bool]
"""Asked between two steps whether to stop."""


def silent(fraction: float) -> None:
    """Report progress to nobody."""


def never() -> bool:
    """Never stop."""
    return False


@dataclass(frozen=True, slots=True)
class Watch:
    """Who follows a piece of work, and which stretch of the whole the piece is."""

    progress: Told = silent
    stop: Asked = never
    start: float = 0.0
    end: float = 1.0

    def at(self, fraction: float) -> None:
        """Say that so much of this piece is done.

        Raises
        ------
        Cancelled
            When asked to stop.
        """
        if self.stop():
            raise Cancelled("the map was not fitted, since it was asked to stop; the former one still holds.")
        self.progress(self.start + (self.end - self.start) * fraction)

    def part(self, start: float, end: float) -> Watch:
        """Return the watch over a piece of this piece."""
        length = self.end - self.start
        return Watch(self.progress, self.stop, self.start + length * start, self.start + length * end)
