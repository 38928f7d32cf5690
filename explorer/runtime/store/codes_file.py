"""The codes of one epoch as few bytes: 16 bits for each coordinate, between the axis's own extremes."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from explorer.core.errors import StoreError

_MAGIC = b"LXC1"
_HEAD = struct.Struct("<4sIII")  # magic, samples, axes, CRC-32 of what follows
_STEPS = 65_535


def pack_codes(codes: Float32[np.ndarray, "n latent"]) -> bytes:
    """Write codes as 16 + 16 bytes an axis, and 2 bytes a sample and axis.

    A code comes back with an error of at most ``(high - low) / 131,070`` along each axis, its extremes in
    latent units, and the rounding to float32. In the plane that is 4 bytes a sample.

    Raises
    ------
    StoreError
        For codes that are not finite.
    """
    low, high = _extremes(codes)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise StoreError("codes that are not finite are not kept; the model has diverged.")
    span = np.where(high > low, high - low, 1.0)
    steps = np.rint((codes.astype(np.float64) - low) / span * _STEPS)
    body = np.stack([low, high]).astype("<f8").tobytes() + steps.astype("<u2").tobytes()
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
    codes = steps.reshape(samples, latent) * ((high - low) / _STEPS) + low
    return codes.astype(np.float32)


def _extremes(codes: Float32[np.ndarray, "n latent"]) -> tuple[np.ndarray, np.ndarray]:
    if not len(codes):
        zeros = np.zeros(codes.shape[1])
        return zeros, zeros
    return codes.min(0).astype(np.float64), codes.max(0).astype(np.float64)
