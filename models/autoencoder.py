"""The abstract Autoencoder, and the values that it returns: Posterior and Loss."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models import bodies, losses
from models.errors import BadOption, ShapeMismatch
from models.option import Option

CONVENTIONS = {
    "bernoulli": "Bernoulli on grey targets",
    "binary": "Bernoulli on binary targets",
    "binarised": "Bernoulli on dynamically binarised targets",
    "gaussian": "Gaussian",
}
"""The name of each likelihood, shown beside its nats: the scales differ and are never mixed."""


def likelihood(config: Mapping[str, Any]) -> str:
    """Return the likelihood of a model with that config: "bernoulli" or "gaussian"."""
    chosen: str = config["likelihood"]
    if chosen == "auto":
        return "bernoulli" if len(config["shape"]) == 3 else "gaussian"
    return chosen


@dataclass(frozen=True, slots=True, eq=False)
class Posterior(ABC):
    """The distribution of latent codes that the encoder gives each sample of a batch.

    Attributes
    ----------
    mean
        Latent units; on a sphere the mean direction, of length 1.
    spread
        Standard deviation of the draws along each axis, in latent units; None where a sample has one
        place only.
    """

    mean: Float[Tensor, "batch latent"]
    spread: Float[Tensor, "batch latent"] | None

    @abstractmethod
    def sample(self, generator: torch.Generator | None = None) -> Float[Tensor, "batch latent"]:
        """Draw one code per sample, differentiable in the posterior's parameters."""

    @abstractmethod
    def kl(self) -> Float[Tensor, " batch"]:
        """Return the KL divergence from the prior, in nats per sample; 0 where the model has no such term."""

    @abstractmethod
    def kl_per_axis(self) -> Float[Tensor, "batch latent"] | None:
        """Return the KL of each axis, in nats; None where it has no such split, or no such term."""

    @abstractmethod
    def log_ratio(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        """Return ``log q(z|x) - log p(z)`` at one code per sample, in nats; 0 where there is no prior.

        Its mean over draws of `sample` is `kl`.
        """

    def expectation(self) -> Float[Tensor, "batch latent"]:
        """Return the mean of the draws, ``E[z|x]``; on a sphere it is shorter than 1."""
        return self.mean


@dataclass(frozen=True, slots=True, eq=False)
class Loss:
    """Named terms, each the mean over a batch in nats per sample; ``terms["loss"]`` is minimised."""

    terms: Mapping[str, Float[Tensor, ""]]

    @property
    def total(self) -> Float[Tensor, ""]:
        """The term that the training minimises, in nats per sample."""
        return self.terms["loss"]


class Autoencoder(nn.Module, ABC):
    """An encoder and a decoder over samples of one shape.

    A family gives its name, its description, its options, `posterior` and `loss`; the body, the
    likelihood and the checks are here.

    Attributes
    ----------
    shape
        Of one sample: ``(channels, height, width)`` or ``(features,)``.
    latent
        Number of latent coordinates.
    likelihood
        "bernoulli" or "gaussian"; `convention` says it in words.
    config
        Everything `models.create` needs to make this model again; JSON-able.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    least_latent: ClassVar[int] = 1
    sphere: ClassVar[bool] = False  # True where codes are points of the unit sphere
    options: ClassVar[Mapping[str, Option]] = {
        "body": Option("auto", "Layers: convolutional for images, dense for tables.",
                       choices=("auto", "dense", "conv")),
        "width": Option(1.0, "Size of the hidden layers, relative to the default.", low=0.25, high=8.0),
        "likelihood": Option("auto", "Judge of reconstructions: Bernoulli for images, Gaussian for tables.",
                             choices=("auto", "bernoulli", "gaussian")),
    }  # fmt: skip

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.config = dict(config)
        self.shape: tuple[int, ...] = tuple(config["shape"])
        self.latent: int = config["latent"]
        image = len(self.shape) == 3
        body = config["body"]
        if body == "auto":
            body = "conv" if image else "dense"
        if body == "conv" and not image:
            raise BadOption(f"body 'conv' needs images, but a sample has shape {self.shape}; choose dense.")
        self.likelihood = likelihood(config)
        self.encoder, self.decoder = bodies.BODIES[body](
            self.shape, latent=self.latent, code=self.code_length(self.latent), width=config["width"]
        )
        if self.likelihood == "gaussian":
            self.log_scale = nn.Parameter(torch.zeros(()))

    def draw_weights(self, seed: int) -> None:
        """Draw new weights from a seed; torch's global generator stays as it is."""
        bodies.draw_weights(self, torch.Generator().manual_seed(seed))
        if self.likelihood == "gaussian":
            nn.init.zeros_(self.log_scale)

    @staticmethod
    def code_length(latent: int) -> int:
        """Return the length of the encoder's output for one sample, which `posterior` reads."""
        return latent

    @property
    def prior_variance(self) -> float | None:
        """The variance of the prior along each axis, in squared latent units; None without a prior."""
        return None

    @property
    def convention(self) -> str:
        """The likelihood in words, shown beside every figure in nats."""
        return CONVENTIONS[self.likelihood]

    @property
    def device(self) -> torch.device:
        """The device that holds the weights."""
        return next(self.parameters()).device

    @abstractmethod
    def posterior(self, code: Float[Tensor, "batch code"]) -> Posterior:
        """Return the posterior that the encoder's output stands for."""

    @abstractmethod
    def loss(self, x: Float[Tensor, "batch *shape"], generator: torch.Generator | None = None) -> Loss:
        """Return the terms of the training objective on a batch, in nats per sample.

        Raises
        ------
        ShapeMismatch
            When `x` is not a batch of this model's samples.
        """

    def encode(self, x: Float[Tensor, "batch *shape"]) -> Posterior:
        """Place a batch of samples in latent space.

        Raises
        ------
        ShapeMismatch
            When `x` is not a batch of this model's samples.
        """
        return self.posterior(self.code(x))

    def code(self, x: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch code"]:
        """Return the encoder's output, which `posterior` reads."""
        if x.shape[1:] != self.shape or x.dtype != torch.float32:
            raise ShapeMismatch(
                f"this model takes float32 samples of shape {self.shape} in a batch, got {_kind(x)}; "
                "use the data it was made for, or create a model with the data's shape."
            )
        code: Tensor = self.encoder(x)
        return code

    def decode(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch *shape"]:
        """Return the expected sample at each code, in data units (grey values in [0, 1] under Bernoulli).

        Raises
        ------
        ShapeMismatch
            When `z` is not a batch of this model's codes.
        """
        raw = self.decode_raw(z)
        return (raw.sigmoid() if self.likelihood == "bernoulli" else raw).contiguous()

    def decode_raw(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch *shape"]:
        """Return the parameters of the likelihood: logits (Bernoulli) or means (Gaussian)."""
        if z.ndim != 2 or z.shape[1] != self.latent or z.dtype != torch.float32:
            raise ShapeMismatch(
                f"this model takes float32 codes of shape (batch, {self.latent}), got {_kind(z)}; "
                f"give one row of {self.latent} numbers per code."
            )
        raw: Tensor = self.decoder(z)
        return raw

    def negative_log_likelihood(
        self, x: Float[Tensor, "batch *shape"], z: Float[Tensor, "batch latent"]
    ) -> Float[Tensor, " batch"]:
        """Return the negative log-likelihood of `x` given the codes `z`, in nats per sample."""
        raw = self.decode_raw(z)
        if self.likelihood == "bernoulli":
            return losses.bernoulli_nll(raw, x)
        return losses.gaussian_nll(raw, losses.floored(self.log_scale), x)

    def clone(self) -> Autoencoder:
        """Return a copy that shares no memory: either can be trained while the other is read."""
        twin = copy.deepcopy(self)
        twin.zero_grad(set_to_none=True)
        return twin


def reconstruction_error(model: Autoencoder, x: Float[Tensor, "batch *shape"]) -> Float[Tensor, " batch"]:
    """Return the negative log-likelihood of each sample, decoded at its posterior mean, in nats.

    Raises
    ------
    ShapeMismatch
        When `x` is not a batch of this model's samples.
    """
    return model.negative_log_likelihood(x, model.encode(x).mean)


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} of shape {tuple(tensor.shape)}"
