from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import DataError

STATELESS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def csv(tmp_path: Path):
    def load(text: str | bytes, label: str | None = None) -> Dataset:
        content = text.encode() if isinstance(text, str) else text
        (tmp_path / "made.csv").write_bytes(content)
        return load_dataset(tmp_path / "made.csv", label=label)

    return load


def rows(data: Dataset) -> list[tuple[float, ...]]:
    """Return the samples in own units, rounded, sorted: the split must not matter."""
    return sorted(tuple(round(float(cell), 5) for cell in row) for row in data.drawing.to_units(data.x))


def test_a_table_with_a_label(csv) -> None:
    data = csv("a,b,label\n1,2,x\n3,5,y\n5,6,x\n")
    assert rows(data) == [(1, 2), (3, 5), (5, 6)]
    assert data.drawing.names == ("a", "b")
    assert (data.classes, data.label_name, data.name) == (("x", "y"), "label", "made.csv")
    assert data.table is not None
    assert list(data.table.columns) == ["a", "b", "label"]
    assert [data.classes[y] for y in data.y] == data.table["label"].tolist()
    assert data.notes == ()


@pytest.mark.parametrize(
    ("labels", "ordered"),
    [
        ("3 5 4 9 10 3", True),
        ("3.0 5.0 4.0 5.0 4.0 3.0", True),
        ("0 1 0 1 0 1", False),  # two have no order that a colour could show
        ("x y z x y z", False),
        ("1a 2a 3a 1a 2a 3a", False),
    ],
)
def test_whole_numbers_are_taken_for_grades(csv, labels: str, ordered: bool) -> None:
    data = csv("a,label\n" + "".join(f"{row},{label}\n" for row, label in enumerate(labels.split())))
    assert data.ordered == ordered


@pytest.mark.parametrize(
    "text",
    [
        "a;b\n1,5;2\n3;4,25\n",
        "a\tb\n1.5\t2\n3\t4.25\n",
        "a|b\n1.5|2\n3|4.25\n",
        '"a";"b"\n1.5;2\n3;4.25\n',
        " a , b\n 1.5, 2\n3 ,4.25\n",
        "\ufeffa,b\r\n1.5,2\r\n3,4.25\r\n",
        "\n\na,b\n1.5,2\n\n3,4.25\n\n",
    ],
)
def test_the_layout_is_guessed(csv, text: str) -> None:
    data = csv(text)
    assert data.drawing.names == ("a", "b")
    assert rows(data) == [(1.5, 2), (3, 4.25)]


def test_a_file_in_latin_1_is_read_and_said(csv) -> None:
    data = csv("größe,label\n1,ä\n2,ö\n".encode("latin-1"))
    assert data.drawing.names == ("größe",)
    assert data.classes == ("ä", "ö")
    assert "Latin-1" in data.notes[0]


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("5.1,3.5,Iris-setosa", False),
        ("1,1,0", False),
        ("0,1,2", True),
        ("1990,1991,1992", True),
        ("a,1,2", True),
    ],
)
def test_a_header_line_is_told_from_data(csv, header: str, named: bool) -> None:
    last = header.rpartition(",")[2]
    data = csv(f"{header}\n4.9,3.0,{last}\n4.7,3.2,{last}\n")
    assert len(data) == (2 if named else 3)
    assert any("no header" in note for note in data.notes) != named


def test_a_column_that_counts_the_rows_is_left_out(csv) -> None:
    frame = pd.DataFrame({"a": [4.0, 5.0, 7.0], "b": [1, 0, 1]})
    data = csv(frame.to_csv())
    assert data.drawing.names == ("a", "b")
    assert "counts the rows" in data.notes[0]
    assert csv(frame.set_index(pd.Index([3, 9, 1])).to_csv()).shape == (3,)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("a,Class,b\n1,2,3\n4,5,6\n", "Class"),
        ("target,label,b\n1,2,3\n4,5,6\n", "label"),
        ("a,kind\n1,x\n2,y\n3,x\n", "kind"),
        ("a,y\n1,0\n2,1\n", "y"),
        ("x,y\n1,0\n2,1\n", ""),
        ("a,target\n1,0.5\n2,1.7\n", ""),
        ("a,name\n1,Ann\n2,Bob\n3,Cy\n", ""),
        ("a,b\n1,0\n2,1\n", ""),
        ("a,target\n" + "".join(f"{row},{row}\n" for row in range(300)), ""),
    ],
)
def test_the_label_column_is_found(csv, text: str, label: str) -> None:
    data = csv(text)
    assert data.label_name == label
    assert (data.classes == ()) == (label == "")
    assert label not in data.drawing.names


def test_the_label_column_can_be_chosen(csv, tmp_path: Path) -> None:
    text = "a,b,label\n1,10,x\n2,9,y\n3,10,x\n"
    chosen = csv(text, label="b")
    assert (chosen.label_name, chosen.classes) == ("b", ("9", "10"))
    assert chosen.drawing.names == ("a",)
    assert load_dataset(f"{tmp_path / 'made.csv'}#b").stamp == chosen.stamp
    assert csv(text, label="").classes == ()
    assert load_dataset(f"{tmp_path / 'made.csv'}#").drawing.names == ("a", "b")


def test_text_is_kept_in_the_table_and_left_out_of_the_samples(csv) -> None:
    data = csv("name,a,label\nAnn,1,x\nBob,2,y\n3,3,x\n")
    assert data.drawing.names == ("a",)
    assert data.notes == ("'name' is not of numbers and is left out of the samples.",)
    assert data.table is not None
    assert sorted(data.table["name"]) == ["3", "Ann", "Bob"]


