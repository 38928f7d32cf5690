"""Arrows stand for the moves of the samples around them."""

from __future__ import annotations

import numpy as np

from explorer.core.comparison.displacement import arrows
from explorer.core.scene.viewport import Viewport

VIEW = Viewport(0.0, 10.0, 0.0, 10.0, 320, 320)  # a square of 32 pixels is one unit


def places(n: int = 5_000, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 10, (n, 2)).astype(np.float32)


def test_one_begins_in_each_square_and_none_twice() -> None:
    start = places()
    rows = arrows(start, start + 1, VIEW)
    assert len(rows) == len(set(rows.tolist())) == 100
    assert len({tuple(square) for square in start[rows].astype(int).tolist()}) == 100


def test_it_is_the_one_that_moves_as_those_around_it_do() -> None:
    start = np.tile(np.array([[3.5, 3.5]], np.float32), (21, 1))
    moves = np.tile(np.array([[1.0, 2.0]], np.float32), (21, 1))
    moves[:10] += np.linspace(0.5, 2, 10, dtype=np.float32)[:, None]
    moves[11:] -= np.linspace(0.5, 2, 10, dtype=np.float32)[:, None]
    assert arrows(start, start + moves, VIEW).tolist() == [10]


def test_there_are_not_more_than_asked_for_and_those_of_the_fullest_squares() -> None:
    start = np.concatenate([places(300), np.full((50, 2), 4.5, np.float32)])
    rows = arrows(start, start + 1, VIEW, most=7)
    assert len(rows) == 7
    assert (start[rows].astype(int) == 4).all(axis=1).any()


def test_only_what_is_seen_has_one() -> None:
    start = places()
    shown = start[:, 0] > 5
    rows = arrows(start, start, VIEW.zoomed(2), shown)
    assert shown[rows].all()
    assert VIEW.zoomed(2).contains(start[rows]).all()
    assert len(arrows(start, start, VIEW.panned(100, 0))) == 0
