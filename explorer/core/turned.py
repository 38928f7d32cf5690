"""The loop over points that turns them into a view, compiled.

A matrix product of three columns is as exact, but on a million points it takes 10 to 20 ms and BLAS's
threads, which spin for the core that a training holds (190 ms were seen); this takes 3 on one core.

The functions carry no annotations: the checks that the test-suite wraps around annotated ones cannot be
compiled.
"""

from __future__ import annotations

from typing import no_type_check

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
@no_type_check
def into_view(points, matrix, centre, unit):
    """Points [n, 3] less a centre, times a matrix, coordinate by coordinate [3, n]; and how many are lost.

    With ``unit`` each is brought to length 1 on the way, and lost are those of length 0: they have no
    direction, and stay 0. Sums are taken in double precision, whatever the points have.
    """
    n = len(points)
    view = np.empty((3, n), points.dtype)
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
    return view, lost
