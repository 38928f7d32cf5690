"""Colours for classes and for numbers, legible on either theme and with colour-blind eyes.

Colours are ``#rrggbb``, as a legend takes them; `linear` gives them as light, as mixing takes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

import colorcet
import numpy as np
from jaxtyping import Float, Float32, Int64

from explorer.core.errors import UnknownName

Theme = Literal["light", "dark"]

BACKGROUND: dict[str, str] = {"light": "#ffffff", "dark": "#111418"}
"""The background of the map."""

INK: dict[str, str] = {"light": "#1d1d1f", "dark": "#e8eaed"}
"""The colour of words on it."""

CONTRAST = 3.0
"""Least contrast of any colour with the background: WCAG 2.2, 1.4.11, for graphical objects."""

MOST = 64
"""Classes beyond this many begin again with the first colour: more could not be told apart."""

# One hue for each class: the two themes differ in lightness and chroma alone. Found by gradient descent from
# 64 random starts, over ten hues of OKLCh and a lightness and a chroma for each theme, on what is short of:
# CIEDE2000 of at least 20 between any two colours as normal eyes see them, and 13 as deuteranopic,
# protanopic and tritanopic ones do (Machado 2009, severity 1, on amounts of light); 12 from the grey of the
# context; L* from 30 on white and from 45 on dark, at `CONTRAST`; a chroma of at least 0.095; and, with
# little weight, one shift of lightness for all. Then changed by single steps of 8 bits as long as the least
# difference grew. Hues differ by 1.2 degrees at most. Ordered so that the first few are as far apart as can
# be. The demands are tested.
_TEN = {
    "light": "0358e5 8c9d00 7c2b41 00a5a8 9881f2 553b76 896c13 348259 d75d8f 3c4e00",
    "dark": "3c7cff d6ed72 c64367 70feff b9adff 79619d 856915 44bf83 f2a4bf 809e15",
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
    return tuple(every[index] for index in indices(count))


@cache
def grades(count: int, theme: str = "light") -> tuple[str, ...]:
    """Return one colour for each of ``count`` grades, from low to high in equal steps of `sequential`.

    Of more than `MOST` grades, neighbours share a colour.
    """
    ramp, steps = sequential(theme), min(count, MOST)
    every = [ramp[round(step * (len(ramp) - 1) / max(1, steps - 1))] for step in range(steps)]
    return tuple(every[index] for index in indices(count, ordered=True))


def of_classes(count: int, theme: str = "light", *, ordered: bool = False) -> tuple[str, ...]:
    """Return one colour for each of ``count`` classes; those of `grades` where they are ordered."""
    return grades(count, theme) if ordered else categorical(count, theme)


def indices(count: int, *, ordered: bool = False) -> Int64[np.ndarray, " count"]:
    """Return which of at most `MOST` colours each of ``count`` classes has."""
    every = np.arange(count)
    if count <= MOST:
        return every
    return every * MOST // count if ordered else every % MOST


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
