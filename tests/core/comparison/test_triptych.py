"""Three maps in one viewport: every point of each, one colour for each sample, none that is hidden."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import models
from explorer.core.comparison import triptych
from explorer.core.comparison.pair import Pair, pair
from explorer.core.comparison.side import Side
from explorer.core.comparison.triptych import (
    AFTER,
    BEFORE,
    CHOSEN,
    TriptychPainter,
    TriptychRequest,
    drawn,
    inside,
    places,
)
from explorer.core.datasets import load_dataset
from explorer.core.latent.cloud import encode
from explorer.core.projections.layout import Layout
from explorer.core.rendering.colouring import Colouring
from explorer.core.scene.viewport import Viewport
from explorer.core.selection.brush import Box


def sides(kind: str, latent: int) -> Pair:
    data = load_dataset("iris")
    made = [models.create(kind, shape=data.shape, latent=latent, seed=seed, width=0.25) for seed in (0, 1)]
    before, after = (Side(str(n), model.eval(), encode(model, data)) for n, model in enumerate(made))
    return pair(data, before, after, Layout("identity" if latent == 2 else "orthographic"))


def request(shown: Pair, **changes: object) -> TriptychRequest:
    labels = shown.dataset.y
    plain = TriptychRequest(
        shown,
        Colouring("species", labels, shown.dataset.classes),
        None,
        labels == 2,
        frozenset(),
        "light",
        Viewport.around(shown.home, 120, 100),
        True,
        1,
    )
    return replace(plain, **changes)


@pytest.fixture(scope="module")
def plane() -> Pair:
    return sides("vae", 2)


def test_each_map_has_its_points(plane: Pair) -> None:
    chosen = int((plane.dataset.y == 2).sum())
    found = TriptychPainter().paint(request(plane))
    assert found.points == (150, chosen, 150)
    assert found.pixels[BEFORE] != found.pixels[AFTER] != found.pixels[CHOSEN]
    assert TriptychPainter().paint(request(plane, chosen=None)).points == (150, 0, 150)


def test_a_class_that_is_hidden_is_hidden_on_all(plane: Pair) -> None:
    everything = Box(-1e3, -1e3, 1e3, 1e3)
    asked = request(plane, hidden=frozenset({2}))
    shown = [inside(asked, which, everything) for which in (BEFORE, CHOSEN, AFTER)]
    np.testing.assert_array_equal(shown[BEFORE], plane.dataset.y != 2)
    np.testing.assert_array_equal(shown[AFTER], plane.dataset.y != 2)
    assert not shown[CHOSEN].any()
    empty = TriptychPainter().paint(request(plane, chosen=None))
    assert TriptychPainter().paint(asked).pixels[CHOSEN] == empty.pixels[CHOSEN]


def test_kept_points_paint_what_fresh_ones_do(plane: Pair) -> None:
    painter, mask = TriptychPainter(), plane.dataset.y == 1
    asked = [
        request(plane, fraction=fraction, selected=selected, hidden=hidden)
        for fraction in (0.5, 1)
        for selected in (None, mask)
        for hidden in (frozenset(), frozenset({0}))
    ]
    for one in [*asked, *reversed(asked)]:
        assert painter.paint(one).pixels == TriptychPainter().paint(one).pixels


def test_a_number_has_one_colour_on_all_three(plane: Pair) -> None:
    values = np.linspace(0, 1, 150, dtype=np.float32)
    asked = request(plane, colouring=Colouring("a number", values=values), chosen=values > 0.9)
    made = [triptych._made(asked, which) for which in (BEFORE, CHOSEN, AFTER)]
    assert len({points.value_range for points in made}) == 1


def test_a_globe_shows_its_front_half(plane: Pair) -> None:
    globe = sides("sphere-vae", 3)
    asked = request(globe)
    found = TriptychPainter().paint(asked)
    for which, placed in ((BEFORE, globe.before), (AFTER, globe.after)):
        assert found.points[which] == int(placed.visible().sum())
        np.testing.assert_array_equal(drawn(asked, which), placed.visible())
    assert (drawn(asked, CHOSEN) <= globe.after.visible()).all()


def test_a_draft_of_many_points_has_a_quarter_of_the_pixels(
    plane: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert TriptychPainter().paint(request(plane, draft=True)).viewport.width == 120
    monkeypatch.setattr("explorer.core.scene.viewport._DRAFT_FROM", 100)
    found = TriptychPainter().paint(request(plane, draft=True))
    assert (found.viewport.width, found.viewport.height) == (60, 50)
    assert found.viewport.x_range == request(plane).viewport.x_range


def test_arrows_are_of_what_is_selected_and_not_hidden(plane: Pair) -> None:
    mask = plane.dataset.y >= 1
    asked = request(
        plane, arrows=True, selected=mask, hidden=frozenset({2}), viewport=Viewport(-9, 9, -9, 9, 900, 900)
    )
    moves = TriptychPainter().paint(asked).moves
    rows = [int(np.flatnonzero((plane.before.xy == move[:2]).all(axis=1))[0]) for move in moves]
    assert rows
    assert set(plane.dataset.y[rows].tolist()) == {1}
    np.testing.assert_array_equal(moves[:, 2:], places(asked, AFTER)[rows])
