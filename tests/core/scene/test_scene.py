"""A scene holds what it was made from, and its places are its projection's."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import ExplorerError, UnknownName
from explorer.core.latent.cloud import Cloud, encode
from explorer.core.projections.turnable.orientation import Orientation
from explorer.core.scene.scene import Scene, lay_out
from models import Autoencoder


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return load_dataset("iris")


def encoded(dataset: Dataset, latent: int, seed: int = 0) -> tuple[Autoencoder, Cloud]:
    model = models.create("vae", shape=dataset.shape, latent=latent, seed=seed, width=0.25).eval()
    return model, encode(model, dataset)


@pytest.mark.parametrize(("latent", "name"), [(2, "identity"), (2, "pca"), (5, "pca")])
def test_places_are_the_projections_of_the_codes(iris: Dataset, latent: int, name: str) -> None:
    model, cloud = encoded(iris, latent)
    scene = lay_out(iris, model, cloud, name)
    assert (scene.dataset, scene.model, scene.cloud) == (iris, model, cloud)
    assert scene.xy.dtype == np.float32
    assert scene.xy.flags.c_contiguous
    np.testing.assert_allclose(scene.xy, scene.projection.forward(cloud.mean), rtol=1e-6)
    np.testing.assert_allclose(
        scene.projection.forward(scene.projection.inverse(scene.xy.astype(float))), scene.xy, atol=1e-5
    )


@pytest.mark.parametrize(("latent", "name"), [(2, "identity"), (3, "rotation")])
def test_its_corners_hold_everything_however_it_is_turned(iris: Dataset, latent: int, name: str) -> None:
    model, cloud = encoded(iris, latent)
    scene = lay_out(iris, model, cloud, name)
    low, high = scene.home
    assert not scene.outliers
    if name == "identity":
        assert (scene.xy >= low).all()
        assert (scene.xy <= high).all()
    else:
        for axis in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, -0.4, 0.8)):
            turned = replace(scene, projection=scene.projection.turned(Orientation.about(axis, 1.1)))
            assert (turned.places >= low).all()
            assert (turned.places <= high).all()
            assert turned.home is scene.home


@pytest.mark.parametrize(("latent", "name"), [(2, "identity"), (3, "rotation"), (3, "pca")])
def test_the_first_view_holds_the_prior_so_that_a_collapsed_cloud_looks_collapsed(
    iris: Dataset, latent: int, name: str
) -> None:
    model, cloud = encoded(iris, latent)
    scene = lay_out(iris, model, replace(cloud, mean=cloud.mean * np.float32(1e-3)), name)
    low, high = scene.home
    assert (high - low >= 4).all()
    assert (high - low < 4.2).all()
    plain = models.create("ae", shape=iris.shape, latent=latent, width=0.25).eval()
    alone = lay_out(iris, plain, scene.cloud, name)
    assert (alone.home[1] - alone.home[0] < 0.1).all()


@pytest.mark.parametrize(("latent", "name"), [(2, "identity"), (3, "rotation"), (3, "pca")])
def test_outliers_do_not_squash_the_first_view(iris: Dataset, latent: int, name: str) -> None:
    model, cloud = encoded(iris, latent)
    codes = np.random.default_rng(0).normal(size=(1000, latent)).astype(np.float32)
    codes[7] = 1e3
    bare = replace(cloud, mean=codes, spread=None, kl=None, labels=None)
    scene = lay_out(iris, model, bare, name)
    assert scene.outliers
    low, high = scene.home
    assert ((scene.places >= low) & (scene.places <= high)).all(axis=1).sum() == 999
    assert (high - low < 12).all()


def test_each_layout_has_a_key_and_gaining_neighbours_keeps_it(iris: Dataset) -> None:
    model, cloud = encoded(iris, 2)
    first, second = lay_out(iris, model, cloud, "identity"), lay_out(iris, model, cloud, "identity")
    assert first.key != second.key
    assert first.neighbours is None
    whole = first.with_neighbours()
    assert whole.key == first.key
    assert whole.xy is first.xy
    assert whole.neighbours is not None
    assert whole.with_neighbours().neighbours is whole.neighbours
    distances = np.linalg.norm(cloud.mean - np.float32([0.3, 0.1]), axis=1)
    row, distance = whole.neighbours.nearest(np.array([0.3, 0.1], dtype=np.float32))
    assert row == distances.argmin()
    assert distance == pytest.approx(distances.min(), rel=1e-5)


def test_only_training_samples_vote(iris: Dataset) -> None:
    model, cloud = encoded(iris, 2)
    # Whatever the test split is labelled, nobody hears of it.
    labels = cloud.labels.copy()
    labels[cloud.train :] = (labels[cloud.train :] + 1) % 3
    scenes = [
        lay_out(iris, model, c, "identity").with_neighbours() for c in (cloud, replace(cloud, labels=labels))
    ]
    votes = [[scene.neighbours.vote(code) for code in cloud.mean] for scene in scenes]
    assert votes[0] == votes[1]


def test_a_map_that_is_fitted_again_does_not_turn(iris: Dataset) -> None:
    model, cloud = encoded(iris, 3)
    noise = np.random.default_rng(0).standard_normal(cloud.mean.shape).astype(np.float32)
    wide, tall = (
        replace(cloud, mean=noise * np.float32(extent)) for extent in ([1.3, 1, 0.1], [1, 1.3, 0.1])
    )
    before = lay_out(iris, model, wide, "pca")

    def kept(after: Scene) -> float:
        return abs(np.corrcoef(before.xy[:, 0], after.xy[:, 0])[0, 1])

    assert kept(lay_out(iris, model, tall, "pca")) < 0.5  # by itself the longest axis comes first
    assert kept(lay_out(iris, model, tall, "pca", like=before.projection)) > 0.9


def test_what_cannot_be_laid_out_is_said(iris: Dataset) -> None:
    model, cloud = encoded(iris, 3)
    with pytest.raises(ExplorerError, match="identity"):
        lay_out(iris, model, cloud, "identity")
    with pytest.raises(UnknownName, match="choose from identity, pca"):
        lay_out(iris, model, cloud, "mercator")


def test_a_scene_can_be_collected(iris: Dataset) -> None:
    scene = lay_out(iris, *encoded(iris, 2), "identity").with_neighbours()
    gone = weakref.ref(scene)
    del scene
    gc.collect()
    assert gone() is None
