"""The two ways of training: going on from weights that are there, and beginning anew."""

from __future__ import annotations

from enum import Enum


class Way(Enum):
    """Where the weights of a training come from."""

    FINE_TUNE = "fine-tune"
    FROM_SCRATCH = "from scratch"


def trained_on(samples: int, chosen: int | None, rest: float) -> str:
    """What a training learns from, as it is told on the page and in a terminal.

    Parameters
    ----------
    samples, chosen
        How many training samples there are, and how many of them are selected; None for all.
    rest
        What each sample that is not selected counts, beside 1.
    """
    if chosen is None:
        return f"all {samples:,} samples"
    selected = f"{chosen:,} selected sample{'' if chosen == 1 else 's'}"
    if rest == 0:
        return f"{selected} alone"
    return f"{selected}, the rest counting {rest:.2g}" if rest < 1 else f"{selected}, the rest counting alike"
