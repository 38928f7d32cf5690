"""The drawing of one sample: an image, or the labelled profile of a table row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Float64


@dataclass(frozen=True, slots=True)
class ImageDrawing:
    """A sample is an image of `height` by `width` pixels, grey (one channel) or RGB (three)."""

    kind: ClassVar[str] = "image"
    height: int
    width: int
    channels: int

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the sample that is drawn: `(channels, height, width)`."""
        return (self.channels, self.height, self.width)

    def described(self) -> dict[str, Any]:
        """Return, in JSON-able values, the description that the browser draws the bytes of `to_bytes` by."""
        return {"kind": self.kind, "width": self.width, "height": self.height, "channels": self.channels}

    def to_bytes(self, sample: Float[np.ndarray, "channels height width"]) -> bytes:
        """Return the pixels in the layout of a canvas.

        Parameters
        ----------
        sample
            Intensities, 0 black and 1 full; what lies outside is clipped, NaN is drawn black.

        Returns
        -------
        bytes
            `uint8`, row by row from the top, the channels of a pixel side by side.
        """
        intensities = np.nan_to_num(sample, nan=0.0).clip(0.0, 1.0)
        return np.rint(intensities * 255.0).astype(np.uint8).transpose(1, 2, 0).tobytes()


@dataclass(frozen=True, slots=True, eq=False)
class ProfileDrawing:
    """A sample is a standardised table row, drawn as a profile in the table's own units.

    Attributes
    ----------
    names
        The columns, in the order of the sample's features.
    mean, scale
        `own = mean + scale * standardised`, from the training split; the scale of a constant column is 1.
    low, high
        The 1st and 99th percentile of the training split, in own units, always `low < high`: the range
        over which a column is drawn.
    """

    kind: ClassVar[str] = "profile"
    names: tuple[str, ...]
    mean: Float64[np.ndarray, " features"]
    scale: Float64[np.ndarray, " features"]
    low: Float64[np.ndarray, " features"]
    high: Float64[np.ndarray, " features"]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the sample that is drawn: `(features,)`."""
        return (len(self.names),)

    def described(self) -> dict[str, Any]:
        """Return, in JSON-able values, the description that the browser draws the bytes of `to_bytes` by."""
        ends = {"low": self.low.tolist(), "high": self.high.tolist()}
        return {"kind": self.kind, "names": list(self.names), **ends}

    def to_units(self, x: Float[np.ndarray, "*rows features"]) -> Float64[np.ndarray, "*rows features"]:
        """Return standardised rows in the table's own units."""
        return self.mean + self.scale * np.asarray(x, dtype=np.float64)

    def from_units(self, values: Float[np.ndarray, "*rows features"]) -> Float[np.ndarray, "*rows features"]:
        """Return rows in own units as the standardised `float32` that a model takes."""
        standardised = (np.asarray(values, dtype=np.float64) - self.mean) / self.scale
        return standardised.astype(np.float32)

    def to_bytes(self, sample: Float[np.ndarray, " features"]) -> bytes:
        """Return one standardised row in own units, as little-endian `float32`."""
        return self.to_units(sample).astype("<f4").tobytes()


Drawing = ImageDrawing | ProfileDrawing
