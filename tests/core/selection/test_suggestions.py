"""Suggestions complete what stands before the caret, and what they write can be read."""

from __future__ import annotations

import pandas as pd
import pytest

from explorer.core.selection.expression import mask
from explorer.core.selection.suggestions import MOST, suggest, written

HELP = {
    "label": "The class.",
    "nearest_label": "The label of most neighbours.",
    "fixed acidity": "A column of the table.",
    "colour": "A column of the table.",
    "error": "The error.",
    "z1": "A coordinate.",
    "z10": "A coordinate.",
}
VALUES = {"label": ("3", "8", "13"), "colour": ("red", "rosé", "it's", "white")}
COLOURS = ('"red"', '"rosé"', '"it\'s"', '"white"')


def after(text: str) -> list[str]:
    """The expressions that the suggestions for a text lead to; | is the caret."""
    caret = text.index("|")
    plain = text.replace("|", "")
    found = suggest(plain, caret, HELP, lambda name: VALUES.get(name, ()))
    return [plain[: each.start] + each.text + plain[each.end :] for each in found]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("la|", ["label", "nearest_label"]),
        ("LAB|", ["label", "nearest_label"]),
        ("z1 > 0 and er|", ["z1 > 0 and error"]),
        ("fix| > 3", ["`fixed acidity` > 3"]),
        ("acid|", ["`fixed acidity`"]),
        ("`fix|", ["`fixed acidity`"]),
        ("`fixed a|` > 3", ["`fixed acidity` > 3"]),
        ("z1|", ["z1", "z10"]),
        ("error|", []),
        ("xyz|", []),
        ("z1 > 0 |", []),
        ("z1 > |", []),
        ("label == |", ['label == "3"', 'label == "8"', 'label == "13"']),
        ("label == 3|", []),
        ('label == "|', ['label == "3"', 'label == "8"', 'label == "13"']),
        ('label == "1|" and z1 > 0', ['label == "13" and z1 > 0']),
        ("colour != 'r|", ["colour != 'red'", "colour != 'rosé'"]),
        ("colour == re|", ['colour == "red"']),
        ("colour == 'i|", ['colour == "it\'s"', "colour == 'white'"]),
        ('colour in ["red", |', [f'colour in ["red", {v}' for v in COLOURS]),
        ('colour not in ["red", "wh|', ['colour not in ["red", "white"']),
        ("error > 'x|", []),
    ],
)
def test_completions(text: str, wanted: list[str]) -> None:
    assert after(text) == wanted


def test_an_empty_field_offers_the_columns_and_so_does_a_new_clause() -> None:
    assert after("|") == [written(name) for name in HELP]
    assert after("not |")[0] == "not label"
    assert after("z1 > 0 or (|")[0] == "z1 > 0 or (label"


def test_there_are_never_too_many() -> None:
    many = {f"z{axis}": "A coordinate." for axis in range(1, 4_097)}
    assert len(suggest("z", 1, many, lambda _: ())) == MOST


def test_every_completed_value_can_be_read() -> None:
    frame = pd.DataFrame({"colour": list(VALUES["colour"])})
    for quote in ("", '"', "'"):
        for text in after(f"colour == {quote}|"):
            assert mask(text, frame).sum() == 1
