"""The words of the read-out on the class at a place."""

from __future__ import annotations

import pytest

from tests.views.conftest import Scripts


@pytest.mark.parametrize(
    ("support", "said"),
    [
        (0.5, "seven  (100 % of the neighbours)"),
        (0.01, "seven  (100 % of the neighbours)"),
        (0.0, "nothing encoded lies near"),
        (0.004, "nothing encoded lies near"),
    ],
)
def test_far_from_all_samples_no_class_is_claimed(scripts: Scripts, support: float, said: str) -> None:
    head = {"predicted": ["seven", 1], "support": support}
    assert scripts.run("inspect/readout", "(m, head) => m.classText(head)", head) == said


def test_without_labels_or_neighbours_nothing_is_said(scripts: Scripts) -> None:
    head = {"predicted": None, "support": None}
    assert scripts.run("inspect/readout", "(m, head) => m.classText(head)", head) == "–"
