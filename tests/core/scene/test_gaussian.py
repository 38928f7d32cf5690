"""The prior and a posterior on the map are where their samples would fall."""

from __future__ import annotations

import numpy as np
import pytest

import models
from explorer.core import projections
from explorer.core.projections import Aligned, Projection
from explorer.core.projections.procrustes import Alignment
from explorer.core.projections.turnable.orientation import Orientation
from explorer.core.scene.gaussian import SIGMAS, contours, posterior, prior, prior_corners, prior_sigma

RNG = np.random.default_rng(0)
LINEAR = [("identity", 2), ("pca", 2), ("pca", 5), ("slice", 4), ("rotation", 3), ("aligned", 5)]


def fitted(name: str, latent: int) -> Projection:
    codes = (RNG.normal(size=(300, latent)) * np.linspace(3, 0.5, latent) + 1.5).astype(np.float32)
    if name == "aligned":
        quarter = np.array([[0.0, 1.0], [1.0, 0.0]])
        return Aligned(fitted("pca", latent), Alignment(quarter, np.ones(2), np.full(2, -4.0)))
    made = projections.create(name).fit(codes)
    return made.turned(Orientation(1, 2, 3, 4)) if name == "rotation" else made


def vae(latent: int) -> models.Autoencoder:
    return models.create("vae", shape=(4,), latent=latent, width=0.25)


@pytest.mark.parametrize(("name", "latent"), LINEAR)
def test_a_basis_is_orthonormal_and_is_the_map(name: str, latent: int) -> None:
    projection = fitted(name, latent)
    basis = projection.basis
    np.testing.assert_allclose(basis @ basis.T, np.eye(2), atol=1e-9)
    z = RNG.normal(size=(50, latent))
    np.testing.assert_allclose(
        projection.forward(z) - projection.forward(np.zeros((1, latent))), z @ basis.T, atol=1e-6
    )


@pytest.mark.parametrize(("name", "latent"), LINEAR)
def test_the_prior_is_round_and_holds_what_is_drawn_from_it(name: str, latent: int) -> None:
    projection = fitted(name, latent)
    lines = prior(vae(latent), projection)
    drawn = projection.forward(RNG.normal(size=(40_000, latent)).astype(np.float32)).astype(np.float64)
    centre = projection.forward(np.zeros((1, latent), np.float32))[0]
    for sigma, line in zip(SIGMAS, lines, strict=True):
        np.testing.assert_allclose(np.linalg.norm(line - centre, axis=1), sigma, atol=1e-5)
        # Of a Gaussian of the plane, the share within k standard deviations is 1 - exp(-k^2 / 2).
        inside = np.linalg.norm(drawn - centre, axis=1) <= sigma
        assert inside.mean() == pytest.approx(1 - np.exp(-(sigma**2) / 2), abs=0.01)


@pytest.mark.parametrize(("name", "latent"), LINEAR)
def test_an_ellipse_is_that_of_the_closed_form(name: str, latent: int) -> None:
    projection = fitted(name, latent)
    mean = RNG.normal(size=latent).astype(np.float32)
    spread = RNG.uniform(0.1, 2, latent).astype(np.float32)
    centre = projection.forward(mean[None])[0].astype(np.float64)
    # The covariance of the places of draws, without the basis: by the map itself.
    steps = projection.forward(np.diag(spread) + mean) - centre
    covariance = (steps.T @ steps).astype(np.float64)
    for sigma, line in zip(SIGMAS, posterior(projection, mean, spread), strict=True):
        away = line - centre
        squared = np.einsum("ij,jk,ik->i", away, np.linalg.inv(covariance), away)
        np.testing.assert_allclose(squared, sigma**2, rtol=1e-3)


def test_an_ellipse_along_the_axes_has_their_lengths() -> None:
    outer = contours(np.array([5.0, -1.0]), np.diag([9.0, 0.25]))[1]
    np.testing.assert_allclose(outer.max(axis=0), [5 + 2 * 3, -1 + 2 * 0.5], atol=1e-3)
    np.testing.assert_allclose(outer.min(axis=0), [5 - 2 * 3, -1 - 2 * 0.5], atol=1e-3)
    np.testing.assert_allclose(outer[0], outer[-1])  # a closed line


def test_nothing_is_drawn_where_it_would_not_be_true() -> None:
    line, globe = fitted("identity", 1), projections.create("stereographic").fit(RNG.normal(size=(9, 3)))
    tsne = projections.create("tsne")
    assert [p.basis for p in (line, globe, tsne)] == [None] * 3
    assert prior(vae(1), line) == prior(vae(3), globe) == ()
    assert posterior(globe, np.ones(3, np.float32), np.ones(3, np.float32)) == ()
    for name, latent in (("ae", 2), ("sphere-vae", 3), ("sphere-ae", 3)):
        model = models.create(name, shape=(4,), latent=latent, width=0.25)
        assert prior_sigma(model) is None
        assert prior(model, fitted("pca", latent)) == ()
        assert prior_corners(model, fitted("pca", latent)) is None
    stretched = Alignment(np.eye(2), np.zeros(2), np.zeros(2), 2.0)
    assert Aligned(fitted("pca", 4), stretched).basis is None


@pytest.mark.parametrize(("name", "latent"), LINEAR)
def test_corners_hold_the_prior_in_any_orientation(name: str, latent: int) -> None:
    projection = fitted(name, latent)
    low, high = prior_corners(vae(latent), projection)
    turned = [projection]
    if name == "rotation":
        turned += [projection.turned(Orientation.about((0.5, -0.4, 0.8), angle)) for angle in (1, 2, 3)]
    for one in turned:
        for contour in prior(vae(latent), one):
            assert (contour >= low - 1e-5).all()
            assert (contour <= high + 1e-5).all()
