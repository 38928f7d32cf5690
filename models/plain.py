"""The deterministic autoencoder: one place per sample, no prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from models.autoencoder import Autoencoder, Loss, Posterior


@dataclass(frozen=True, slots=True, eq=False)
class PointPosterior(Posterior):
    """The posterior of a sample with one place and no spread. Without a prior there is no KL: `kl` is 0."""

    def sample(self, generator: torch.Generator | None = None) -> Float[Tensor, "batch latent"]:
        return self.mean

    def kl(self) -> Float[Tensor, " batch"]:
        return self.mean.new_zeros(len(self.mean))

    def kl_per_axis(self) -> None:
        return None

    def log_ratio(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        return self.kl()


class PlainAutoencoder(Autoencoder):
    """An autoencoder that minimises the reconstruction term alone.

    References
    ----------
    Hinton and Salakhutdinov (2006), Reducing the Dimensionality of Data with Neural Networks.
    """

    name: ClassVar[str] = "ae"
    description: ClassVar[str] = "An autoencoder: each sample has one place; there is no prior and no KL."

    def posterior(self, code: Float[Tensor, "batch code"]) -> PointPosterior:
        return PointPosterior(code, None)

    def loss(self, x: Float[Tensor, "batch *shape"], generator: torch.Generator | None = None) -> Loss:
        reconstruction = self.negative_log_likelihood(x, self.encode(x).mean).mean()
        return Loss({"loss": reconstruction, "reconstruction": reconstruction})
