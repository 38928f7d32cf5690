"""Arithmetic without denormal numbers, with which processors are a hundred times slower."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

_TINY, _ONE = 5e-324, 1.0  # variables, so that the product is computed when it is asked for


@contextmanager
def denormals_as_zero() -> Iterator[None]:
    """Set numbers too small for a full mantissa to zero within the block.

    In this thread, and in torch's own threads where they help it.

    The running means of a gradient that has become zero (a pixel that is always blank, a unit that never
    fires) become denormal within about 800 updates of Adam, and stay so: on MNIST a fifth of the means
    did, and training took half as long again.

    Notes
    -----
    Where the processor has no such mode nothing changes.
    """
    if _as_zero():
        yield
        return
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def _as_zero() -> bool:
    return _TINY * _ONE == 0.0
