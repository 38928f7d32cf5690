from __future__ import annotations

import numpy as np
import pytest
import torch

import models
from explorer.core import projections
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import ExplorerError, NotFitted
from explorer.core.latent.cloud import Cloud, encode
from explorer.core.latent.support import Neighbours
from explorer.core.scene.decode import FrameRequest, make_frame
from models import Autoencoder


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits")


@pytest.fixture(scope="module")
def model(digits: Dataset) -> Autoencoder:
    return models.create("vae", shape=digits.shape, latent=4)


@pytest.fixture(scope="module")
def cloud(model: Autoencoder, digits: Dataset) -> Cloud:
    return encode(model, digits)


def test_a_frame_is_the_decoders_sample_at_the_lifted_place(model: Autoencoder, cloud: Cloud) -> None:
    pca = projections.create("pca").fit(cloud.mean)
    neighbours = Neighbours(cloud.mean, cloud.labels, train=cloud.train)
    frame = make_frame(FrameRequest("tab", (0.05, -0.02), stamp=7), model, pca, neighbours)
    code = pca.inverse(np.array([[0.05, -0.02]]))[0]
    np.testing.assert_allclose(frame.code, code, rtol=1e-6)
    with torch.no_grad():
        expected = model.decode(torch.tensor(code[None], dtype=torch.float32))[0].numpy()
    np.testing.assert_allclose(frame.sample, expected, atol=1e-6)
    around = neighbours.around(frame.code)
    assert (frame.support, frame.nearest) == (around.support, around.nearest)
    assert (frame.distance, frame.predicted) == (around.distance, around.predicted)
    assert (frame.xy, frame.stamp) == ((0.05, -0.02), 7)


def test_the_sample_is_float32_in_one_piece_and_of_the_datas_shape(
    model: Autoencoder, cloud: Cloud, digits: Dataset
) -> None:
    pca = projections.create("pca").fit(cloud.mean)
    frame = make_frame(FrameRequest(1, (0.0, 0.0)), model, pca, None)
    assert frame.sample.shape == digits.shape
    assert frame.sample.dtype == frame.code.dtype == np.float32
    assert frame.sample.flags.c_contiguous
    assert 0 <= frame.sample.min() <= frame.sample.max() <= 1


def test_while_neighbours_are_not_known_nothing_is_said_of_them(model: Autoencoder, cloud: Cloud) -> None:
    pca = projections.create("pca").fit(cloud.mean)
    frame = make_frame(FrameRequest(1, (0.0, 0.0)), model, pca, None)
    assert (frame.support, frame.nearest, frame.distance, frame.predicted) == (None, None, None, None)


def test_a_table_row_is_decoded_unclamped() -> None:
    iris = load_dataset("iris")
    model = models.create("ae", shape=iris.shape, latent=1)
    line = projections.create("identity").fit(encode(model, iris).mean)
    frame = make_frame(FrameRequest(1, (1e4, 3.0)), model, line, None)
    assert frame.code.tolist() == [1e4]
    assert np.abs(frame.sample).max() > 100


def test_a_decoder_that_leaves_the_numbers_is_one_sentence(model: Autoencoder, cloud: Cloud) -> None:
    pca = projections.create("pca").fit(cloud.mean)
    broken = model.clone()
    with torch.no_grad():
        next(broken.decoder.parameters()).fill_(float("nan"))
    with pytest.raises(ExplorerError, match=r"not finite at \(1, 2.5\); move nearer"):
        make_frame(FrameRequest(1, (1.0, 2.5)), broken, pca, None)


def test_no_place_and_no_cloud_are_one_sentence(model: Autoencoder, cloud: Cloud) -> None:
    with pytest.raises(ExplorerError, match="no place of the plane"):
        make_frame(FrameRequest(1, (float("nan"), 0.0)), model, projections.create("pca"), None)
    with pytest.raises(NotFitted):
        make_frame(FrameRequest(1, (0.0, 0.0)), model, projections.create("pca"), None)


def test_on_a_sphere_neighbours_are_those_of_the_direction_that_is_decoded(digits: Dataset) -> None:
    model = models.create("sphere-ae", shape=digits.shape, latent=3)
    cloud = encode(model, digits)
    neighbours = Neighbours(cloud.mean, cloud.labels, train=cloud.train)
    pca = projections.create("pca").fit(cloud.mean)
    frame = make_frame(FrameRequest(1, (0.0, 0.0)), model, pca, neighbours)
    length = np.linalg.norm(frame.code)
    assert abs(length - 1) > 1e-3  # the plane lies off the sphere
    assert (
        frame.distance
        == neighbours.around(frame.code / length).distance
        != neighbours.around(frame.code).distance
    )


def test_the_point_that_is_seen_is_decoded_rather_than_the_place(model: Autoencoder, cloud: Cloud) -> None:
    pca = projections.create("pca").fit(cloud.mean)
    frame = make_frame(FrameRequest(1, (9.0, 9.0), point=(5, cloud.mean[5])), model, pca, None)
    np.testing.assert_array_equal(frame.code, cloud.mean[5])
    assert (frame.point, frame.xy) == (5, (9.0, 9.0))
    assert "#5" in frame.how
