"""A suggestion takes the place of the part that it completes."""

from __future__ import annotations

import pytest

from tests.views.conftest import Scripts


@pytest.mark.parametrize(
    ("text", "suggestion", "wanted"),
    [
        ("lab", {"text": "label", "start": 0, "end": 3}, {"text": "label", "caret": 5}),
        ("a > 1 and lab == 3", {"text": "`l b`", "start": 10, "end": 13}, "a > 1 and `l b` == 3"),
        ("", {"text": "z1 > 0", "start": 0, "end": 0}, "z1 > 0"),
        (
            'c == "😀" and z',
            {"text": "z1", "start": 13, "end": 14},
            'c == "😀" and z1',
        ),  # characters, not units
    ],
)
def test_completed(scripts: Scripts, text: str, suggestion: dict[str, object], wanted: object) -> None:
    found = scripts.run(
        "map/expression/expression_field", "(m, [text, s]) => m.completed(text, s)", [text, suggestion]
    )
    assert (found if isinstance(wanted, dict) else found["text"]) == wanted
