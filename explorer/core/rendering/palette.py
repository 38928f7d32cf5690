"""Colours for classes and for numbers, legible on either theme and with colour-blind eyes.

Colours are ``#rrggbb``, as a legend takes them; `linear` gives them as light, as mixing takes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

import colorcet
import numpy as np
from jaxtyping import Float, Float32

from explorer.core.errors import UnknownName

Theme = Literal["light", "dark"]

BACKGROUND: dict[str, str] = {"light": "#ffffff", "dark": "#111418"}
"""The background of the map."""

CONTRAST = 3.0
"""Least contrast of any colour with the background: WCAG 2.2, 1.4.11, for graphical objects."""

MOST = 64
"""Classes beyond this many begin again with the first colour: more could not be told apart."""

# From Okabe and Ito's anchors (darkened for a white ground), filled up by farthest-point search over
# sRGB in Oklab, with normal and with simulated deuteranopic and protanopic eyes: at least 0.15 apart in
# the first, 0.10 in the other two (tested).
_TEN = {
    "light": "0072b2 d55e00 009e73 a578ff 5a0f00 000096 3c5a00 874b69 4b2dd2 003c4b",
    "dark": "56b4e9 e69f00 f0e442 d55e00 0069ff b42dc3 5ae1a5 ffd2ff d287a5 3c7878",
}
_CONTEXT = {"light": "#7d838c", "dark": "#8d949e"}

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


@cache
def categorical(count: int, theme: str = "light") -> tuple[str, ...]:
    """Return one colour for each of ``count`` classes; the first ten serve colour-blind eyes as well.

    Those after the tenth come from colorcet's Glasbey list, as far as they stand out from the
    background and from those before; after `MOST` they begin again.
    """
    every = _distinct(_known(theme))
    return tuple(every[index % MOST] for index in range(count))


@cache
def sequential(theme: str = "light") -> tuple[str, ...]:
    """Return 256 colours from low to high: the part of colorcet's uniform ``CET_L16`` that stands out.

    High is dark on the light theme and bright on the dark one: high values stand out most. Lightness
    alone gives the order, for every kind of colour vision.
    """
    ground = BACKGROUND[_known(theme)]
    visible = [colour for colour in colorcet.CET_L16 if contrast(colour, ground) >= CONTRAST]
    if theme == "light":
        visible.reverse()
    return tuple(visible[round(step * (len(visible) - 1) / 255)] for step in range(256))


def context(theme: str = "light") -> str:
    """Return the grey of samples that are not selected."""
    return _CONTEXT[_known(theme)]


def contrast(colour: str, ground: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21.

    References
    ----------
    WCAG 2.2, relative luminance and contrast ratio.
    """
    lights = linear((colour, ground)) @ np.array([0.2126, 0.7152, 0.0722])
    return float((lights.max() + 0.05) / (lights.min() + 0.05))


def srgb(colours: Sequence[str]) -> Float32[np.ndarray, "colours 3"]:
    """Return red, green and blue in [0, 1], as written."""
    return np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours], np.float32) / 255


def linear(colours: Sequence[str]) -> Float32[np.ndarray, "colours 3"]:
    """Return red, green and blue in [0, 1] as amounts of light (IEC 61966-2-1)."""
    c = srgb(colours)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


def to_srgb(light: Float[np.ndarray, "..."]) -> Float32[np.ndarray, "..."]:
    """Invert the coding in `linear`: sRGB in [0, 1] of light in [0, 1]."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)


def oklab(light: Float[np.ndarray, "colours 3"]) -> Float[np.ndarray, "colours 3"]:
    """Return lightness and two opponent colours, in which equal distances look about equal.

    References
    ----------
    Ottosson (2020), A perceptual color space for image processing.
    """
    return np.cbrt(np.clip(light, 0, None) @ _TO_LMS.T) @ _TO_LAB.T


@cache
def _distinct(theme: str) -> tuple[str, ...]:
    found = [f"#{code}" for code in _TEN[theme].split()]
    places = list(oklab(linear(found)))
    candidates = [c for c in colorcet.glasbey if contrast(c, BACKGROUND[theme]) >= CONTRAST]
    # The further down the list, the closer colours have to stand.
    for apart in (0.10, 0.07, 0.05, 0.03):
        for colour, place in zip(candidates, oklab(linear(candidates)), strict=True):
            if len(found) < MOST and np.linalg.norm(np.array(places) - place, axis=1).min() >= apart:
                found.append(colour)
                places.append(place)
    return tuple(found)


def _known(theme: str) -> str:
    if theme not in BACKGROUND:
        raise UnknownName(f"unknown theme {theme!r}; choose from {', '.join(BACKGROUND)}")
    return theme
