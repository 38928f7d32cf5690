"""The columns that points are coloured by, on images and on tables in their own units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import models
from explorer.core.columns.columns import columns
from explorer.core.datasets import Dataset, Split, from_table, load_dataset
from explorer.core.errors import UnknownName
from explorer.core.latent.cloud import encode
from explorer.core.rendering.colouring import MOST_CODES, colouring, menu
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


def test_the_menu_has_every_column_with_its_name_beside_its_title(digits: Scene, iris: Scene) -> None:
    assert list(menu(digits).items()) == [
        ("label", "label"),
        ("split", "split"),
        ("density", "density"),
        ("reconstruction error · error", "error"),
        ("KL · kl", "kl"),
        ("agreement", "agreement"),
        ("nearest label · nearest_label", "nearest_label"),
        ("trustworthiness", "trustworthiness"),
        ("z1", "z1"),
        ("z2", "z2"),
    ]
    assert tuple(menu(iris).values()) == tuple(columns(iris))
    assert "kl" not in menu(scene_of(iris.dataset, "ae")).values()
    many = menu(scene_of(iris.dataset, latent=50))
    assert f"z{MOST_CODES}" in many
    assert f"z{MOST_CODES + 1}" not in many


@pytest.mark.parametrize("source", ["digits", "iris"])
def test_on_the_sphere_each_sample_has_a_kl_and_without_a_prior_none(source: str) -> None:
    dataset = load_dataset(source)
    sphere = scene_of(dataset, "sphere-vae", latent=3)
    values = colouring(sphere, "kl").values
    assert values.shape == (len(dataset),)
    assert (values > 0).all()
    assert "kl" not in menu(scene_of(dataset, "sphere-ae", latent=3)).values()


def test_label_and_split_are_classes(digits: Scene) -> None:
    label = colouring(digits, "label")
    np.testing.assert_array_equal(label.labels, digits.dataset.y)
    assert label.classes == digits.dataset.classes
    assert label.title == digits.dataset.label_name
    assert label.counts == tuple((digits.dataset.y == k).sum() for k in range(10))
    split = colouring(digits, "split")
    assert split.classes == ("train", "test")
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


def test_columns_of_a_table_come_in_its_own_units(iris: Scene) -> None:
    drawing = iris.dataset.drawing
    for column, name in enumerate(drawing.names):
        found = colouring(iris, name)
        assert found.title == name
        assert found.labels is None
        np.testing.assert_allclose(found.values, drawing.to_units(iris.dataset.x)[:, column], rtol=1e-5)
        assert found.values.mean() > 1  # centimetres, not standardised values around 0


def test_what_each_colouring_says_has_one_entry_a_sample(iris: Scene) -> None:
    for name in menu(iris).values():
        found = colouring(iris, name)
        assert len(found.labels if found.values is None else found.values) == len(iris.cloud), name
        assert found.title == columns(iris)[name].legend
        assert sum(found.counts) == (len(iris.cloud) if found.values is None else 0)


def with_table(frame: pd.DataFrame) -> Scene:
    rng = np.random.default_rng(0)
    frame = frame.assign(x=rng.normal(size=len(frame)), y=rng.normal(size=len(frame)))
    return scene_of(from_table("own", frame, ("x", "y")))


def test_text_colours_by_class_and_what_is_missing_is_one_too() -> None:
    scene = with_table(pd.DataFrame({"hue": ["red", "blue", None, "red"] * 10, "good": [True, False] * 20}))
    found, rows = colouring(scene, "hue"), scene.dataset.table["hue"]
    assert found.classes == ("blue", "red", "no value")
    assert found.counts == (10, 20, 10)
    named = [found.classes[label] for label in found.labels]
    assert named == rows.fillna("no value").tolist()
    assert colouring(scene, "good").classes == ("False", "True")
    missing = pd.Series([1.0, np.nan] * 20).astype("Int64")
    numbers = colouring(with_table(pd.DataFrame({"n": missing})), "n").values
    assert np.isnan(numbers).sum() == 20


def test_of_very_many_texts_the_commonest_have_a_class() -> None:
    names = [f"name {index}" for index in range(300)] + ["common"] * 50 + ["usual"] * 20
    found = colouring(with_table(pd.DataFrame({"who": names})), "who")
    assert len(found.classes) == 64
    assert found.classes[-1] == "all others"
    counts = dict(zip(found.classes, found.counts, strict=True))
    assert (counts["common"], counts["usual"]) == (50, 20)
    assert sum(found.counts) == len(names)


def test_an_unknown_name_is_answered_with_those_there_are(digits: Scene) -> None:
    with pytest.raises(
        UnknownName, match="unknown colouring 'mood'; choose from label, split, density"
    ) as caught:
        colouring(digits, "mood")
    assert "\n" not in str(caught.value)
