"""The encoding of a map for the browser: a PNG of 256 colours, chosen for each map.

`docs/decisions/0001-map-pixels.md` has the alternatives and their figures.
"""

from __future__ import annotations

import io
import zlib
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import UInt8
from PIL import Image

MIME = "image/png"

_COLOURS = 256
_BINS = 1 << 20  # five bits of each channel
_SOFT = 24  # levels between neighbours up to which a slope is soft, and a step on it would be visible
_SOFT_WEIGHT = 8
# Bayer (1973), in levels.
_DITHER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.int32) * 3 // 2 - 11


def encode_pixels(rgba: UInt8[np.ndarray, "height width 4"]) -> bytes:
    """Compress an image for the browser.

    The 256 colours (with their alphas) are found by variance-based median cut over the image's own
    colours, so that no two neighbouring ones look far apart; empty pixels stay exactly empty.

    Returns
    -------
    A PNG file, row 0 of ``rgba`` at the top; `MIME` is its type. A browser decodes it with
    ``createImageBitmap(new Blob([bytes], {type: MIME}))``.

    References
    ----------
    Wu (1992), Color quantization by dynamic programming and principal analysis: the split that leaves the
    least variance, here along one of the axes of premultiplied RGBA.
    """
    indices, colours = _quantised(rgba, _DITHER)
    image = Image.fromarray(indices, "P")
    image.putpalette(colours[:, :3].tobytes())
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1, compress_type=zlib.Z_RLE, transparency=colours[:, 3].tobytes())
    return out.getvalue()


def warm_up() -> None:
    """Compile the loops (seconds, once on a machine)."""
    encode_pixels(np.full((2, 2, 4), 255, np.uint8))


# Without annotations: the checks that the test-suite wraps around annotated functions cannot be compiled.


@numba.njit(nogil=True, cache=True)
@no_type_check
def _quantised(rgba, dither):
    """Return the index of each pixel's colour, and the colours; 0 is the empty one."""
    height, width, _ = rgba.shape
    held = np.zeros(_BINS, np.int32)
    found = np.empty(min(height * width, _BINS), np.int32)  # the bins that hold any: few of a million
    count = 0
    soft = np.zeros((height, width), np.bool_)
    for i in range(height):
        for j in range(width):
            if rgba[i, j, 3]:
                soft[i, j] = i > 0 and j > 0 and _is_soft(rgba[i, j], rgba[i - 1, j], rgba[i, j - 1])
                where = _bin_of(rgba[i, j], 0, 0, 0)
                if not held[where]:
                    found[count] = where
                    count += 1
                # A wrong colour is visible on soft slopes, and not among scattered points.
                held[where] += _SOFT_WEIGHT if soft[i, j] else 1
    bins = found[:count]
    of_bin = _boxes(bins, held, _COLOURS - 1)
    for b in range(len(bins)):
        held[bins[b]] = of_bin[b] + 1  # from here on: the index of the colour that stands for the bin
    indices = np.zeros((height, width), np.uint8)
    sums = np.zeros((_COLOURS, 5))
    side = len(dither)
    for i in range(height):
        for j in range(width):
            pixel = rgba[i, j]
            if pixel[3]:
                index = held[_bin_of(pixel, 0, 0, 0)]
                for c in range(3):
                    sums[index, c] += pixel[3] * np.float64(pixel[c])
                sums[index, 3] += pixel[3]
                sums[index, 4] += 1
                if soft[i, j]:
                    # Shift the border between two colours back and forth, so that no line shows on the slope.
                    red, green = dither[i % side, j % side], dither[j % side, (i + 2) % side]
                    shifted = held[_bin_of(pixel, red, green, -red)]
                    if shifted:
                        index = shifted
                indices[i, j] = index
    colours = np.zeros((_COLOURS, 4), np.uint8)
    for index in range(1, _COLOURS):
        if sums[index, 4] > 0:
            for c in range(3):
                colours[index, c] = int(sums[index, c] / sums[index, 3] + 0.5)
            colours[index, 3] = int(sums[index, 3] / sums[index, 4] + 0.5)
    return indices, colours


@numba.njit(nogil=True, cache=True)
@no_type_check
def _bin_of(pixel, red, green, blue):
    """Return five bits of each channel, after a shift."""
    red = min(max(np.int32(pixel[0]) + red, 0), 255) >> 3
    green = min(max(np.int32(pixel[1]) + green, 0), 255) >> 3
    blue = min(max(np.int32(pixel[2]) + blue, 0), 255) >> 3
    return red << 15 | green << 10 | blue << 5 | pixel[3] >> 3


@numba.njit(nogil=True, cache=True)
@no_type_check
def _is_soft(pixel, above, left):
    for c in range(4):
        here = np.int32(pixel[c])
        if abs(here - above[c]) > _SOFT or abs(here - left[c]) > _SOFT:
            return False
    return True


@numba.njit(nogil=True, cache=True)
@no_type_check
def _boxes(bins, held, most):
    """Return the box that each bin of colours falls into, of at most ``most``."""
    count = len(bins)
    places = np.empty((count, 5), np.float32)  # premultiplied RGB, alpha, how many pixels
    for b in range(count):
        alpha = ((bins[b] & 31) * 8 + 4) / 256
        for c in range(3):
            places[b, c] = ((bins[b] >> (15 - 5 * c) & 31) * 8 + 4) * alpha
        places[b, 3] = alpha * 256
        places[b, 4] = held[bins[b]]
    order = np.arange(count)
    starts, ends = np.zeros(most, np.int64), np.zeros(most, np.int64)
    spread, axis, mean = np.zeros(most), np.zeros(most, np.int64), np.zeros(most)
    ends[0], boxes = count, 1
    spread[0], axis[0], mean[0] = _spread_of(places, order, 0, count)
    while boxes < most:
        box = int(np.argmax(spread[:boxes]))
        if spread[box] <= 0:
            break
        low, high = starts[box], ends[box] - 1
        while low <= high:
            if places[order[low], axis[box]] <= mean[box]:
                low += 1
            else:
                order[low], order[high] = order[high], order[low]
                high -= 1
        starts[boxes], ends[boxes], ends[box] = low, ends[box], low
        for part in (box, boxes):
            spread[part], axis[part], mean[part] = _spread_of(places, order, starts[part], ends[part])
        boxes += 1
    of_bin = np.empty(count, np.int32)
    for box in range(boxes):
        for k in range(starts[box], ends[box]):
            of_bin[order[k]] = box
    return of_bin


@numba.njit(nogil=True, cache=True)
@no_type_check
def _spread_of(places, order, start, end):
    """Return the largest sum of squared deviations along an axis, that axis, and the mean on it."""
    n = 0.0
    first, second = np.zeros(4), np.zeros(4)
    for k in range(start, end):
        weight = places[order[k], 4]
        n += weight
        for c in range(4):
            first[c] += weight * places[order[k], c]
            second[c] += weight * places[order[k], c] ** 2
    best, axis, mean = 0.0, 0, 0.0
    if end - start > 1:
        for c in range(4):
            deviation = second[c] - first[c] ** 2 / n
            if deviation > best:
                best, axis, mean = deviation, c, first[c] / n
    return best, axis, mean
