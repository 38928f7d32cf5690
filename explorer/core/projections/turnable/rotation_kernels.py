"""Compiled loops over points: from codes to a view, and from a view to pixels.

For the first a matrix product of three columns is as exact, but on a million points it takes 10 to 20 ms and
BLAS's threads, which spin for the core that a training holds (190 ms were seen); this takes 3 on one core.

The functions carry no annotations: the checks that the test-suite wraps around annotated ones cannot be
compiled.
"""

from __future__ import annotations

from typing import no_type_check

import numba
import numpy as np

_ROWS = 2_048  # points whose pixels are found at a time


@numba.njit(nogil=True, cache=True)
@no_type_check
def into_view(points, matrix, centre, unit, view):
    """Points [n, 3] less a centre, times a matrix, coordinate by coordinate into a view [3, n].

    With ``unit`` each is scaled to length 1. The number of points of length 0 is returned: they have no
    direction and stay 0. Sums are taken in double precision, whatever the precision of the points.
    """
    n = len(points)
    lost = 0
    for i in range(n):
        x, y, z = points[i, 0] - centre[0], points[i, 1] - centre[1], points[i, 2] - centre[2]
        if unit:
            square = x * x + y * y + z * z
            if not 1e-280 < square < 1e280:  # so small or large that its digits are lost
                largest = max(abs(x), abs(y), abs(z))
                if largest == 0:
                    lost += 1
                    largest = 1.0
                x, y, z = x / largest, y / largest, z / largest
                square = max(x * x + y * y + z * z, 1e-300)
            scale = 1 / np.sqrt(square)
            x, y, z = x * scale, y * scale, z * scale
        for row in range(3):
            view[row, i] = matrix[row, 0] * x + matrix[row, 1] * y + matrix[row, 2] * z
    return lost


@numba.njit(nogil=True, cache=True)
@no_type_check
def into_pixels(xs, ys, depth, category, values, behind, x0, x1, y0, y1, counts, sums, index, nearest):
    """Add points to the counts [height, width, columns] and sums of their pixels, and to the front of them.

    Pixels hold the points at their left and lower edge; the last column and row hold the viewport's own edge
    too, which is closed. ``behind``, where it is no less than 0, is the category of points of negative depth:
    then there is no front.
    """
    height, width, columns = counts.shape
    hidden = columns - 1
    x_scale, y_scale = width / (x1 - x0), height / (y1 - y0)
    x_start, y_start = -x0 * x_scale, -y0 * y_scale
    held, total, flat, highest = counts.ravel(), sums.ravel(), index.ravel(), nearest.ravel()
    pixels, drawn = np.empty(_ROWS, np.int32), np.empty(_ROWS, np.int8)
    for start in range(0, len(xs), _ROWS):
        rows = min(_ROWS, len(xs) - start)
        # By itself and without a branch, so that several points are placed at a time.
        for k in range(rows):
            x, y = xs[start + k], ys[start + k]
            column = np.int32(min(max(x * x_scale + x_start, 0.0), width - 1.0))
            row = np.int32(min(max(y * y_scale + y_start, 0.0), height - 1.0))
            inside = (x0 <= x) & (x <= x1) & (y0 <= y) & (y <= y1)
            pixels[k] = row * np.int32(width) + column if inside else np.int32(-1)
        # A loop for each case, and indices that cannot be negative: a third less time.
        for k in range(rows):
            i = start + k
            drawn[k] = behind if behind >= 0 and depth[i] < 0 and category[i] < hidden else category[i]
            if pixels[k] >= 0:
                held[np.uint64(pixels[k]) * np.uint64(columns) + np.uint64(drawn[k])] += np.uint32(1)
        for k in range(rows if len(values) else 0):
            if pixels[k] >= 0 and drawn[k] == 0:
                total[pixels[k]] += values[start + k]
        for k in range(rows if behind < 0 else 0):
            if pixels[k] >= 0 and drawn[k] < hidden:
                pixel, near = np.uint64(pixels[k]), np.float32(depth[start + k])
                if highest[pixel] < near < np.inf:
                    highest[pixel], flat[pixel] = near, start + k
