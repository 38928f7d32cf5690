"""One knob of a model."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

from models.errors import BadOption


@dataclass(frozen=True, slots=True)
class Option:
    """One knob of a model: enough to draw a widget for it and to refuse a wrong value.

    Numbers have `low` and `high` (both allowed), names have `choices`.

    Attributes
    ----------
    loss_only
        True where it only weighs terms of the loss: weights that were trained under another value can be
        trained on under this one (`models.reweighed`). Any other option means another model.
    """

    default: float | str
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    loss_only: bool = False

    def checked(self, name: str, value: object) -> float | str:
        """Return the value, numbers as float; raise `BadOption` where it is not allowed."""
        if self.choices:
            if isinstance(value, str) and value in self.choices:
                return value
            raise BadOption(f"{name} cannot be {value!r}; choose from {', '.join(self.choices)}.")
        low, high = self.low or 0.0, self.high or 0.0
        if isinstance(value, Real) and not isinstance(value, bool) and low <= float(value) <= high:
            return float(value)
        raise BadOption(f"{name} cannot be {value!r}; give a number from {low:g} to {high:g}.")
