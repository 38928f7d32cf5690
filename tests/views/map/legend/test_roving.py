"""Arrow keys among rows of buttons: they stay inside, and a row may be shorter than another."""

from __future__ import annotations

import pytest

from tests.views.conftest import Scripts

LENGTHS = [3, 3, 1, 3]


@pytest.mark.parametrize(
    ("key", "place", "to"),
    [
        ("ArrowDown", [0, 1], [1, 1]),
        ("ArrowDown", [1, 2], [2, 0]),
        ("ArrowDown", [3, 1], [3, 1]),
        ("ArrowUp", [0, 2], [0, 2]),
        ("ArrowRight", [0, 1], [0, 2]),
        ("ArrowRight", [2, 0], [2, 0]),
        ("ArrowLeft", [1, 0], [1, 0]),
        ("Home", [3, 2], [0, 2]),
        ("End", [0, 1], [3, 1]),
        ("Tab", [0, 1], None),
        ("a", [0, 1], None),
    ],
)
def test_keys_lead_to_places(scripts: Scripts, key: str, place: list[int], to: list[int] | None) -> None:
    found = scripts.run(
        "map/legend/roving",
        "(m, [key, place, lengths]) => m.nextPlace(key, place, lengths) ?? null",
        [key, place, LENGTHS],
    )
    assert found == to
