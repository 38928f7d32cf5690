"""CIEDE2000, CIELAB, and simulated colour-vision deficiencies, for the tests of the palettes."""

from __future__ import annotations

import numpy as np

# Machado, Oliveira and Fernandes (2009), severity 1, to be applied to amounts of light.
EYES = {
    "normal": np.eye(3),
    "deuteranopic": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopic": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "tritanopic": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}

# IEC 61966-2-1; the white is that of the matrix, D65.
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def seen(light: np.ndarray, eyes: str) -> np.ndarray:
    """Return what those eyes see of light: red, green and blue in [0, 1]."""
    return np.clip(light @ EYES[eyes].T, 0, 1)


def cielab(light: np.ndarray) -> np.ndarray:
    """Return L*, a* and b* (CIE 1976) of amounts of light [colours, 3]."""
    relative = light @ _TO_XYZ.T / _TO_XYZ.sum(axis=1)
    low = (6 / 29) ** 3
    f = np.where(relative > low, np.cbrt(relative), relative / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f.T
    return np.column_stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def ciede2000(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the difference of colours given as L*, a* and b* [colours, 3].

    References
    ----------
    Sharma, Wu and Dalal (2005), The CIEDE2000 color-difference formula, equations 2 to 22.
    """
    (l1, a1, b1), (l2, a2, b2) = one.T, other.T
    grey = 0.5 * (1 - _saturated((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2))
    a1, a2 = (1 + grey) * a1, (1 + grey) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for b, a in ((b1, a1), (b2, a2)))
    coloured = c1 * c2 != 0
    turn = np.where(coloured, (h2 - h1 + 180) % 360 - 180, 0)
    dl, dc, dh = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    lightness, c = (l1 + l2) / 2, (c1 + c2) / 2
    far = np.abs(h1 - h2) > 180
    h = np.where(coloured, (h1 + h2 + np.where(far, np.where(h1 + h2 < 360, 360, -360), 0)) / 2, h1 + h2)
    t = (
        1
        - 0.17 * np.cos(np.radians(h - 30))
        + 0.24 * np.cos(np.radians(2 * h))
        + 0.32 * np.cos(np.radians(3 * h + 6))
        - 0.20 * np.cos(np.radians(4 * h - 63))
    )
    rotated = -np.sin(np.radians(60 * np.exp(-(((h - 275) / 25) ** 2)))) * 2 * _saturated(c)
    by_l = dl / (1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2))
    by_c, by_h = dc / (1 + 0.045 * c), dh / (1 + 0.015 * c * t)
    return np.sqrt(by_l**2 + by_c**2 + by_h**2 + rotated * by_c * by_h)


def _saturated(chroma: np.ndarray) -> np.ndarray:
    return np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
