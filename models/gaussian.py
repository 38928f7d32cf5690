"""The Gaussian VAE, with beta and free bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from models import losses
from models.autoencoder import Autoencoder, Loss, Posterior
from models.option import Option


@dataclass(frozen=True, slots=True, eq=False)
class GaussianPosterior(Posterior):
    """N(mean, diag(spread^2)) beside the prior N(0, 1)."""

    log_variance: Float[Tensor, "batch latent"]

    def sample(self, generator: torch.Generator | None = None) -> Float[Tensor, "batch latent"]:
        if self.spread is None:
            return self.mean
        noise = torch.randn(
            self.mean.shape, generator=generator, device=self.mean.device, dtype=self.mean.dtype
        )
        return self.mean + self.spread * noise

    def kl(self) -> Float[Tensor, " batch"]:
        return self.kl_per_axis().sum(1)

    def kl_per_axis(self) -> Float[Tensor, "batch latent"]:
        return losses.gaussian_kl(self.mean, self.log_variance)

    def log_ratio(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        return losses.gaussian_log_ratio(z, self.mean, self.log_variance).sum(1)


class GaussianAutoencoder(Autoencoder):
    """A VAE whose loss is reconstruction plus ``beta`` times the KL, less what free bits allow.

    References
    ----------
    Kingma and Welling (2013), Auto-Encoding Variational Bayes; Higgins et al. (2017), beta-VAE;
    Kingma et al. (2016), Improved Variational Inference with Inverse Autoregressive Flow (free bits).
    """

    name: ClassVar[str] = "vae"
    description: ClassVar[str] = "A variational autoencoder: each sample is a Gaussian, the prior is N(0, 1)."
    options: ClassVar[Mapping[str, Option]] = {
        **Autoencoder.options,
        "beta": Option(1.0, "Weight of the KL term; above 1 tidier axes, below 1 sharper samples.",
                       low=0.0, high=100.0, loss_only=True),
        "free_bits": Option(0.0, "Nats per axis that cost nothing; keeps axes from collapsing.",
                            low=0.0, high=10.0, loss_only=True),
    }  # fmt: skip

    @staticmethod
    def code_length(latent: int) -> int:
        return 2 * latent

    @property
    def prior_variance(self) -> float:
        return 1.0

    def posterior(self, code: Float[Tensor, "batch code"]) -> GaussianPosterior:
        mean, log_variance = code.chunk(2, dim=1)
        # exp(-20 / 2) is below what float32 resolves beside 1; exp(10 / 2) is far outside any prior.
        log_variance = log_variance.clamp(-20.0, 10.0)
        return GaussianPosterior(mean, torch.exp(0.5 * log_variance), log_variance)

    def loss(self, x: Float[Tensor, "batch *shape"], generator: torch.Generator | None = None) -> Loss:
        posterior = self.posterior(self.code(x))
        reconstruction = self.negative_log_likelihood(x, posterior.sample(generator)).mean()
        per_axis = posterior.kl_per_axis()
        kl = per_axis.mean(0).sum()
        free_bits = self.config["free_bits"]
        charged = losses.free_bits_kl(per_axis, free_bits) if free_bits else kl
        return Loss(
            {
                "loss": reconstruction + self.config["beta"] * charged,
                "reconstruction": reconstruction,
                "kl": kl,
            }
        )
