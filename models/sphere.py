"""Autoencoders on the unit sphere: a plain one, and a VAE with a uniform prior."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from models import directional
from models.autoencoder import Autoencoder, Loss, Posterior
from models.errors import BadOption
from models.option import Option
from models.plain import PointPosterior

LENGTHS = (1e-3, 11.5)
"""Range of the encoder's length: from a KL of nearly 0 to a concentration of 1e5 on S^2 (0.003 radians)."""


@dataclass(frozen=True, slots=True, eq=False)
class SpherePosterior(Posterior):
    """A mean direction on the sphere and a concentration about it; the prior is uniform.

    Attributes
    ----------
    kappa
        Concentration: 0 is uniform; for large values ``1 / sqrt(kappa)`` is the spread in radians along
        a tangent axis (Power Spherical: ``sqrt(2 / kappa)``).
    """

    kappa: Float[Tensor, " batch"]

    @classmethod
    @abstractmethod
    def at(cls, mean: Float[Tensor, "batch latent"], kappa: Float[Tensor, " batch"]) -> SpherePosterior:
        """Make the posterior with this mean direction and concentration."""

    def kl_per_axis(self) -> None:
        return None


@dataclass(frozen=True, slots=True, eq=False)
class VonMisesFisherPosterior(SpherePosterior):
    """Density ``exp(kappa mean . z)`` on S^2, up to a constant."""

    @classmethod
    def at(cls, mean: Float[Tensor, "batch latent"], kappa: Float[Tensor, " batch"]) -> SpherePosterior:
        _, along, across = directional.vmf_moments(kappa)
        return cls(mean, directional.spread(mean, along, across), kappa)

    def sample(self, generator: torch.Generator | None = None) -> Float[Tensor, "batch latent"]:
        toward, away = directional.vmf_halves(self.kappa, generator)
        return directional.place(self.mean, toward, away, generator)

    def kl(self) -> Float[Tensor, " batch"]:
        return directional.vmf_kl(self.kappa)

    def log_ratio(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        _, away = directional.halves(self.mean, z)
        return directional.vmf_log_ratio(self.kappa, away)

    def expectation(self) -> Float[Tensor, "batch latent"]:
        return directional.vmf_moments(self.kappa)[0][:, None] * self.mean


@dataclass(frozen=True, slots=True, eq=False)
class PowerSphericalPosterior(SpherePosterior):
    """Density ``(1 + mean . z)^kappa`` on any sphere, up to a constant."""

    @classmethod
    def at(cls, mean: Float[Tensor, "batch latent"], kappa: Float[Tensor, " batch"]) -> SpherePosterior:
        _, along, across = directional.power_moments(kappa, mean.shape[1])
        return cls(mean, directional.spread(mean, along, across), kappa)

    def sample(self, generator: torch.Generator | None = None) -> Float[Tensor, "batch latent"]:
        toward, away = directional.power_halves(self.kappa, self.mean.shape[1], generator)
        return directional.place(self.mean, toward, away, generator)

    def kl(self) -> Float[Tensor, " batch"]:
        return directional.power_kl(self.kappa, self.mean.shape[1])

    def log_ratio(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, " batch"]:
        toward, _ = directional.halves(self.mean, z)
        return directional.power_log_ratio(self.kappa, toward, self.mean.shape[1])

    def expectation(self) -> Float[Tensor, "batch latent"]:
        return directional.power_moments(self.kappa, self.mean.shape[1])[0][:, None] * self.mean


class Spherical(Autoencoder):
    """An autoencoder whose codes are points of the unit sphere of R^latent, so S^2 has ``latent = 3``."""

    least_latent: ClassVar[int] = 2
    sphere: ClassVar[bool] = True

    def decode_raw(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch *shape"]:
        """Return the parameters of the likelihood at the point of the sphere in the direction of `z`.

        Codes off the sphere are scaled to length 1; the centre, which has no direction, is read as the
        first axis.
        """
        return super().decode_raw(directional.unit(z) if z.ndim == 2 else z)


class PlainSphereAutoencoder(Spherical):
    """A plain autoencoder whose codes are normalised. Not a VAE: no prior, no posterior, no KL."""

    name: ClassVar[str] = "sphere-ae"
    description: ClassVar[str] = (
        "An autoencoder on the sphere, not a VAE: codes are scaled to length 1; there is no prior and no KL."
    )

    def posterior(self, code: Float[Tensor, "batch code"]) -> PointPosterior:
        return PointPosterior(directional.unit(code), None)

    def loss(self, x: Float[Tensor, "batch *shape"], generator: torch.Generator | None = None) -> Loss:
        reconstruction = self.negative_log_likelihood(x, self.encode(x).mean).mean()
        return Loss({"loss": reconstruction, "reconstruction": reconstruction})


class SphereAutoencoder(Spherical):
    """A VAE whose loss is reconstruction plus ``beta`` times the KL from the uniform prior on the sphere.

    The posterior is von Mises-Fisher on S^2, where its figures have closed forms, and Power
    Spherical on every other sphere.

    References
    ----------
    Davidson et al. (2018), Hyperspherical Variational Auto-Encoders; De Cao and Aziz (2020), The Power
    Spherical distribution.
    """

    name: ClassVar[str] = "sphere-vae"
    description: ClassVar[str] = (
        "A variational autoencoder on the sphere: each sample is a cap of it, the prior is uniform."
    )
    options: ClassVar[Mapping[str, Option]] = {
        **Autoencoder.options,
        "beta": Option(1.0, "Weight of the KL term; above 1 wider caps, below 1 sharper samples.",
                       low=0.0, high=100.0, loss_only=True),
        "posterior": Option("auto", "Shape of a cap: von Mises-Fisher (vmf) with 3 latent coordinates, "
                            "Power Spherical with any other number.",
                            choices=("auto", "vmf", "power-spherical")),
    }  # fmt: skip

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        choice = config["posterior"]
        if choice == "vmf" and self.latent != 3:
            raise BadOption(
                f"posterior 'vmf' needs latent=3, but latent is {self.latent}; choose power-spherical."
            )
        fisher = choice == "vmf" or (choice == "auto" and self.latent == 3)
        self.family: type[SpherePosterior] = VonMisesFisherPosterior if fisher else PowerSphericalPosterior

    @property
    def prior_variance(self) -> float:
        return 1 / self.latent

    def posterior(self, code: Float[Tensor, "batch code"]) -> SpherePosterior:
        """Read one vector a sample: its direction is the mean, its length determines the concentration.

        Near 0 the vector acts as a Gaussian's mean does: the expectation of the draws grows with it. With a
        separate output for the concentration, both it and the direction would start without a gradient, and
        training collapses. The sinh becomes exponential, so that sharp caps are reached as fast as wide ones.
        """
        length = torch.linalg.vector_norm(code, dim=1).clamp(*LENGTHS)
        return self.family.at(directional.unit(code), torch.sinh(length) * (self.latent - 1))

    def loss(self, x: Float[Tensor, "batch *shape"], generator: torch.Generator | None = None) -> Loss:
        posterior = self.posterior(self.code(x))
        reconstruction = self.negative_log_likelihood(x, posterior.sample(generator)).mean()
        kl = posterior.kl().mean()
        loss = reconstruction + self.config["beta"] * kl
        return Loss({"loss": loss, "reconstruction": reconstruction, "kl": kl})
