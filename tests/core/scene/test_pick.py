"""The picked sample is the one under the hand, and its error is the model's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import models
from explorer.core.datasets import Dataset, Split, load_dataset
from explorer.core.latent.cloud import encode
from explorer.core.scene.pick import nearest_on_plane, pick
from explorer.core.scene.scene import Scene, lay_out


def scene_of(dataset: Dataset) -> Scene:
    model = models.create("vae", shape=dataset.shape, width=0.25, seed=3).eval()
    return lay_out(dataset, model, encode(model, dataset), "identity")


@pytest.fixture(scope="module", params=["digits", "iris"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return scene_of(load_dataset(request.param))


def test_error_and_reconstruction_are_the_models(scene: Scene) -> None:
    model, train = scene.model, scene.cloud.train
    for index in (0, train - 1, train, len(scene.cloud) - 1):
        picked = pick(scene, index)
        x = torch.from_numpy(scene.dataset.x[index : index + 1].copy())
        with torch.inference_mode():
            wanted = float(models.reconstruction_error(model, x)[0])
            decoded = model.decode(model.encode(x).mean)[0].numpy()
        assert picked.error == pytest.approx(wanted, rel=1e-5)
        np.testing.assert_allclose(picked.reconstruction, decoded, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(picked.original, scene.dataset.x[index])
        assert picked.index == index
        np.testing.assert_allclose(picked.spread, scene.cloud.spread[index], rtol=1e-4)
        assert picked.xy == tuple(scene.xy[index].tolist())
        assert picked.split == ("training" if index < train else "test")
        assert picked.label == scene.dataset.classes[scene.dataset.y[index]]
        assert picked.convention == model.convention


def test_without_labels_there_is_none_to_say(scene: Scene) -> None:
    data = scene.dataset
    plain = Dataset("plain", Split(data.train.x), Split(data.test.x), data.drawing)
    assert pick(scene_of(plain), 1).label is None


def test_nearest_is_that_of_brute_force(scene: Scene) -> None:
    rng = np.random.default_rng(0)
    low, high = scene.xy.min(axis=0), scene.xy.max(axis=0)
    visible = rng.random(len(scene.cloud)) < 0.3
    shown = np.flatnonzero(visible)
    for place in rng.uniform(low - 1, high + 1, (50, 2)):
        distances = np.hypot(*(scene.xy.astype(float) - place).T)
        at = (float(place[0]), float(place[1]))
        assert distances[nearest_on_plane(scene, at)] == pytest.approx(distances.min(), abs=1e-5)
        found = nearest_on_plane(scene, at, visible)
        assert found in shown
        assert distances[found] == pytest.approx(distances[shown].min(), abs=1e-5)


def test_looking_changes_nothing(scene: Scene) -> None:
    xy = scene.xy.copy()
    visible = np.zeros(len(scene.cloud), dtype=bool)
    visible[5] = True
    assert nearest_on_plane(scene, (0.0, 0.0), visible) == 5
    np.testing.assert_array_equal(scene.xy, xy)
