"""What the browser decodes is what was painted, to the eye."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from explorer.core.rendering.png import MIME, encode_pixels
from explorer.core.rendering.points import Points
from explorer.core.rendering.shade import shade
from explorer.core.scene.viewport import Viewport


def decoded(rgba: np.ndarray) -> np.ndarray:
    image = Image.open(io.BytesIO(encode_pixels(rgba)))
    assert Image.MIME[image.format] == MIME
    return np.asarray(image.convert("RGBA"))


def on_white(rgba: np.ndarray) -> np.ndarray:
    alpha = rgba[..., 3:] / 255
    return rgba[..., :3] * alpha + 255 * (1 - alpha)


def mixture(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, n)
    centres = rng.normal(0, 1.6, (10, 2))
    return (centres[labels] + rng.normal(0, 0.8, (n, 2))).astype(np.float32), labels


@pytest.mark.parametrize("n", [300, 20_000, 400_000])
def test_a_map_comes_back_as_it_was_to_the_eye(n):
    xy, labels = mixture(n)
    points = Points.of(xy, labels, tuple("0123456789"))
    rgba = shade(points, Viewport.around(xy, 350, 300, margin=-0.1))
    error = np.abs(on_white(decoded(rgba)) - on_white(rgba))
    assert error.mean() < 3
    assert np.percentile(error, 99) < 25
    # What the eye blends over 8 x 8 pixels is right to a few levels: no hue is lost, no slope stepped.
    blended = (
        (on_white(decoded(rgba)) - on_white(rgba))[:296, :344].reshape(37, 8, 43, 8, 3).mean(axis=(1, 3))
    )
    assert np.abs(blended).max() < 20
    assert np.abs(blended).mean() < 1.5


def test_up_to_255_colours_are_kept_to_the_level():
    ramp = np.zeros((16, 15, 4), np.uint8)
    ramp[..., 0] = np.arange(15) * 16
    ramp[..., 1] = np.arange(16)[:, None] * 16
    ramp[..., 3] = 255
    few = ramp.repeat(3, axis=0).repeat(3, axis=1)
    np.testing.assert_allclose(decoded(few)[1::3, 1::3].astype(int), ramp, atol=1)


def test_empty_pixels_stay_empty_and_others_never_become_so():
    rng = np.random.default_rng(1)
    rgba = rng.integers(0, 256, (60, 70, 4), dtype=np.uint8)
    rgba[rng.random((60, 70)) < 0.5] = 0
    rgba[..., 3][rgba[..., 3] > 0] |= 64
    np.testing.assert_array_equal(decoded(rgba)[..., 3] == 0, rgba[..., 3] == 0)


def test_an_image_keeps_its_way_up_and_round():
    rgba = np.zeros((5, 9, 4), np.uint8)
    rgba[0, 2] = (200, 40, 40, 255)
    rgba[4, 8] = (40, 40, 200, 128)
    np.testing.assert_allclose(decoded(rgba).astype(int), rgba, atol=1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1)])
def test_any_size_and_nothing_at_all(shape):
    assert not decoded(np.zeros((*shape, 4), np.uint8)).any()


def test_a_dense_map_of_the_usual_size_fits_its_budget():
    xy, labels = mixture(1_000_000)
    points = Points.of(xy, labels, tuple("0123456789"))
    home = Viewport.around(xy, 700, 600, margin=-0.1)
    for viewport in (home, home.zoomed(3)):
        assert len(encode_pixels(shade(points, viewport))) <= 400_000
