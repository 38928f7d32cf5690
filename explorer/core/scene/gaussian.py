"""Gaussians of latent space on the map: the prior, and the posterior of a sample.

They are drawn only where the map is linear and keeps lengths (`Projection.basis`): there a Gaussian is one on
the map too, its mean at the mean's place and its covariance ``basis @ covariance @ basis.T``.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from explorer.core.projections import Projection, Rotation
from explorer.core.projections.turnable.sphere_map import circle
from models import Autoencoder

SIGMAS = (1, 2)
"""The contours that are drawn, in standard deviations from the mean."""

Lines = tuple[Float64[np.ndarray, "_ 2"], ...]


def prior_sigma(model: Autoencoder) -> float | None:
    """Return the standard deviation of a model's normal prior; None where its prior is another, or none."""
    variance = None if model.sphere else model.prior_variance
    return None if variance is None else float(variance**0.5)


def prior(
    model: Autoencoder, projection: Projection, centre: Float64[np.ndarray, "2"] | None = None
) -> Lines:
    """Return the contours of the prior on a map; nothing where they would not be true there.

    Parameters
    ----------
    centre
        The place of the prior's mean; None is where the map has the origin of latent space.
    """
    sigma, basis = prior_sigma(model), projection.basis
    if sigma is None or basis is None:
        return ()
    if centre is None:
        centre = _place(projection, np.zeros(projection.latent))
    return contours(centre, sigma**2 * basis @ basis.T)


def posterior(
    projection: Projection, mean: Float[np.ndarray, " latent"], spread: Float[np.ndarray, " latent"]
) -> Lines:
    """Return the contours of a posterior ``N(mean, diag(spread ** 2))``; nothing where the map bends them."""
    basis = projection.basis
    if basis is None:
        return ()
    return contours(_place(projection, mean), (basis * spread.astype(np.float64) ** 2) @ basis.T)


def contours(centre: Float[np.ndarray, "2"], covariance: Float64[np.ndarray, "2 2"]) -> Lines:
    """Return the ellipses of a Gaussian at `SIGMAS`, as closed lines."""
    variances, axes = np.linalg.eigh(covariance)
    unit = circle(1.0)[::2] * np.sqrt(np.maximum(variances, 0.0)) @ axes.T
    return tuple(centre + sigma * unit for sigma in SIGMAS)


def prior_corners(model: Autoencoder, projection: Projection) -> Float64[np.ndarray, "2 2"] | None:
    """Return the corners of a box around all contours of the prior, in any orientation of the map."""
    sigma = prior_sigma(model)
    if sigma is None or projection.basis is None:
        return None
    reach = SIGMAS[-1] * sigma
    if isinstance(projection, Rotation):
        reach += float(np.linalg.norm(projection.centre))
        return np.array([[-reach, -reach], [reach, reach]])
    centre = _place(projection, np.zeros(projection.latent))
    return np.stack([centre - reach, centre + reach])


def _place(projection: Projection, code: Float[np.ndarray, " latent"]) -> Float64[np.ndarray, "2"]:
    # In single precision, as the codes are, so that no other kernel is compiled for it.
    place: np.ndarray = projection.forward(code[None].astype(np.float32))[0].astype(np.float64)
    return place
