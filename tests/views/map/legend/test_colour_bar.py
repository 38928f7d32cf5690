"""Ranges of the colour bar: which cells they are, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.views.conftest import Scripts

BAR = "map/legend/colour_bar"
COUNTS = [index % 5 for index in range(256)]


@pytest.mark.parametrize(
    ("one", "other", "cells"),
    [
        (0, 1, [0, 256]),
        (0.75, 0.25, [64, 192]),
        (-3, 0.5, [0, 128]),
        (0.5, 9, [128, 256]),
        (0.3, 0.3, [77, 77]),
    ],
)
def test_a_drag_covers_the_cells_between_its_ends(
    scripts: Scripts, one: float, other: float, cells: list[int]
) -> None:
    assert scripts.run(BAR, "(m, [one, other]) => m.cellsBetween(one, other, 256)", [one, other]) == cells


def test_the_bars_share_the_cells_among_them(scripts: Scripts) -> None:
    bars = scripts.run(BAR, "(m) => Array.from({length: 32}, (_, i) => m.cellsOfBar((i + 0.5) / 32, 256))")
    assert bars == [[8 * bar, 8 * bar + 8] for bar in range(32)]
    assert scripts.run(BAR, "(m) => [m.cellsOfBar(-1, 256), m.cellsOfBar(1, 256)]") == [bars[0], bars[-1]]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([64, 128], "2.50 to 5.00: "),
        ([0, 128], "below 5.00: "),
        ([128, 256], "from 5.00: "),
        ([0, 256], "all values: "),
    ],
)
def test_a_range_is_said_with_the_number_of_its_samples(
    scripts: Scripts, cells: list[int], words: str
) -> None:
    given: list[Any] = [cells, [0, 10], COUNTS]
    said = scripts.run(BAR, "(m, given) => m.inWords(...given)", given)
    assert said == f"{words}{sum(COUNTS[slice(*cells)])}"
