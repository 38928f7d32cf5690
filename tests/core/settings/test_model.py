"""The options of every family as parameters: the same bounds, the same help, values that can be created."""

from __future__ import annotations

import param
import pytest

import models
from explorer.core.settings.model import Knobs, non_default


@pytest.mark.parametrize("family", models.names())
def test_each_option_is_a_parameter_with_its_bounds_and_help(family: str) -> None:
    knobs, options = Knobs.of(family), models.options(family)
    assert list(knobs.options) == list(options)
    for name, option in options.items():
        parameter = knobs.param[name]
        assert parameter.default == option.default
        assert parameter.doc.startswith(option.help)
        if isinstance(parameter, param.Number):
            assert parameter.bounds == (option.low, option.high)
            with pytest.raises(ValueError, match="must be at most"):
                setattr(knobs, name, option.high + 1)
        else:
            assert tuple(parameter.objects) == option.choices
            with pytest.raises(ValueError, match="does not accept"):
                setattr(knobs, name, "nonsense")
    assert models.create(family, shape=(4,), **knobs.settings()).config["width"] == 1.0


def test_help_says_what_a_change_takes() -> None:
    knobs = Knobs.of("vae")
    for name in ("beta", "free_bits"):
        assert knobs.param[name].doc.endswith("Holds from the next training.")
    for name in ("body", "width", "likelihood"):
        assert knobs.param[name].doc.endswith("Needs a new model.")


def test_only_what_is_not_at_its_default_has_changed() -> None:
    knobs = Knobs.of("vae", {"width": 2.0, "beta": 1.0})
    assert knobs.changed() == (("width", 2.0),)
    knobs.free_bits, knobs.body = 0.25, "dense"
    assert knobs.changed() == (("body", "dense"), ("free_bits", 0.25), ("width", 2.0))
    knobs.turn({"beta": 4})
    assert knobs.changed() == (("beta", 4.0),)
    model = models.create("vae", shape=(4,), beta=4, width=0.5)
    assert non_default(models.options("vae"), model.config) == (("beta", 4.0), ("width", 0.5))


def test_a_value_that_is_not_allowed_and_a_foreign_family_leave_the_defaults() -> None:
    assert Knobs.of("vae", {"width": 99.0, "body": 3, "nonsense": 1}).changed() == ()
    assert Knobs.of("somebody's own").settings() == {}


def test_two_sessions_turn_their_own_knobs() -> None:
    one, two = Knobs.of("vae"), Knobs.of("vae")
    one.beta = 3.0
    assert two.beta == 1.0
