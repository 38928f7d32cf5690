"""Dense and convolutional bodies: an encoder and a decoder for samples of a given shape.

An encoder takes ``[batch, *shape]`` to ``[batch, code]`` (the numbers that a posterior is made from),
a decoder takes ``[batch, latent]`` to ``[batch, *shape]`` (logits or means, as the likelihood reads them).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import nn

Shape = tuple[int, ...]
Pair = tuple[nn.Sequential, nn.Sequential]

# Smooth, so that the decoder has a Jacobian everywhere: the app shows the geometry of its image.
Activation = nn.SiLU


def dense(shape: Shape, *, latent: int, code: int, width: float = 1.0) -> Pair:
    """Make both of two hidden layers, sized by the number of values in a sample."""
    values = math.prod(shape)
    outer = _scaled(min(512, max(64, 4 * values)), width)
    inner = _scaled(max(64, min(512, 4 * values) // 2), width)
    encoder = nn.Sequential(
        nn.Flatten(),
        nn.Linear(values, outer), Activation(),
        nn.Linear(outer, inner), Activation(),
        nn.Linear(inner, code),
    )  # fmt: skip
    decoder = nn.Sequential(
        nn.Linear(latent, inner), Activation(),
        nn.Linear(inner, outer), Activation(),
        nn.Linear(outer, values),
        nn.Unflatten(1, shape),
    )  # fmt: skip
    return encoder, decoder


def conv(shape: Shape, *, latent: int, code: int, width: float = 1.0) -> Pair:
    """Make strided convolutions down to at most 7 pixels a side, a dense layer, and their mirror image.

    Each convolution takes a side of n pixels to ceil(n / 2); its mirror adds one pixel where n was even,
    so that any size, odd ones too, comes back exactly.
    """
    channels, *side = shape
    sides, planes = [tuple(side)], [channels]
    while max(sides[-1]) > 7:
        height, breadth = sides[-1]
        sides.append(((height + 1) // 2, (breadth + 1) // 2))
        planes.append(_scaled(16 if len(planes) == 1 else 32, width))
    hidden = _scaled(256, width)
    deep = (planes[-1], *sides[-1])

    down: list[nn.Module] = []
    up: list[nn.Module] = []
    for outer, inner, size in zip(planes, planes[1:], sides, strict=False):
        down += [nn.Conv2d(outer, inner, 3, stride=2, padding=1), Activation()]
        extra = (1 - size[0] % 2, 1 - size[1] % 2)
        mirror = nn.ConvTranspose2d(inner, outer, 3, stride=2, padding=1, output_padding=extra)
        up = [Activation(), mirror, *up]
    encoder = nn.Sequential(
        *down,
        nn.Flatten(),
        nn.Linear(math.prod(deep), hidden), Activation(),
        nn.Linear(hidden, code),
    )  # fmt: skip
    decoder = nn.Sequential(
        nn.Linear(latent, hidden), Activation(),
        nn.Linear(hidden, hidden), Activation(),
        nn.Linear(hidden, math.prod(deep)),
        nn.Unflatten(1, deep),
        *up,
    )  # fmt: skip
    return encoder, decoder


BODIES: dict[str, Callable[..., Pair]] = {"dense": dense, "conv": conv}


def draw_weights(module: nn.Module, generator: torch.Generator) -> None:
    """Draw every weight and bias from U(-b, b), b = 1 / sqrt(fan in), as torch's own layers do.

    The draws use `generator`: torch's own layers draw from the process's, which belongs to the user.

    References
    ----------
    LeCun, Bottou, Orr and Mueller (1998), Efficient BackProp, section 4.6.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            fan_in = layer.weight[0].numel()
            bound = 1 / math.sqrt(fan_in)
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            if layer.bias is not None:
                nn.init.uniform_(layer.bias, -bound, bound, generator=generator)


def _scaled(units: int, width: float) -> int:
    return max(1, round(units * width))
