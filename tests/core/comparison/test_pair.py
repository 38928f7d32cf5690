"""Two sides on one plane: what is aligned, what a place means, and the way between."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

import models
from explorer.core.comparison.pair import pair
from explorer.core.comparison.side import Side
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import ExplorerError
from explorer.core.latent.cloud import encode
from explorer.core.projections.layout import Layout
from explorer.core.projections.turnable.orientation import Orientation
from models import Autoencoder


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return load_dataset("iris")


def side(dataset: Dataset, kind: str = "vae", latent: int = 2, seed: int = 0) -> Side:
    model = models.create(kind, shape=dataset.shape, latent=latent, seed=seed, width=0.25).eval()
    return Side(f"{kind} {seed}", model, encode(model, dataset))


def turned(before: Side, turn: np.ndarray, shift: np.ndarray | float = 0.0) -> Side:
    """The same model, but whose codes lie elsewhere: turned, mirrored, moved."""
    mean = (before.cloud.mean @ turn + shift).astype(np.float32)
    return Side("turned", before.model, replace(before.cloud, mean=mean))


def decoded(model: Autoencoder, code: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return model.decode(torch.tensor(code[None].astype(np.float32)))[0].numpy()


def test_what_was_trained_on_keeps_its_places(iris: Dataset) -> None:
    before, after = side(iris), side(iris, seed=1)
    found = pair(iris, before, after, Layout("identity"), related=True)
    assert found.common
    assert not found.turned
    np.testing.assert_array_equal(found.after.xy, after.cloud.mean)
    frame = found.decode((0.3, -0.2))
    for sample, one in ((frame.before, before), (frame.after, after)):
        np.testing.assert_allclose(sample, decoded(one.model, np.array([0.3, -0.2])), atol=1e-6)


def test_a_space_of_its_own_is_turned_back_mirrored_too(iris: Dataset) -> None:
    before, mirror = side(iris), np.array([[0.6, 0.8], [0.8, -0.6]])
    after = turned(before, mirror, np.array([2.0, -1.0]))
    found = pair(iris, before, after, Layout("identity"))
    assert found.turned
    assert found.after.alignment.mirrors
    np.testing.assert_allclose(found.after.xy, before.cloud.mean, atol=1e-5)
    # The code of a sample's place is the one that its own encoder gives it.
    place = tuple(found.after.xy[17].astype(float).tolist())
    np.testing.assert_allclose(found.after.code_at(place), after.cloud.mean[17], atol=1e-5)
    frame = found.decode(place)
    np.testing.assert_allclose(frame.after, decoded(after.model, after.cloud.mean[17]), atol=1e-4)


def test_on_the_globe_too(iris: Dataset) -> None:
    before = side(iris, "sphere-vae", 3)
    after = turned(before, Rotation.from_euler("xyz", [40, 110, -70], degrees=True).as_matrix())
    found = pair(iris, before, after, Layout("orthographic"))
    orientation = Orientation.about((0, 1, 0), 0.7)
    np.testing.assert_allclose(found.after.places(orientation), found.before.places(orientation), atol=1e-5)
    shown = np.flatnonzero(found.after.visible(orientation))
    row = int(shown[len(shown) // 2])
    place = tuple(found.after.places(orientation)[row].astype(float).tolist())
    np.testing.assert_allclose(found.after.code_at(place, orientation), after.cloud.mean[row], atol=1e-3)


def test_one_projection_lays_out_both(iris: Dataset) -> None:
    before, after = side(iris, latent=4), side(iris, latent=4, seed=1)
    found = pair(iris, before, after, Layout("pca"), related=True)
    assert found.after.projection is found.before.projection
    np.testing.assert_allclose(found.after.xy, found.before.projection.forward(after.cloud.mean), atol=1e-6)
    later = pair(iris, before, after, Layout("pca"), related=True, known=found.before)
    assert later.before is found.before


@pytest.mark.parametrize("other", [("sphere-vae", 3), ("vae", 5)])
def test_spaces_of_two_kinds_have_a_map_each(iris: Dataset, other: tuple[str, int]) -> None:
    before, after = side(iris), side(iris, *other)
    found = pair(iris, before, after, Layout("identity"))
    assert not found.common
    assert found.after.projection is not found.before.projection
    np.testing.assert_array_equal(found.moved(0.5), found.after.places())
    frame = found.decode((0.1, 0.2))
    assert len(frame.codes[1]) == other[1]
    code = found.after.projection.inverse(np.array([[0.1, 0.2]]))[0]
    np.testing.assert_allclose(frame.after, decoded(after.model, code), atol=1e-6)


def test_an_embedding_is_never_computed_for_a_pair(iris: Dataset) -> None:
    found = pair(iris, side(iris), side(iris, seed=1), Layout("tsne"))
    assert found.before.projection.name == "identity"


def test_the_way_begins_and_ends_at_the_sides(iris: Dataset) -> None:
    for kind, latent, name in (("vae", 2, "identity"), ("vae", 4, "pca"), ("sphere-vae", 3, "stereographic")):
        found = pair(iris, side(iris, kind, latent), side(iris, kind, latent, 1), Layout(name))
        np.testing.assert_array_equal(found.moved(0), found.before.places())
        np.testing.assert_array_equal(found.moved(1), found.after.places())
        half, back = found.moved(0.5), found.swapped().moved(0.5)
        np.testing.assert_allclose(half, back, atol=1e-5)
        if latent != 3:
            np.testing.assert_allclose(half, (found.moved(0) + found.moved(1)) / 2, atol=1e-5)


def test_swapped_twice_is_the_same(iris: Dataset) -> None:
    found = pair(iris, side(iris), side(iris, seed=1), Layout("identity"))
    once, twice = found.swapped(), found.swapped().swapped()
    assert (once.before, once.after) == (found.after, found.before)
    assert (twice.before, twice.after, twice.common) == (found.before, found.after, found.common)
    assert len({found.key, once.key, twice.key}) == 3


def test_other_data_are_refused(iris: Dataset) -> None:
    digits = load_dataset("digits")
    with pytest.raises(ExplorerError, match="other data than 'iris'"):
        pair(iris, side(iris), side(digits), Layout("identity"))


def test_a_place_that_is_none_is_refused(iris: Dataset) -> None:
    found = pair(iris, side(iris), side(iris, seed=1), Layout("identity"))
    with pytest.raises(ExplorerError, match="no place of the plane"):
        found.decode((float("nan"), 0.0))
