"""Compiled loops over pixels that turn counts into colours.

A matrix product would mix the colours as well, but at 700 x 600 pixels and 12 categories it needs a
float copy of 20 MB and takes BLAS's threads, which spin for the core that a training holds: measured
beside one, 20 to 90 ms against 3 ms here.

The functions carry no annotations: the checks that the test-suite wraps around annotated ones cannot be
compiled.
"""

from __future__ import annotations

from typing import no_type_check

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
@no_type_check
def sum_of_colours(counts, table, only):
    """Return per pixel, top row first: light and number of the coloured points, number of the context.

    Points of other colours than `only` are context; -1 leaves each its colour.
    """
    height, width, columns = counts.shape
    light, context = np.empty((height, width, 4), np.float32), np.empty((height, width), np.float32)
    for i in range(height):
        for j in range(width):
            red = green = blue = many = other = np.float32(0)
            for c in range(len(table)):
                n = np.float32(counts[i, j, c])
                if only >= 0 and c != only:
                    other += n
                    continue
                red += n * table[c, 0]
                green += n * table[c, 1]
                blue += n * table[c, 2]
                many += n
            out = light[height - 1 - i, j]
            out[0], out[1], out[2], out[3] = red, green, blue, many
            context[height - 1 - i, j] = counts[i, j, columns - 2] + other
    return light, context


@numba.njit(nogil=True, cache=True)
@no_type_check
def sum_of_ramp(counts, sums, low, high, ramp):
    """Return the same, where a pixel has the ramp's colour for the mean of its points' values."""
    height, width, columns = counts.shape
    light, context = np.zeros((height, width, 4), np.float32), np.empty((height, width), np.float32)
    for i in range(height):
        for j in range(width):
            n = counts[i, j, 0]
            if n:
                share = min(max((sums[i, j] / n - low) / (high - low), 0.0), 1.0)
                step = int(share * (len(ramp) - 1) + 0.5)
                out = light[height - 1 - i, j]
                for c in range(3):
                    out[c] = n * ramp[step, c]
                out[3] = n
            context[height - 1 - i, j] = counts[i, j, columns - 2]
    return light, context


@numba.njit(nogil=True, cache=True)
@no_type_check
def histogram(totals, most):
    """Return the number of pixels with each total, with one entry beyond the largest for interpolation."""
    largest = 0
    for n in totals.flat:
        largest = max(largest, int(n))
    held = np.zeros(min(largest, most) + 2, np.int64)
    for n in totals.flat:
        held[min(int(n), most)] += 1
    held[0] = 0
    return held


@numba.njit(nogil=True, cache=True)
@no_type_check
def crowd(light, context, block):
    """Count the pixels with a point, and the blocks of pixels with a point."""
    height, width = context.shape
    seen = np.zeros(((height - 1) // block + 1, (width - 1) // block + 1), np.bool_)
    pixels = 0
    for i in range(height):
        for j in range(width):
            if light[i, j, 3] > 0 or context[i, j] > 0:
                pixels += 1
                seen[i // block, j // block] = True
    return pixels, seen.sum()


@numba.njit(nogil=True, cache=True)
@no_type_check
def spread(light, context, disc):
    """Draw each pixel's points as a disc around it; where discs overlap, points add up."""
    height, width = context.shape
    reach = len(disc) // 2
    wider, further = np.zeros_like(light), np.zeros_like(context)
    for i in range(height):
        for j in range(width):
            n, other = light[i, j, 3], context[i, j]
            if n == 0 and other == 0:
                continue
            for a in range(max(0, i - reach), min(height, i + reach + 1)):
                for b in range(max(0, j - reach), min(width, j + reach + 1)):
                    cover = disc[a - i + reach, b - j + reach]
                    further[a, b] += cover * other
                    if n > 0:
                        for c in range(4):
                            wider[a, b, c] += cover * light[i, j, c]
    return wider, further


@numba.njit(nogil=True, cache=True)
@no_type_check
def alpha_at(alphas, total):
    """Return the alpha of a total that a dot's soft edge may have made fractional."""
    below = int(total)
    if below >= len(alphas) - 1:
        return alphas[-1]
    return alphas[below] + (total - below) * (alphas[below + 1] - alphas[below])


@numba.njit(nogil=True, cache=True)
@no_type_check
def painted(light, context, alphas, context_alphas, grey, to_srgb):
    """Blend the coloured points over the context, as a browser blends one image over another."""
    height, width = context.shape
    image = np.zeros((height, width, 4), np.uint8)
    top, half, full = np.float32(len(to_srgb) - 1), np.float32(0.5), np.float32(255)
    for i in range(height):
        for j in range(width):
            n, other = light[i, j, 3], context[i, j]
            over, under = np.float32(0), np.float32(0)
            if n > 0:
                over = alpha_at(alphas, n)
            if other > 0:
                under = alpha_at(context_alphas, other) * (np.float32(1) - over)
            alpha = over + under
            if alpha <= 0:
                continue
            for c in range(3):
                colour = np.float32(0)
                if n > 0:
                    colour = to_srgb[min(int(light[i, j, c] * (top / n) + half), len(to_srgb) - 1)] * over
                image[i, j, c] = int((colour + grey[c] * under) * (full / alpha) + half)
            image[i, j, 3] = int(alpha * full + half)
    return image
