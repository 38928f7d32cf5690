"""The samples in focus of a training, the lower weight of the others, and the rows of an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from models.errors import BadOption

_GOLDEN, _OWN = 0x9E3779B97F4A7C15, 0x2545F4914F6CDD1D  # so that nearby seeds and epochs draw apart


@dataclass(frozen=True, slots=True, eq=False)
class Focus:
    """The samples in focus of a training, and the weight of each of the others.

    An epoch passes over all samples in focus and over a part of the rest, as many as `rest` says, to the
    nearest whole sample, drawn anew without replacement. So the expected loss of an epoch is the weighted
    one, ``(sum over focus + rest * sum over others) / (number in focus + rest * number of others)``, with
    no weight on any loss: gradients are no noisier than those of any batch, and the time of an epoch is
    proportional to its rows.

    Attributes
    ----------
    rows
        Of the training samples, those in focus.
    rest
        The weight of each of the others, relative to 1: from 0 (only these) to 1 (all alike).
    """

    rows: Sequence[int] | Any
    rest: float = 0.0

    def size(self, samples: int) -> int:
        """Return the number of training samples that an epoch passes over, out of `samples`."""
        rows = len(self.rows)
        return rows + round(self.rest * max(0, samples - rows))

    def taken(self, samples: int, seed: int, epoch: int) -> Int64[Tensor, " taken"]:
        """Return the rows of an epoch, out of so many training samples: a function of seed and epoch.

        Where all are alike they are all rows, in their order: the training is that without a focus.
        """
        rows = torch.from_numpy(np.array(self.rows, dtype=np.int64))
        others = torch.ones(samples, dtype=torch.bool)
        others[rows] = False
        rest = others.nonzero().flatten()
        drawn = round(self.rest * len(rest))
        if not drawn:
            return rows
        generator = torch.Generator().manual_seed((seed + _GOLDEN * epoch + _OWN) % 2**63)
        return torch.cat([rows, rest[torch.randperm(len(rest), generator=generator)[:drawn]]]).sort().values

    def check(self, samples: int) -> None:
        """Raise where the focus does not suit so many training samples.

        Raises
        ------
        BadOption
        """
        if not 0 <= self.rest <= 1:
            raise BadOption(
                f"the rest cannot count {self.rest!r}; give a number from 0 (only the samples in focus) to 1 "
                "(all alike)."
            )
        rows = np.asarray(self.rows)
        if not len(rows):
            raise BadOption("the focus holds no training sample; give the rows of some.")
        if rows.dtype.kind not in "iu" or rows.ndim != 1:
            raise BadOption("the focus has to be rows, a list of whole numbers; give the numbers of samples.")
        if rows.min() < 0 or rows.max() >= samples:
            raise BadOption(
                f"the focus goes from row {rows.min():,} to {rows.max():,} and there are rows 0 to "
                f"{samples - 1:,}; choose among those."
            )
        if len(np.unique(rows)) < len(rows):
            raise BadOption("the focus has a row twice; give each row once.")
