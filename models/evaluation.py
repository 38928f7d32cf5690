"""Loss terms over many samples: running means, and the held-out figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from models.autoencoder import Autoencoder
from models.errors import BadData, ShapeMismatch

HELD_OUT_BATCH = 1_000


@runtime_checkable
class Samples(Protocol):
    """Anything with samples: ``x`` is float32 ``[n, *shape]``, a NumPy array or a tensor."""

    @property
    def x(self) -> Any: ...


def evaluate(
    model: Autoencoder, samples: Samples, *, seed: int = 0, stop: Callable[[], bool] = lambda: False
) -> dict[str, float]:
    """The loss terms over all samples, in nats per sample, with one posterior draw each.

    For a VAE with ``beta = 1`` and no free bits ``loss`` estimates the negative ELBO without bias. The
    draws come from `seed`, so that two epochs are compared under the same noise. When `stop` turns true
    the means over the batches so far are returned.
    """
    return evaluate_tensor(model, on_device(model, samples), seed, stop)


def on_device(model: Autoencoder, samples: Samples) -> Float[Tensor, "n *shape"]:
    """The samples as a tensor beside the model's weights, checked against shape and likelihood.

    Raises
    ------
    BadData, ShapeMismatch
    """
    given = samples.x
    # A NumPy array is copied: it may be read-only, and torch has no read-only tensors.
    x = given if isinstance(given, Tensor) else torch.tensor(given)
    if x.ndim < 2 or tuple(x.shape[1:]) != model.shape or x.dtype != torch.float32:
        raise ShapeMismatch(
            f"this model takes float32 samples of shape {model.shape}, but the data is "
            f"{str(x.dtype).removeprefix('torch.')} of shape {tuple(x.shape)}; "
            f"create a model with the data's shape, or choose the data it was made for."
        )
    if len(x) == 0:
        raise BadData("there are no samples to work on; give at least one.")
    x = x.to(model.device)
    low, high = x.min().item(), x.max().item()
    if not (math.isfinite(low) and math.isfinite(high)):
        raise BadData("the data has values that are not finite; fill or drop them first.")
    if model.likelihood == "bernoulli" and not 0 <= low <= high <= 1:
        raise BadData(
            f"the Bernoulli likelihood takes values from 0 to 1, but the data goes from {low:g} to {high:g}; "
            "scale it, or create the model with likelihood='gaussian'."
        )
    return x


@torch.inference_mode()
def evaluate_tensor(model: Autoencoder, x: Tensor, seed: int, stop: Callable[[], bool]) -> dict[str, float]:
    generator = torch.Generator(model.device).manual_seed(seed)
    model.eval()
    running = RunningTerms()
    for batch in x.split(HELD_OUT_BATCH):
        running.add(model.loss(batch, generator).terms, len(batch))
        if stop():
            break
    return running.take()


class RunningTerms:
    """Sums of the terms since the last report, kept on the device: reading a number waits for it."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.sums: Tensor | None = None
        self.samples = 0

    def add(self, terms: Mapping[str, Tensor], samples: int) -> None:
        means = torch.stack([term.detach() for term in terms.values()])
        if self.sums is None:
            self.names, self.sums = tuple(terms), means * samples
        else:
            self.sums.add_(means, alpha=samples)
        self.samples += samples

    def take(self) -> dict[str, float]:
        """The means, per sample; starts the next report."""
        if self.sums is None:
            return {}
        means = [value / self.samples for value in self.sums.tolist()]
        self.sums, self.samples = None, 0
        return dict(zip(self.names, means, strict=True))
