"""One pass of UMAP's descent over the edges of its graph, compiled.

It does not hold the interpreter's lock, so a page responds while a map is laid out.

The function carries no annotations: the checks that the test-suite wraps around annotated ones cannot be
compiled.
"""

from __future__ import annotations

from typing import no_type_check

import numba

_FAR = 4.0  # no step is longer, before the learning rate


@numba.njit(nogil=True, cache=True)
@no_type_check
def descend(xy, heads, tails, every, due, repelled, a, b, rate, number, negatives, random):
    """Pull together the ends of edges that are due, and push their heads away from random places; in place.

    The places [n, 2] move down the cross entropy between the graph and ``1 / (1 + a d^(2 b))``.
    An edge is due every so many passes: `due` is the pass in which it is next, `repelled` the one up to
    which its head has been pushed away (McInnes 2018, algorithm 5 and appendix C).
    """
    n = len(xy)
    for edge in range(len(heads)):
        if due[edge] > number:
            continue
        i, j = heads[edge], tails[edge]
        square = (xy[i, 0] - xy[j, 0]) ** 2 + (xy[i, 1] - xy[j, 1]) ** 2
        if square > 0:
            pull = -2 * a * b * square ** (b - 1) / (a * square**b + 1)
            for axis in range(2):
                step = rate * min(max(pull * (xy[i, axis] - xy[j, axis]), -_FAR), _FAR)
                xy[i, axis] += step
                xy[j, axis] -= step
        due[edge] += every[edge]
        wait = every[edge] / negatives
        times = int((number - repelled[edge]) / wait)
        for _ in range(times):
            k = int(random.random() * n)
            square = (xy[i, 0] - xy[k, 0]) ** 2 + (xy[i, 1] - xy[k, 1]) ** 2
            if square > 0:
                push = 2 * b / ((0.001 + square) * (a * square**b + 1))
                for axis in range(2):
                    xy[i, axis] += rate * min(max(push * (xy[i, axis] - xy[k, axis]), -_FAR), _FAR)
        repelled[edge] += times * wait
