"""The codes of one epoch as few bytes: 16 bits for each coordinate, between the axis's own extremes."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from explorer.core.errors import StoreError
from explorer.core.latent.quantisation import Quantised

_MAGIC = b"LXC1"
_HEAD = struct.Struct("<4sIII")  # magic, samples, axes, CRC-32 of what follows


def pack_codes(codes: Float32[np.ndarray, "n latent"]) -> bytes:
    """Write codes as 16 + 16 bytes an axis, and 2 bytes a sample and axis.

    A code comes back with an error of at most ``(high - low) / 131,070`` along each axis, its extremes in
    latent units, and the rounding to float32. In the plane that is 4 bytes a sample.

    Raises
    ------
    StoreError
        For codes that are not finite.
    """
    # The extremes are not finite where a code is not.
    if len(codes) and not (np.isfinite(codes.min(0)).all() and np.isfinite(codes.max(0)).all()):
        raise StoreError("codes that are not finite are not kept; the model has diverged.")
    kept = Quantised.of(codes)
    body = np.stack([kept.low, kept.high]).astype("<f8").tobytes() + kept.steps.astype("<u2").tobytes()
    return _HEAD.pack(_MAGIC, *codes.shape, zlib.crc32(body)) + body


def append_codes(path: Path, at: int, codes: Float32[np.ndarray, "n latent"]) -> tuple[int, int]:
    """Write codes into a file at an offset, and nothing behind them; returns the offset and their length.

    They outlast a loss of power once this returns. What is before the offset is not touched.

    Raises
    ------
    OSError, StoreError
    """
    data = pack_codes(codes)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    with os.fdopen(descriptor, "r+b") as file:
        file.truncate(at)  # what a killed process left behind it
        file.seek(at)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return at, len(data)


def unpack_codes(data: bytes) -> Float32[np.ndarray, "n latent"]:
    """Read what `pack_codes` wrote.

    Raises
    ------
    StoreError
        For anything else.
    """
    damaged = StoreError("the codes kept of an epoch are damaged; choose another epoch.")
    if len(data) < _HEAD.size:
        raise damaged
    magic, samples, latent, crc = _HEAD.unpack_from(data)
    whole = len(data) == _HEAD.size + 16 * latent + 2 * samples * latent
    if magic != _MAGIC or not whole or zlib.crc32(data[_HEAD.size :]) != crc:
        raise damaged
    low, high = np.frombuffer(data, "<f8", 2 * latent, _HEAD.size).reshape(2, latent)
    steps = np.frombuffer(data, "<u2", samples * latent, _HEAD.size + 16 * latent)
    return Quantised(steps.reshape(samples, latent), low, high).points()
