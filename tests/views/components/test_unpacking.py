"""Messages: what Python has packed, the page unpacks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from explorer.core.rendering.png import MIME, encode_pixels
from explorer.core.scene.viewport import Viewport
from explorer.views.compare.compare import _packed_maps
from explorer.views.components.binary_channel import pack
from explorer.views.map.latent_map import _packed
from tests.views.conftest import Scripts

MESSAGES = "components/messages"
HEAD = {"name": "“ü” ▏", "none": None, "numbers": [1, -0.5, 1e300]}


@pytest.mark.parametrize("body", [b"", b"\0", bytes(range(256)) * 300], ids=len)
def test_head_and_body_come_back(scripts: Scripts, body: bytes) -> None:
    unpack = "(m, buffer) => { const [head, bytes] = m.unpack(buffer); return [head, [...bytes]] }"
    assert scripts.run(MESSAGES, unpack, pack(HEAD, body)) == [HEAD, list(body)]


@pytest.mark.parametrize("padding", range(4))
def test_numbers_come_back_wherever_the_head_ends(scripts: Scripts, padding: int) -> None:
    rows = np.arange(12, dtype="<f4").reshape(3, 4) / 7
    split = """(m, buffer) => {
        const [, bytes] = m.unpack(buffer)
        return m.samples(bytes, 3).map((sample) => [...new Float32Array(sample)])
    }"""
    packed = pack({"padding": "x" * padding}, rows.tobytes())
    assert scripts.run(MESSAGES, split, packed) == rows.tolist()


# Red, green and blue in the highest row, then white, black, and nothing at all.
COLOURS = [0xFF0000FF, 0xFF00FF00, 0xFFFF0000, 0xFFFFFFFF, 0xFF000000, 0]


def _image(net: tuple[np.ndarray, ...], prior: tuple[np.ndarray, ...] = ()) -> SimpleNamespace:
    pixels = np.array([COLOURS[:3], COLOURS[3:]], dtype="<u4").view(np.uint8).reshape(2, 3, 4)
    return SimpleNamespace(
        pixels=encode_pixels(pixels),
        mime=MIME,
        viewport=Viewport(-1.5, 2.5, -3.0, 4.0, 3, 2),
        points=5,
        home=True,
        sequence=7,
        scene=3,
        at=None,
        net=net,
        prior=prior,
        names=((1.0, 2.0, "a"),),
        theme="dark",
    )


UNPACK_MAP = """async (m, buffer) => {
    const {head, net, prior, pixels} = m.unpackMap(buffer)
    const plain = ({xs, ys}) => ({xs: xs.map((line) => [...line]), ys: ys.map((line) => [...line])})
    return [head, plain(net), plain(prior), [...pixels], [...(await m.decodePixels(head, pixels))]]
}"""


def test_a_map_comes_back_with_its_lines(scripts: Scripts) -> None:
    net = (np.array([[0, 1], [2, 3], [4, 5]], dtype=float), np.array([[-1, 0.5], [6, 7]], dtype=float))
    image = _image(net, (np.array([[7, 8], [9, 10]], dtype=float),))
    head, lines, prior, compressed, pixels = scripts.run("map/map_message", UNPACK_MAP, _packed(image))
    assert (head["sequence"], head["x0"], head["y1"], head["at"]) == (7, -1.5, 4.0, None)
    assert lines == {"xs": [[0, 2, 4], [-1, 6]], "ys": [[1, 3, 5], [0.5, 7]]}
    assert prior == {"xs": [[7, 9]], "ys": [[8, 10]]}
    assert head["names"] == [[1, 2, "a"]]
    assert bytes(compressed) == image.pixels
    assert pixels == COLOURS[3:] + COLOURS[:3]  # the image glyph has the lowest row first


def test_a_map_without_a_net_has_always_the_same_one(scripts: Scripts) -> None:
    # So the page sees that there is nothing to draw anew.
    same = "(m, buffer) => m.unpackMap(buffer).net === m.NO_LINES"
    assert scripts.run("map/map_message", same, _packed(_image(())))


@pytest.mark.parametrize("arrows", [0, 3])
def test_three_maps_come_back_with_their_arrows(scripts: Scripts, arrows: int) -> None:
    image: Any = _image(())
    image.pixels = (b"first", b"", b"and the last")
    image.points = (3, 0, 4)
    image.moves = np.arange(4 * arrows, dtype=np.float32).reshape(arrows, 4) / 3
    image.fraction, image.pair = 0.25, 11
    unpack = """(m, buffer) => {
        const {head, moves, pixels} = m.unpackMaps(buffer)
        return [head, [...moves], pixels.map((bytes) => String.fromCharCode(...bytes))]
    }"""
    head, moves, pixels = scripts.run("compare/compare_message", unpack, _packed_maps(image))
    assert (head["pair"], head["points"], head["fraction"]) == (11, [3, 0, 4], 0.25)
    assert moves == image.moves.ravel().tolist()
    assert pixels == ["first", "", "and the last"]
