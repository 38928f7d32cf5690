"""Traversals stop at the quantiles they name, and decode what they say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import Cancelled, ExplorerError
from explorer.core.latent.axes import LEVELS, measure, start
from explorer.core.latent.cloud import encode
from explorer.core.latent.traversal import MOST_ACTIVE, Traversal, traverse
from explorer.core.scene.probing import probe
from explorer.core.scene.scene import Scene, lay_out
from models import Autoencoder


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return load_dataset("iris")


def shown(model: Autoencoder, dataset: Dataset, index: int | None = None, **options: object) -> Traversal:
    cloud = encode(model, dataset)
    axes = measure(cloud, model)
    return traverse(model, axes, start(axes, cloud, index), **options)


def test_columns_are_the_quantiles_of_the_prior(iris: Dataset) -> None:
    grid = shown(models.create("vae", shape=iris.shape, latent=4), iris, 7)
    assert grid.values.shape == (4, len(LEVELS))
    np.testing.assert_allclose(grid.values, np.tile(stats.norm.ppf(LEVELS), (4, 1)), atol=1e-9)
    assert LEVELS[0] == 0.01
    assert LEVELS[-1] == 0.99


def test_a_cell_is_the_start_moved_along_one_axis_and_decoded(iris: Dataset) -> None:
    model = models.create("vae", shape=iris.shape, latent=4)
    grid = shown(model, iris, 7)
    code = encode(model, iris).mean[7]
    for row, axis in enumerate(grid.axes):
        wanted = np.tile(code, (len(LEVELS), 1))
        wanted[:, axis] = grid.values[row]
        np.testing.assert_allclose(grid.codes[row], wanted, rtol=1e-6)
    with torch.inference_mode():
        decoded = model.decode(torch.tensor(grid.codes.reshape(-1, 4))).numpy()
    np.testing.assert_allclose(grid.samples.reshape(decoded.shape), decoded, atol=1e-6)


@pytest.mark.parametrize("name", ["ae", "sphere-ae", "sphere-vae"])
def test_without_a_normal_prior_columns_are_the_codes_own_quantiles(iris: Dataset, name: str) -> None:
    model = models.create(name, shape=iris.shape, latent=3)
    grid, cloud = shown(model, iris), encode(model, iris)
    for row, axis in enumerate(grid.axes):
        below = (cloud.mean[:, axis, None] <= grid.values[row]).mean(0)
        np.testing.assert_allclose(below, LEVELS, atol=1.5 / len(cloud))
    if cloud.sphere:
        np.testing.assert_allclose(np.linalg.norm(grid.codes, axis=-1), 1.0, atol=1e-5)
        for row, axis in enumerate(grid.axes):
            np.testing.assert_allclose(grid.codes[row, :, axis], grid.values[row], atol=1e-6)


def test_of_many_axes_those_that_say_most_are_shown_or_all(iris: Dataset) -> None:
    model = models.create("vae", shape=iris.shape, latent=40)
    axes = measure(encode(model, iris), model)
    np.testing.assert_array_equal(shown(model, iris).axes, axes.order[:MOST_ACTIVE])
    whole = shown(model, iris, rows=None)
    assert sorted(whole.axes.tolist()) == list(range(40))
    assert whole.samples.shape == (40, len(LEVELS), *iris.shape)


def test_it_can_be_stopped_and_says_when_the_decoder_fails(iris: Dataset) -> None:
    model = models.create("vae", shape=iris.shape, latent=40)
    asked: list[bool] = []
    with pytest.raises(Cancelled):  # between two batches of codes
        shown(model, iris, rows=None, stop=lambda: asked.append(True) or len(asked) > 1)
    cloud = encode(model, iris)
    axes = measure(cloud, model)
    with torch.no_grad():
        [layer for layer in model.decoder.modules() if isinstance(layer, torch.nn.Linear)][-1].bias[0] = (
            torch.nan
        )
    with pytest.raises(ExplorerError, match="not finite"):
        traverse(model, axes, start(axes, cloud, 0))


@pytest.fixture(scope="module")
def scene(iris: Dataset) -> Scene:
    model = models.create("vae", shape=iris.shape, latent=5)
    return lay_out(iris, model, encode(model, iris), "pca")


def test_a_probed_code_is_decoded_and_placed_on_the_map(scene: Scene) -> None:
    frame = probe(scene, scene.cloud.mean[3])
    assert (frame.support, frame.nearest) == (None, None)
    assert frame.stamp == scene.key
    np.testing.assert_allclose(frame.xy, scene.xy[3], atol=1e-5)
    with torch.inference_mode():
        wanted = scene.model.decode(torch.tensor(scene.cloud.mean[3:4]))[0]
    np.testing.assert_allclose(frame.sample, wanted, atol=1e-6)
    near = probe(scene.with_neighbours(), scene.cloud.mean[3])
    assert near.distance == pytest.approx(0.0, abs=1e-6)
    assert (scene.cloud.mean[near.nearest] == scene.cloud.mean[3]).all()


def test_a_code_that_is_not_finite_is_said(scene: Scene) -> None:
    with pytest.raises(ExplorerError, match="not finite"):
        probe(scene, np.full(5, np.nan, dtype=np.float32))
