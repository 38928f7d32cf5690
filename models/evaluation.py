"""Figures over many samples: loss terms, bounds of the likelihood, and active latent axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models import losses
from models.autoencoder import CONVENTIONS, Autoencoder
from models.errors import BadData, BadOption, NoPrior, ShapeMismatch

HELD_OUT_BATCH = 1_000


@runtime_checkable
class Samples(Protocol):
    """Anything with samples: ``x`` is float32 ``[n, *shape]``, a NumPy array or a tensor."""

    @property
    def x(self) -> Any: ...


def evaluate(
    model: Autoencoder,
    samples: Samples,
    *,
    binarise: bool = False,
    seed: int = 0,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, float]:
    """Return the loss terms over all samples, in nats per sample, with one posterior draw each.

    For a VAE with ``beta = 1`` and no free bits ``loss`` estimates the negative ELBO without bias. The
    draws come from `seed`, so that two epochs are compared under the same noise. With `binarise` the
    samples are `binarised`, from `seed` too. When `stop` turns true, the means over the batches so far
    are returned.

    Raises
    ------
    BadOption
        For `binarise` under a Gaussian likelihood.
    BadData, ShapeMismatch
    """
    return evaluate_tensor(model, targets(model, samples, binarise, seed), seed, stop)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Two lower bounds of the log-likelihood: means over the samples, in nats per sample.

    Attributes
    ----------
    elbo
        The evidence lower bound, whatever the model's beta and free bits.
    importance_weighted
        That of Burda et al. with `draws` draws: never looser in expectation, and tight for many.
    convention
        The likelihood in words: figures of different conventions are never compared.
    """

    elbo: float
    importance_weighted: float
    draws: int
    convention: str


@torch.inference_mode()
def bounds(
    model: Autoencoder, samples: Samples, *, draws: int = 50, binarise: bool = False, seed: int = 0
) -> Bounds:
    """Bound the log-likelihood of the samples from below, from the same draws of their posteriors.

    ``log (1/K) sum_k p(x|z_k) p(z_k) / q(z_k|x)`` with K draws, and the mean of its terms' logarithms.
    Grey targets under Bernoulli give a cross-entropy, which is not normalised over grey values: compare
    it only with figures of the same convention.

    Parameters
    ----------
    draws
        Draws per sample, K.
    binarise
        Encode and explain `binarised` samples instead of the given ones.
    seed
        Of the draws and of the binarisation.

    Raises
    ------
    NoPrior
        For a deterministic model.
    BadOption
        For less than one draw, or `binarise` under a Gaussian likelihood.
    BadData, ShapeMismatch

    References
    ----------
    Burda, Grosse and Salakhutdinov (2015), Importance Weighted Autoencoders, equation 8.
    """
    _prior_variance(model)
    if draws < 1:
        raise BadOption(f"draws cannot be {draws!r}; give a whole number from 1 up.")
    x = targets(model, samples, binarise, seed)
    generator = torch.Generator(model.device).manual_seed(seed)
    model.eval()
    running = RunningTerms()
    for batch in x.split(HELD_OUT_BATCH):
        posterior = model.encode(batch)
        total = torch.zeros(len(batch), device=x.device)
        weighted = torch.full_like(total, -math.inf)
        for _ in range(draws):
            z = posterior.sample(generator)
            weight = -model.negative_log_likelihood(batch, z) - posterior.log_ratio(z)
            total += weight
            weighted = torch.logaddexp(weighted, weight)
        terms = {"elbo": total.mean() / draws, "weighted": weighted.mean() - math.log(draws)}
        running.add(terms, len(batch))
    means = running.take()
    return Bounds(means["elbo"], means["weighted"], draws, _convention(model, x, binarise))


def binarised(x: Float[Tensor, "n *shape"], seed: int = 0) -> Float[Tensor, "n *shape"]:
    """Draw each pixel anew: 1 with its grey value as probability, else 0.

    Drawing with another seed for each pass is what is called dynamic binarisation.

    References
    ----------
    Salakhutdinov and Murray (2008), On the Quantitative Analysis of Deep Belief Networks, section 5.
    """
    return draw_binary(x, torch.Generator(x.device).manual_seed(seed))


