"""The knobs of a model family as parameters, from which bounds, help, errors and widgets follow.

`models` takes constructor arguments alone, so that it can be used without the explorer, and describes each
argument for a widget (`models.Option`). Here these descriptions become a `param` class, one for each
family: a new option of a family appears on the page by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import param

import models
from models import Option


class Knobs(param.Parameterized):
    """The options of one family with their values; `of` makes them.

    Attributes
    ----------
    options
        The description of each of them, by name.
    """

    options: Mapping[str, Option] = {}

    @classmethod
    def of(cls, family: str, values: Mapping[str, object] | None = None) -> Knobs:
        """Return the knobs of a family, at these values where they are allowed and else at the default.

        A family that is not in the registry (a model of a user's own) has no knobs.
        """
        made = _class_of(family)()
        made.turn(values or {})
        return made

    @staticmethod
    def options_of(family: str) -> Mapping[str, Option]:
        """Return the options of a family by name, without making knobs."""
        return _class_of(family).options

    def turn(self, values: Mapping[str, object]) -> None:
        """Set every knob to its value where that is allowed, else to the default."""
        self.param.update(
            **{name: _allowed(option, values.get(name)) for name, option in self.options.items()}
        )

    def settings(self) -> dict[str, Any]:
        """Return every option with its value, as `models.create` takes them."""
        return {name: getattr(self, name) for name in self.options}

    def changed(self) -> tuple[tuple[str, object], ...]:
        """Return the options that are not at their default, in the order of their names."""
        return non_default(type(self).options, self.settings())


def non_default(options: Mapping[str, Option], values: Mapping[str, Any]) -> tuple[tuple[str, object], ...]:
    """Return the values that are not their option's default, in the order of their names."""
    return tuple(
        (name, values[name])
        for name in sorted(options)
        if name in values and values[name] != options[name].default
    )


@cache
def _class_of(family: str) -> type[Knobs]:
    options = models.options(family) if family in models.names() else {}
    parameters = {name: _parameter(option) for name, option in options.items()}
    return type(f"Knobs of {family}", (Knobs,), {**parameters, "options": options})


def _parameter(option: Option) -> param.Parameter:
    takes_hold = "Holds from the next training." if option.loss_only else "Needs a new model."
    doc = f"{option.help} {takes_hold}"
    if option.choices:
        return param.Selector(default=option.default, objects=list(option.choices), doc=doc)
    return param.Number(default=float(option.default), bounds=(option.low, option.high), doc=doc)


def _allowed(option: Option, value: object) -> object:
    try:
        return option.default if value is None else option.checked("", value)
    except models.errors.ModelError:
        return option.default
