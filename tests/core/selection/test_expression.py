"""An expression selects rows, and can do nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from explorer.core.errors import BadSelection
from explorer.core.selection.expression import LONGEST, mask, used

FRAME = pd.DataFrame(
    {
        "alcohol": [12.5, 9.0, np.nan, 13.0],
        "quality": [7, 6, 8, 5],
        "fixed acidity": [1.0, 2.0, 3.0, 4.0],
        "label": pd.Categorical(["7", "6", "7", "7"]),
        "colour": ["red", "white", "red", None],
        "good": [True, False, True, False],
    }
)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("alcohol > 12 and quality >= 7", [0]),
        ("alcohol > 12 or quality == 6", [0, 1, 3]),
        ("`fixed acidity` >= 3", [2, 3]),
        ("alcohol<10 or`fixed acidity`==4", [1, 3]),
        ("1 < `fixed acidity` < 4", [1, 2]),
        ('label == "7"', [0, 2, 3]),
        ('label != "7"', [1]),
        ('colour in ["red"]', [0, 2]),
        ("quality in (5, 6)", [1, 3]),
        ("quality not in [5, 6]", [0, 2]),
        ("good", [0, 2]),
        ("not good and quality > 5", [1]),
        ("alcohol - 2 * quality + 1 >= -2", [0, 1, 3]),
        ("-alcohol / 2 < -6", [0, 3]),
        ("quality % 2 == 0", [1, 2]),
        ("quality ** 2 > 40", [0, 2]),
        ("colour == 'it\\'s `odd`'", []),
    ],
)
def test_it_means_what_it_says(text, rows):
    assert np.flatnonzero(mask(text, FRAME)).tolist() == rows


@pytest.mark.parametrize(
    "text",
    [
        "alcohol > 0",
        "alcohol != 9",
        "alcohol < 0 or not alcohol > 99",
        "not alcohol == 9",
        "alcohol not in [9]",
    ],
)
def test_what_is_missing_is_never_selected(text):
    chosen = mask(text, FRAME)
    assert not chosen[2]
    assert chosen[0]


def test_missing_text_is_never_selected():
    assert np.flatnonzero(mask("colour != 'white'", FRAME)).tolist() == [0, 2]
    assert np.flatnonzero(mask("colour not in ['white']", FRAME)).tolist() == [0, 2]


def test_what_is_known_decides_although_something_is_missing():
    assert mask("quality == 8 or alcohol > 12", FRAME)[2]


def test_rows_are_the_frame_s_whatever_its_index():
    shuffled = FRAME.set_axis([5, 5, 1, 0])
    np.testing.assert_array_equal(mask("quality > 6", shuffled), mask("quality > 6", FRAME))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "alcohol.mean() > 3",
        "alcohol.__class__ == 3",
        "alcohol[0] > 1",
        "().__class__ == alcohol",
        "@pd > 3",
        "(lambda: 1)() < alcohol",
        "[x for x in alcohol] == 1",
        "f'{alcohol}' == 'x'",
        "(x := 3) > alcohol",
        "alcohol if good else quality",
        "alcohol is quality",
        "{1: 2} == alcohol",
        "alcohol // 2 > 1",
        "alcohol << 2 > 1",
        "quality & 1 == 1",
        "alcohol in colour",
        "quality in [*colour]",
        "quality in [alcohol]",
        "alcohol > None",
        "alcohol == b'x'",
        "alcohol > 1j",
        "1; import os",
        "import os",
        "alcohol > 1\nquality > 1",
        "alcohol > 1 # \0",
        "`alcohol > 3",
        "`__class__` > 3",
    ],
)
def test_nothing_else_can_run(text):
    with pytest.raises(BadSelection):
        mask(text, FRAME)


@pytest.mark.parametrize(
    "text", ["", "   ", "alcohol >", "(" * 400 + "good" + ")" * 400, "x" * 1000, "x" * 2000]
)
def test_what_cannot_be_read_is_refused_in_a_sentence(text):
    with pytest.raises(BadSelection) as refused:
        mask(text, FRAME)
    assert len(str(refused.value)) < 200


def test_a_tower_of_powers_costs_nothing():
    assert np.flatnonzero(mask("9**9**9**9**9 > alcohol", FRAME)).tolist() == [0, 1, 3]


def test_an_unknown_column_is_answered_with_the_closest_names():
    with pytest.raises(BadSelection, match=r"no column 'alchol'; did you mean alcohol"):
        mask("alchol > 3", FRAME)
    with pytest.raises(BadSelection, match=r"the columns are alcohol, quality"):
        mask("zzz > 3", FRAME)


@pytest.mark.parametrize(
    "text", ["label == 7", "alcohol > 'a'", "quality in ['7']", "colour == 3", "alcohol == colour"]
)
def test_text_and_numbers_are_not_compared(text):
    with pytest.raises(BadSelection, match=r"is text and .* is a number"):
        mask(text, FRAME)


@pytest.mark.parametrize(
    "text", ["alcohol", "quality + 1", "label", "alcohol and good", "1 < 2", "True", "'a'"]
)
def test_what_is_no_yes_or_no_per_row_is_refused(text):
    with pytest.raises(BadSelection):
        mask(text, FRAME)


def test_a_sentence_shows_the_name_that_was_in_backticks():
    with pytest.raises(BadSelection, match=r"`fixed acidity`"):
        mask("`fixed acidity` == 'x'", FRAME)


def test_length_is_bounded():
    with pytest.raises(BadSelection, match=f"{LONGEST:,} are allowed"):
        mask("good or " * 200 + "good", FRAME)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("alcohol > 12 and quality >= 7 or alcohol < 3", ("alcohol", "quality")),
        ("`fixed acidity` > 1", ("fixed acidity",)),
        ("label == 'alcohol'", ("label",)),
        ("nonsense > 3 and good", ("good",)),
        ("1 < 2", ()),
    ],
)
def test_the_columns_that_it_names(text, names):
    assert used(text, tuple(FRAME.columns)) == names


@pytest.mark.parametrize("text", ["", "alcohol >", "`alcohol", "x" * 2000, "(" * 400 + "good" + ")" * 400])
def test_names_are_read_of_nothing_that_cannot_be_read(text):
    with pytest.raises(BadSelection):
        used(text, tuple(FRAME.columns))


@pytest.mark.parametrize(
    "text",
    [
        *("alcohol > 12", "good", "`fixed acidity` % 2 == 1", "label in ['7']", "colour != label"),
        *("label == 7", "alchol > 3", "alcohol", "good + 1 > 2", "alcohol > 'a'", "alcohol.mean() > 3"),
        *("not quality", "quality in [alcohol]", "__import__('os')"),
    ],
)
def test_a_table_without_rows_answers_as_the_full_one_does(text):
    def answer(frame):
        try:
            return len(mask(text, frame, tuple(FRAME.columns))) == len(frame)
        except BadSelection as error:
            return str(error)

    assert answer(FRAME[list(used(text, tuple(FRAME.columns)))].iloc[:0]) == answer(FRAME)