def draw_binary(x: Float[Tensor, "n *shape"], generator: torch.Generator) -> Float[Tensor, "n *shape"]:
    """Binarise as `binarised` does, from a given generator."""
    return (torch.rand(x.shape, generator=generator, device=x.device) < x).to(x.dtype)


@dataclass(frozen=True, slots=True)
class Activity:
    """The share of the latent space that a model uses.

    Attributes
    ----------
    units
        For each latent axis, True where it is active.
    kl
        The KL, mean over the samples, in nats: 0 where the codes carry no information.
    """

    units: tuple[bool, ...]
    kl: float

    @property
    def collapsed(self) -> bool:
        """True where no axis is active: the decoder ignores the codes."""
        return not any(self.units)


@torch.inference_mode()
def activity(model: Autoencoder, samples: Samples) -> Activity:
    """Find the latent axes that carry information about the samples.

    The criterion is the variance over the samples of the posteriors' expectations, relative to the
    prior's. On a sphere the expectation is shorter than 1, and 0 for a uniform posterior, whose direction
    means nothing: the directions of a collapsed model may differ, its expectations do not.

    Raises
    ------
    NoPrior
        For a deterministic model, which has no prior to collapse to.
    BadData, ShapeMismatch

    References
    ----------
    Burda, Grosse and Salakhutdinov (2015), Importance Weighted Autoencoders, section 5.
    """
    scale = _prior_variance(model) ** 0.5
    model.eval()
    posteriors = [model.encode(batch) for batch in on_device(model, samples).split(HELD_OUT_BATCH)]
    expectations = torch.cat([posterior.expectation() for posterior in posteriors])
    kl = torch.cat([posterior.kl() for posterior in posteriors]).mean().item()
    return Activity(tuple(losses.active_units(expectations / scale).tolist()), kl)


def _prior_variance(model: Autoencoder) -> float:
    if model.prior_variance is None:
        raise NoPrior(f"{model.name!r} is deterministic and has no prior; choose a model with a KL term.")
    return model.prior_variance


def _convention(model: Autoencoder, x: Tensor, binarise: bool) -> str:
    if model.likelihood != "bernoulli":
        return model.convention
    if binarise:
        return CONVENTIONS["binarised"]
    return CONVENTIONS["binary"] if bool(((x == 0) | (x == 1)).all()) else model.convention


def targets(model: Autoencoder, samples: Samples, binarise: bool, seed: int) -> Float[Tensor, "n *shape"]:
    """Return the samples as `on_device` gives them, or `binarised` ones.

    Raises
    ------
    BadOption
        For `binarise` under a Gaussian likelihood.
    BadData, ShapeMismatch
    """
    check_binarise(model, binarise)
    x = on_device(model, samples)
    return binarised(x, seed) if binarise else x


def check_binarise(model: Autoencoder, binarise: bool) -> None:
    """Raise BadOption where the model's likelihood does not judge binarised samples."""
    if binarise and model.likelihood != "bernoulli":
        raise BadOption("only a Bernoulli likelihood judges binarised samples; leave binarise off.")


def on_device(model: Autoencoder, samples: Samples) -> Float[Tensor, "n *shape"]:
    """Return the samples as a tensor on the model's device, checked against shape and likelihood.

    Raises
    ------
    BadData, ShapeMismatch
    """
    given = samples.x
    # A NumPy array is copied: it may be read-only, and torch has no read-only tensors. NumPy does it, which
    # asks Linux for huge pages: batches in random order are gathered from them in four fifths of the time.
    x = given if isinstance(given, Tensor) else torch.from_numpy(np.array(given))
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
        """Return the means per sample, and start the next report."""
        if self.sums is None:
            return {}
        means = [value / self.samples for value in self.sums.tolist()]
        self.sums, self.samples = None, 0
        return dict(zip(self.names, means, strict=True))
