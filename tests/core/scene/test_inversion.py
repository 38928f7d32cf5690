"""From a place to a code: what is held is held, and a guess says how far off it is."""

from __future__ import annotations

import numpy as np
import pytest

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.latent.cloud import Cloud, encode
from explorer.core.projections.layout import Layout
from explorer.core.scene.inversion import Formula, Guess, NearestHeld, Through, map_distortion, prepared
from explorer.core.scene.scene import Scene, lay_out
from models import Autoencoder


@pytest.fixture(scope="module")
def encoded() -> tuple[Dataset, Autoencoder, Cloud]:
    digits = load_dataset("digits")
    model = models.create("vae", shape=digits.shape, latent=6, width=0.25).eval()
    return digits, model, encode(model, digits)


@pytest.fixture(scope="module")
def tsne(encoded: tuple[Dataset, Autoencoder, Cloud]) -> Scene:
    return lay_out(*encoded, Layout("tsne", (("samples", 900),)))


@pytest.mark.parametrize("name", ["pca", "slice"])
def test_holding_a_code_lays_the_plane_through_it(
    encoded: tuple[Dataset, Autoencoder, Cloud], name: str
) -> None:
    scene = lay_out(*encoded, name)
    code = scene.cloud.mean[5].astype(float)
    at = scene.projection.forward(code[None])
    lifted = Through(code, "sample #5").at(scene.projection, at)
    np.testing.assert_allclose(lifted.code, code, atol=1e-9)
    assert lifted.how == "exact, through sample #5"
    xy = np.array([[0.3, -0.2]])
    code = Through(code, "sample #5").at(scene.projection, xy).code
    np.testing.assert_allclose(scene.projection.forward(code[None]), xy, atol=1e-9)


def test_the_nearest_sample_gives_its_residual(encoded: tuple[Dataset, Autoencoder, Cloud]) -> None:
    scene = lay_out(*encoded, "pca")
    lift = prepared(scene)
    assert isinstance(lift, NearestHeld)
    for row in (0, 77, 1500):
        lifted = lift.at(scene.projection, scene.xy[row : row + 1].astype(float))
        np.testing.assert_allclose(lifted.code, scene.cloud.mean[row], atol=1e-5)
    xy = np.array([[0.01, 0.02]])
    row = np.linalg.norm(scene.xy - xy, axis=1).argmin()
    lifted = lift.at(scene.projection, xy)
    assert lifted.how == f"exact, residual of sample #{row} held"
    moved = scene.cloud.mean[row] + scene.projection.inverse(xy)[0]
    moved = moved - scene.projection.inverse(scene.xy[row : row + 1].astype(float))[0]
    np.testing.assert_allclose(lifted.code, moved, atol=1e-5)


def test_a_formula_is_exact_and_an_embedding_a_guess(
    encoded: tuple[Dataset, Autoencoder, Cloud], tsne: Scene
) -> None:
    xy = np.array([[0.5, 0.25]])
    scene = lay_out(*encoded, "pca")
    assert Formula().at(scene.projection, xy).how == "exact"
    lifted = Formula().at(tsne.projection, xy)
    assert "guess" in lifted.how
    assert lifted.error is None
    np.testing.assert_array_equal(lifted.code, tsne.projection.inverse(xy)[0])


@pytest.mark.parametrize(
    ("name", "on", "beside"),
    [
        ("orthographic", [(0.0, 0.0), (0.6, -0.7), (0.8, 0.6)], [(1.01, 0.0), (0.8, 0.8)]),
        ("stereographic", [(0.0, 0.0), (2.0, -30.0)], []),
        ("cylindrical", [(0.0, 0.0), (-3.1, 0.999)], [(0.0, 1.01), (3.2, 0.0)]),
    ],
)
def test_beside_the_globe_it_is_said_to_be_there(
    name: str, on: list[tuple[float, float]], beside: list[tuple[float, float]]
) -> None:
    digits = load_dataset("digits")
    model = models.create("sphere-vae", shape=digits.shape, latent=3, width=0.25).eval()
    globe = lay_out(digits, model, encode(model, digits), name).projection
    for xy in on:
        assert Formula().at(globe, np.array([xy])).how == "exact"
    for xy in beside:
        lifted = Formula().at(globe, np.array([xy]))
        assert lifted.how.startswith("beside the globe")
        assert np.linalg.norm(lifted.code) == pytest.approx(1)


def test_a_guess_is_about_the_samples_drawn_around(tsne: Scene) -> None:
    guess = prepared(tsne)
    assert isinstance(guess, Guess)
    errors = tsne.projection.error(tsne.cloud.mean)
    assert guess.samples == len(tsne.cloud)
    assert guess.median == pytest.approx(np.median(errors))
    at = tsne.xy[40:41].astype(float)
    around = np.argsort(np.linalg.norm(tsne.xy - at, axis=1))[:10]
    lifted = guess.at(tsne.projection, at)
    assert lifted.error == pytest.approx(errors[around].mean(), rel=1e-6)
    assert f"error {lifted.error:.2f} of the cloud's spread" in lifted.how


def test_the_guess_tells_good_places_from_bad_ones(tsne: Scene) -> None:
    # Of codes that the map was not fitted to, and that the guess has not been told of.
    told = np.arange(0, len(tsne.cloud), 2)
    guess = Guess(tsne)
    guess._errors, asked = (
        guess._errors.copy(),
        np.setdiff1d(np.arange(1, len(tsne.cloud), 2), tsne.projection.fitted.rows),
    )
    from scipy.spatial import cKDTree

    guess._tree, guess._errors = cKDTree(tsne.xy[told]), guess._errors[told]
    said = [guess.at(tsne.projection, tsne.xy[row : row + 1].astype(float)).error for row in asked]
    true = tsne.projection.error(tsne.cloud.mean[asked])
    low, high = np.array(said) < np.quantile(said, 0.3), np.array(said) > np.quantile(said, 0.7)
    assert true[high].mean() > 1.15 * true[low].mean()
    assert np.mean(said) == pytest.approx(true.mean(), rel=0.15)


def test_distortion_is_zero_where_the_stretch_is_typical(tsne: Scene) -> None:
    values = map_distortion(tsne)
    fitted = values[tsne.projection.fitted.rows]
    assert values.dtype == np.float32
    assert abs(np.median(fitted)) < 0.05
    np.testing.assert_allclose(2.0**values, tsne.projection.distortion(tsne.xy), rtol=1e-3)