def test_one_class_is_allowed_and_said(csv) -> None:
    data = csv("a,label\n1,x\n2,x\n")
    assert data.classes == ("x",)
    assert any("one class" in note for note in data.notes)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a,b\n1,2\n3,oops\n5,6\n", ["'oops'", "'b'", "row 2", "1 of 3"]),
        ("a,b\n1,2\n3,\n5,6\n", ["no value", "'b'", "row 2"]),
        ("a,b\n1,2\n3,NaN\n5,n/a\n7,8\n", ["'NaN'", "'b'", "row 2", "2 of 4"]),
        ("a,b\n1,2\n3,4\n5,inf\n", ["inf", "'b'", "row 3"]),
        ("a,b\n1,2\n3,4\n-1e400,6\n", ["'a'", "row 3"]),
        ("a,b\n1,2\n3,4\n1e200,6\n", ["1e+200", "'a'", "row 3"]),
        ("a,b\n1,2\n3\n", ["no value", "'b'", "row 2"]),
        ("a,label\n1,x\n2,\n", ["no label", "'label'", "row 2"]),
        ("a,b\n1,2\n", ["1 row;"]),
        ("a,b\n", ["no rows"]),
        ("", ["empty"]),
        (" \n\n", ["empty"]),
        ("a,b\n1,2\n1,2,3\n", ["line 3"]),
        ("a,b\n1,2,3\n1,2,3\n", ["more cells"]),
        ("name,label\nAnn,x\nBob,y\n", ["no column of numbers"]),
        ("a,b\n\0\0,\0\n", ["not a text file"]),
    ],
)
def test_what_does_not_fit_is_refused(csv, refused, text: str, parts: list[str]) -> None:
    with refused("made.csv", *parts, kind=DataError):
        csv(text)


def test_a_label_that_is_not_there_is_refused(csv, refused) -> None:
    with refused("'c'", "'a'", "'b'", kind=DataError):
        csv("a,b\n1,2\n3,4\n", label="c")


def test_a_quantity_as_label_is_refused(csv, refused) -> None:
    with refused("300", "'b'", "256", kind=DataError):
        csv("a,b\n" + "".join(f"{row},{row / 7}\n" for row in range(300)), label="b")


@STATELESS
@given(
    st.lists(st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=3), min_size=2, max_size=20),
    st.integers(0, 19),
    st.integers(0, 2),
    st.sampled_from(["oops", "", "nan", "inf", "-inf", "?", "1,5", "1 2"]),
)
def test_the_first_bad_cell_is_named(csv, refused, values, row: int, column: int, bad: str) -> None:
    row %= len(values)
    cells = [[repr(cell) for cell in each] for each in values]
    cells[row][column] = f'"{bad}"'
    # Two good cells more, so that the column stays one of numbers.
    good = [["1", "2", "3"]] * 3
    text = "\n".join(",".join(each) for each in [["a", "b", "c"], *cells, *good])
    with refused("made.csv", repr("abc"[column]), f"row {row + 1};", kind=DataError):
        csv(text)


@given(st.binary(max_size=200))
def test_no_file_gives_more_than_a_sentence(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("junk")
    for suffix in ("csv", "parquet"):
        path = folder / f"junk.{suffix}"
        path.write_bytes(content)
        with contextlib.suppress(DataError):
            load_dataset(path)


# Parquet

FRAME = pd.DataFrame(
    {
        "a": [1.5, 2.5, 4.0, 8.0],
        "b": [1, 2, 3, 5],
        "flag": [True, False, True, True],
        "when": pd.date_range("2024-01-01", periods=4),
        "name": ["p", "q", "r", "s"],
        "label": pd.Categorical(["lo", "hi", "lo", "hi"], categories=["lo", "mid", "hi"]),
    }
)


@pytest.fixture
def parquet(tmp_path: Path):
    def load(frame: pd.DataFrame) -> Dataset:
        frame.to_parquet(tmp_path / "made.parquet")
        return load_dataset(tmp_path / "made.parquet")

    return load


def test_a_parquet_table(parquet) -> None:
    data = parquet(pd.concat([FRAME, FRAME], ignore_index=True))
    assert data.drawing.names == ("a", "b", "flag")
    assert data.classes == ("lo", "hi")
    assert rows(data) == [row for row in [(1.5, 1, 1), (2.5, 2, 0), (4, 3, 1), (8, 5, 1)] for _ in range(2)]
    assert data.notes == ("'when' and 'name' are not of numbers and are left out of the samples.",)
    assert data.table is not None
    assert data.table["b"].dtype == np.int64


def test_row_names_of_parquet_are_a_column(parquet) -> None:
    assert "name" in parquet(FRAME.set_index("name")).table.columns
    assert parquet(FRAME.set_index(pd.Index([7, 3, 5, 1]))).shape == (3,)


@pytest.mark.parametrize(("column", "dtype"), [("a", "float64"), ("b", "Int64")])
def test_a_hole_in_parquet_is_named(parquet, refused, column: str, dtype: str) -> None:
    frame = FRAME.assign(**{column: FRAME[column].astype(dtype).mask([False, False, True, True])})
    with refused("made.parquet", "no value", repr(column), "row 3", "2 of 4", kind=DataError):
        parquet(frame)


@given(st.floats(0, 0.999))
def test_a_truncated_parquet_file_is_refused(tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
    content = io.BytesIO()
    FRAME.to_parquet(content)
    path = tmp_path_factory.mktemp("parquet") / "cut.parquet"
    path.write_bytes(content.getvalue()[: int(share * len(content.getvalue()))])
    with pytest.raises(DataError, match=r"cut\.parquet cannot be read as a Parquet table"):
        load_dataset(path)
