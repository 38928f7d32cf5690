"""The model families by name: their options, and models made from them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch

from models.autoencoder import Autoencoder
from models.errors import BadOption, UnknownModel
from models.gaussian import GaussianAutoencoder
from models.option import Option
from models.plain import PlainAutoencoder
from models.sphere import PlainSphereAutoencoder, SphereAutoencoder

_FAMILIES: Mapping[str, type[Autoencoder]] = MappingProxyType(
    {
        family.name: family
        for family in (PlainAutoencoder, GaussianAutoencoder, PlainSphereAutoencoder, SphereAutoencoder)
    }
)

SIDES = (4, 256)
FEATURES = 100_000
LATENT = 4_096


def names() -> tuple[str, ...]:
    """Return the names of the families that `create` makes."""
    return tuple(_FAMILIES)


def describe(name: str) -> str:
    """Return one sentence on a family, shown beside its name.

    Raises
    ------
    UnknownModel
        For a name that is not in `names`.
    """
    return _family(name).description


def latent_range(name: str) -> tuple[int, int]:
    """Return the least and the largest number of latent coordinates that a family takes; a sphere needs two.

    Raises
    ------
    UnknownModel
        For a name that is not in `names`.
    """
    return _family(name).least_latent, LATENT


def spherical(name: str) -> bool:
    """Tell whether a family's codes are points of the unit sphere.

    Raises
    ------
    UnknownModel
        For a name that is not in `names`.
    """
    return _family(name).sphere


def options(name: str) -> Mapping[str, Option]:
    """Return the options of a family, by name; widgets are derived from them.

    Raises
    ------
    UnknownModel
        For a name that is not in `names`.
    """
    return MappingProxyType(dict(_family(name).options))


def create(name: str, *, shape: Any, latent: Any = 2, seed: int = 0, **settings: Any) -> Autoencoder:
    """Make a model with fresh weights, on the CPU.

    The weights come from `seed` alone: the same call gives the same model, and torch's global generator
    is left as it was.

    Parameters
    ----------
    name
        One of `names`.
    shape
        Of one sample: ``(channels, height, width)`` with 1 or 3 channels, or ``(features,)``.
    latent
        Number of latent coordinates, within `latent_range`; the sphere S^2 has 3.
    **settings
        Any of ``options(name)``.

    Raises
    ------
    UnknownModel, BadOption
    """
    model = blank(name, shape=shape, latent=latent, seed=seed, **settings)
    model.to_empty(device="cpu")
    lay_out(model)
    model.draw_weights(model.config["seed"])
    return model


def blank(name: str, *, shape: Any, latent: Any = 2, seed: int = 0, **settings: Any) -> Autoencoder:
    """Make a model without memory for its weights (torch's "meta" device), for a checkpoint to fill."""
    family = _family(name)
    for given in settings:
        if given not in family.options:
            raise BadOption(f"{name} has no option {given!r}; choose from {', '.join(family.options)}.")
    config = {
        "name": name,
        "shape": list(_shape(shape)),
        "latent": _whole("latent", latent, family.least_latent, LATENT),
        "seed": _whole("seed", seed, 0, 2**63 - 1),
    }
    for option_name, option in family.options.items():
        config[option_name] = option.checked(option_name, settings.get(option_name, option.default))
    with torch.device("meta"):
        return family(config)


def anew(model: Autoencoder, seed: int) -> Autoencoder:
    """Make a model of the same architecture and options with fresh weights, on the CPU.

    Raises
    ------
    UnknownModel
        For a model of your own, which `create` does not know how to make.
    """
    return create(**{**model.config, "seed": seed})


def reweighed(model: Autoencoder, **weights: Any) -> Autoencoder:
    """Clone a model with its trained weights, and change the weights of its loss terms.

    Parameters
    ----------
    **weights
        Options of the model's family that are `loss_only`.

    Raises
    ------
    BadOption
        For a value that is not allowed, and for an option that makes another model.
    """
    options = type(model).options
    allowed = [name for name, option in options.items() if option.loss_only]
    for name in weights:
        if name not in allowed:
            raise BadOption(
                f"{name!r} cannot change on a {model.name} model that is there; "
                f"{'choose from ' + ', '.join(allowed) if allowed else 'nothing can'}, or create a new model."
            )
    twin = model.clone()
    twin.config |= {name: options[name].checked(name, value) for name, value in weights.items()}
    return twin


def lay_out(model: Autoencoder) -> None:
    # Convolutions are faster, forward and backward, with the channels innermost; dense layers run the same.
    model.to(memory_format=torch.channels_last)


def _family(name: str) -> type[Autoencoder]:
    if name not in names():
        raise UnknownModel(f"unknown model {name!r}; choose from {', '.join(names())}.")
    return _FAMILIES[name]


def _shape(shape: Any) -> tuple[int, ...]:
    low, high = SIDES
    try:
        sides = tuple(int(side) for side in shape if side == int(side))
        whole = len(sides) == len(tuple(shape))
    except (TypeError, ValueError, OverflowError):
        whole = False
    if whole and len(sides) == 1 and 1 <= sides[0] <= FEATURES:
        return sides
    if whole and len(sides) == 3 and sides[0] in (1, 3) and all(low <= side <= high for side in sides[1:]):
        return sides
    raise BadOption(
        f"shape cannot be {shape!r}; give (channels, height, width) with 1 or 3 channels and {low} to {high} "
        f"pixels a side for images, or (features,) with 1 to {FEATURES} features for tables."
    )


def _whole(name: str, value: Any, low: int, high: int) -> int:
    try:
        whole = not isinstance(value, bool) and int(value) == value and low <= value <= high
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole:
        raise BadOption(f"{name} cannot be {value!r}; give a whole number from {low} to {high}.")
    return int(value)
