"""What points can be coloured by, on images and on tables in their own units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import models
from explorer.core.datasets import Dataset, Split, from_table, load_dataset
from explorer.core.errors import Cancelled, UnknownName
from explorer.core.latent.cloud import encode
from explorer.core.quality.measure import trustworthiness
from explorer.core.rendering import colouring as module
from explorer.core.rendering.colouring import CHEAP, colouring, names
from explorer.core.scene.scene import Scene, lay_out


def scene_of(dataset: Dataset, name: str = "vae", latent: int = 2) -> Scene:
    model = models.create(name, shape=dataset.shape, latent=latent, width=0.25).eval()
    return lay_out(dataset, model, encode(model, dataset), "identity" if latent == 2 else "pca")


def few(dataset: Dataset, n: int = 60) -> Dataset:
    return replace(
        dataset,
        train=Split(dataset.train.x[:n], dataset.train.y[:n]),
        test=Split(dataset.test.x[:n], dataset.test.y[:n]),
    )


@pytest.fixture(scope="module")
def digits() -> Scene:
    return scene_of(few(load_dataset("digits")))


@pytest.fixture(scope="module")
def iris() -> Scene:
    return scene_of(load_dataset("iris"))


def test_names_are_what_there_is(digits: Scene, iris: Scene) -> None:
    assert names(digits) == ("label", "split", "density", "reconstruction error", "KL", "trustworthiness")
    columns = tuple(iris.dataset.drawing.names)
    assert len(columns) == 4
    assert names(iris) == (*names(digits), *columns)
    assert "KL" not in names(scene_of(iris.dataset, "ae"))
    plain = iris.dataset
    unlabelled = Dataset("plain", Split(plain.train.x), Split(plain.test.x), plain.drawing)
    assert names(scene_of(unlabelled)) == names(digits)[1:]


@pytest.mark.parametrize("source", ["digits", "iris"])
def test_on_the_sphere_each_sample_has_a_kl_and_without_a_prior_none(source: str) -> None:
    dataset = load_dataset(source)
    sphere = scene_of(dataset, "sphere-vae", latent=3)
    assert names(sphere)[:5] == ("label", "split", "density", "reconstruction error", "KL")
    values = colouring(sphere, "KL").values
    assert values.shape == (len(dataset),)
    assert (values > 0).all()
    assert "KL" not in names(scene_of(dataset, "sphere-ae", latent=3))


def test_trustworthiness_is_the_map_s_own_and_says_what_was_looked_at(
    iris: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = colouring(iris, "trustworthiness")
    assert found.title == "trustworthiness on this map: 10 nearest among all samples"
    np.testing.assert_array_equal(found.values, trustworthiness(iris.dataset.x, iris.xy))
    monkeypatch.setattr(module, "_PAIRS", 150 * 40)
    drawn = colouring(iris, "trustworthiness")
    assert drawn.title == "trustworthiness on this map: 10 nearest among 40 drawn samples"
    np.testing.assert_array_equal(drawn.values, trustworthiness(iris.dataset.x, iris.xy, most=40))
    flat = scene_of(iris.dataset, "sphere-vae", latent=3)
    globe = lay_out(iris.dataset, flat.model, flat.cloud, "orthographic")
    assert "of codes" in colouring(globe, "trustworthiness").title
    with pytest.raises(Cancelled):
        colouring(iris, "trustworthiness", stop=lambda: True)


def test_label_and_split_are_classes(digits: Scene) -> None:
    label = colouring(digits, "label")
    np.testing.assert_array_equal(label.labels, digits.dataset.y)
    assert label.classes == digits.dataset.classes
    assert label.title == digits.dataset.label_name
    assert label.counts == tuple((digits.dataset.y == k).sum() for k in range(10))
    split = colouring(digits, "split")
    assert split.classes == ("training", "test")
    np.testing.assert_array_equal(split.labels, [0] * 60 + [1] * 60)
    assert split.counts == (60, 60)
    assert split.values is label.values is None


def test_grades_are_in_order(digits: Scene) -> None:
    assert not colouring(digits, "label").ordered
    frame = pd.DataFrame({"a": np.arange(60.0), "grade": np.arange(60) % 7 + 3})
    graded = scene_of(from_table("wine", frame, ("a",), label="grade", ordered=True))
    assert colouring(graded, "label").ordered
    assert graded.cloud.ordered
    assert not colouring(graded, "split").ordered
    two = from_table("two", frame.assign(grade=frame["grade"] % 2), ("a",), label="grade", ordered=True)
    assert not two.ordered


def test_numbers_are_those_of_the_model_and_the_cloud(digits: Scene) -> None:
    import torch

    x = torch.from_numpy(np.array(digits.dataset.x))
    with torch.inference_mode():
        errors = models.reconstruction_error(digits.model, x).numpy()
        kl = digits.model.encode(x).kl().numpy()
    np.testing.assert_allclose(colouring(digits, "reconstruction error").values, errors, rtol=1e-4)
    np.testing.assert_allclose(colouring(digits, "KL").values, kl, rtol=1e-3, atol=1e-5)
    assert colouring(digits, "KL").counts == ()
    density = colouring(digits, "density").values
    again = colouring(digits.with_neighbours(), "density").values
    np.testing.assert_array_equal(density, again)
    np.testing.assert_array_equal(density, digits.find_neighbours().densities())


def test_columns_of_a_table_come_in_its_own_units(iris: Scene) -> None:
    drawing = iris.dataset.drawing
    for column, name in enumerate(drawing.names):
        found = colouring(iris, name)
        assert found.title == name
        assert found.labels is None
        np.testing.assert_allclose(found.values, drawing.to_units(iris.dataset.x)[:, column], rtol=1e-5)
        assert found.values.mean() > 1  # centimetres, not standardised values around 0


def test_what_each_colouring_says_has_one_entry_a_sample(iris: Scene) -> None:
    for name in names(iris):
        found = colouring(iris, name)
        assert len(found.labels if found.values is None else found.values) == len(iris.cloud), name
    assert set(CHEAP) < set(names(iris))


def test_a_column_whose_name_is_taken_is_marked() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"density": rng.normal(5, 1, 40), "KL": rng.normal(9, 1, 40), "weight": rng.normal(size=40)}
    )
    scene = scene_of(from_table("own", frame, tuple(frame.columns)))
    assert len(set(names(scene))) == len(names(scene))
    assert names(scene)[-3:] == ("density (table)", "KL (table)", "weight")
    taken = colouring(scene, "density (table)").values
    np.testing.assert_allclose(np.sort(taken), np.sort(frame["density"]).astype(np.float32))
    assert not np.allclose(colouring(scene, "KL").values, colouring(scene, "KL (table)").values)


def test_an_unknown_name_is_answered_with_those_there_are(digits: Scene) -> None:
    with pytest.raises(
        UnknownName, match="unknown colouring 'mood'; choose from label, split, density"
    ) as caught:
        colouring(digits, "mood")
    assert "\n" not in str(caught.value)
