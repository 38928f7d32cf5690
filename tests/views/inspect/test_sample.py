"""What travels to the browser with a frame."""

from __future__ import annotations

import json
import struct

import numpy as np

import models
from explorer.core.datasets import load_dataset
from explorer.core.latent.cloud import encode
from explorer.core.scene.decode import FrameRequest, make_frame
from explorer.core.scene.scene import Scene, lay_out
from explorer.views.inspect.sample import _packed_frame


def shown(scene: Scene) -> tuple[dict, bytes]:
    request = FrameRequest("tab", (0.1, 0.1), scene.key)
    packed = _packed_frame(scene, make_frame(request, scene.model, scene.projection, scene.neighbours))
    (length,) = struct.unpack("<I", packed[:4])
    return json.loads(packed[4 : 4 + length]), packed[4 + length :]


def scene_of(name: str) -> Scene:
    dataset = load_dataset(name)
    model = models.create("vae", shape=dataset.shape, width=0.25)
    return lay_out(dataset, model, encode(model, dataset), "identity")


def test_a_decoded_row_comes_with_the_nearest_real_one_in_the_tables_own_units() -> None:
    scene = scene_of("iris").with_neighbours()
    head, body = shown(scene)
    rows = np.frombuffer(body, "<f4").reshape(2, 4)
    real = scene.dataset.table.iloc[head["nearest"]][list(scene.dataset.drawing.names)]
    np.testing.assert_allclose(rows[1], real.to_numpy(float), rtol=1e-5)


def test_before_neighbours_are_known_and_for_images_the_sample_comes_alone() -> None:
    assert len(shown(scene_of("iris"))[1]) == 4 * 4
    assert len(shown(scene_of("digits").with_neighbours())[1]) == 64
