"""Which columns a scene has, and what their values are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

import models
from explorer.core.columns import own_columns
from explorer.core.columns.column import Cost, Kind
from explorer.core.columns.columns import classes, columns, empty, find, names, values
from explorer.core.columns.own_columns import TRUST
from explorer.core.datasets import Dataset, Split, from_table, load_dataset
from explorer.core.errors import Cancelled, UnknownName
from explorer.core.latent.cloud import encode
from explorer.core.quality.measure import trustworthiness
from explorer.core.scene.scene import Scene, lay_out

OWN = ("label", "split", "density", "error", "kl", "agreement", "nearest_label", "trustworthiness")


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
    assert names(digits) == (*OWN, "z1", "z2")
    assert names(iris) == (*OWN, *map(str, iris.dataset.table.columns), "z1", "z2")
    assert "kl" not in names(scene_of(iris.dataset, "ae"))
    assert names(scene_of(iris.dataset, latent=12))[-12:] == tuple(f"z{axis}" for axis in range(1, 13))
    plain = iris.dataset
    unlabelled = Dataset("plain", Split(plain.train.x), Split(plain.test.x), plain.drawing)
    assert names(scene_of(unlabelled)) == ("split", "density", "error", "kl", "trustworthiness", "z1", "z2")


def test_each_column_has_a_value_for_each_sample_and_says_what_it_is(iris: Scene, digits: Scene) -> None:
    for scene in (iris, digits):
        for name, column in columns(scene).items():
            found = values(scene, name)
            assert len(found) == len(scene.cloud), name
            assert find(scene, name) == column
            assert column.help.endswith("."), name
            assert column.legend
            assert pd.api.types.is_numeric_dtype(found.dtype) == (column.kind is Kind.NUMBER), name
            without = empty(scene, name)
            assert len(without) == 0
            assert pd.api.types.is_numeric_dtype(without.dtype) == (column.kind is Kind.NUMBER), name


def test_figures_are_those_of_the_model_and_the_cloud(digits: Scene) -> None:
    x = torch.from_numpy(np.array(digits.dataset.x))
    with torch.inference_mode():
        errors = models.reconstruction_error(digits.model, x).numpy()
        kl = digits.model.encode(x).kl().numpy()
    np.testing.assert_allclose(values(digits, "error"), errors, rtol=1e-4)
    np.testing.assert_allclose(values(digits, "kl"), kl, rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(values(digits, "density"), digits.find_neighbours().densities())
    np.testing.assert_array_equal(values(digits.with_neighbours(), "density"), values(digits, "density"))
    for axis in range(2):
        np.testing.assert_array_equal(values(digits, f"z{axis + 1}"), digits.cloud.mean[:, axis])


def test_classes_are_those_of_the_data(digits: Scene) -> None:
    assert values(digits, "label").tolist() == [digits.dataset.classes[y] for y in digits.dataset.y]
    assert values(digits, "split").tolist() == ["train"] * 60 + ["test"] * 60


def test_the_nearest_are_compared_by_label(digits: Scene) -> None:
    codes, label = digits.cloud.mean.astype(float), digits.dataset.y
    agreement, nearest = values(digits, "agreement"), values(digits, "nearest_label")
    for row in range(len(codes)):
        order = np.argsort(np.linalg.norm(codes - codes[row], axis=1), kind="stable")
        found = label[order[order != row][:10]]
        assert agreement[row] == pytest.approx((found == label[row]).mean())
        most = np.bincount(found).max()
        winner = next(y for y in found if (found == y).sum() == most)
        assert nearest[row] == digits.dataset.classes[winner]


def test_trustworthiness_is_the_map_s_own_and_says_what_was_looked_at(
    iris: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find(iris, TRUST).legend == "trustworthiness on this map: 10 nearest among all samples"
    np.testing.assert_array_equal(values(iris, TRUST), trustworthiness(iris.dataset.x, iris.xy))
    monkeypatch.setattr(own_columns, "_PAIRS", 150 * 40)
    assert find(iris, TRUST).legend == "trustworthiness on this map: 10 nearest among 40 drawn samples"
    np.testing.assert_array_equal(values(iris, TRUST), trustworthiness(iris.dataset.x, iris.xy, most=40))
    flat = scene_of(iris.dataset, "sphere-vae", latent=3)
    globe = lay_out(iris.dataset, flat.model, flat.cloud, "orthographic")
    assert "of codes" in find(globe, TRUST).legend
    assert find(iris, TRUST).cost is Cost.LONG
    for name in (TRUST, "error", "agreement"):
        with pytest.raises(Cancelled):
            values(iris, name, stop=lambda: True)


def test_the_table_s_columns_are_in_their_own_units_text_included() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "fixed acidity": rng.normal(5, 1, 40),
            "colour": ["red", "white"] * 20,
            "good": [True, False] * 20,
            "size": pd.Categorical(["small", "large"] * 20),
        }
    )
    scene = scene_of(from_table("own", frame, ("fixed acidity",)))
    found = columns(scene)
    kinds = {name: found[name].kind for name in frame.columns}
    assert kinds == {
        "fixed acidity": Kind.NUMBER,
        "colour": Kind.TEXT,
        "good": Kind.CLASS,
        "size": Kind.CLASS,
    }
    for name in frame.columns:
        assert values(scene, name).tolist() == scene.dataset.table[name].tolist()
    assert set(classes(scene, "colour")) == {"red", "white"}
    assert classes(scene, "size") == ("large", "small")
    assert classes(scene, "good") == classes(scene, "fixed acidity") == ()


def test_a_column_whose_name_is_taken_is_marked() -> None:
    rng = np.random.default_rng(0)
    taken = ("density", "kl", "error", "z1", "split", "density (table)")
    frame = pd.DataFrame({name: rng.normal(5, 1, 40) for name in (*taken, "label", "z3", "weight")})
    scene = scene_of(from_table("own", frame, tuple(frame.columns)))
    assert len(set(names(scene))) == len(names(scene))
    # Without labels "label" is nobody else's, and of two latent coordinates none is z3.
    assert names(scene)[-11:-2] == (
        *("density (table)", "kl (table)", "error (table)", "z1 (table)", "split (table)"),
        *("density (table) (table)", "label", "z3", "weight"),
    )
    np.testing.assert_array_equal(values(scene, "kl (table)"), scene.dataset.table["kl"])
    np.testing.assert_array_equal(values(scene, "density (table) (table)"), scene.dataset.table[taken[-1]])
    assert not np.allclose(values(scene, "kl"), values(scene, "kl (table)"))


@pytest.mark.parametrize("name", ["mood", "z0", "z3", "z01", "z", "Z1", "z１", "", "z" + "9" * 40])
def test_an_unknown_name_is_answered_with_those_there_are(digits: Scene, name: str) -> None:
    assert find(digits, name) is None
    with pytest.raises(UnknownName, match="choose from label, split, density") as caught:
        values(digits, name)
    assert "\n" not in str(caught.value)
