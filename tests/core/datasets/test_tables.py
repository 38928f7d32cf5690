from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.core.datasets import Dataset, ProfileDrawing, from_table
from explorer.core.errors import DataError

ROWS = arrays(
    np.float64,
    st.tuples(st.integers(2, 40), st.integers(1, 4)),
    elements=st.floats(-1e12, 1e12, allow_subnormal=False),
)


def table(values: np.ndarray) -> Dataset:
    names = tuple(f"c{column}" for column in range(values.shape[1]))
    return from_table("made", pd.DataFrame(values, columns=list(names)), names)


def profile(data: Dataset) -> ProfileDrawing:
    assert isinstance(data.drawing, ProfileDrawing)
    return data.drawing


@given(ROWS)
def test_standardising_can_be_undone(values: np.ndarray) -> None:
    data = table(values)
    drawing = profile(data)
    assert np.isfinite(data.x).all()
    assert data.table is not None
    own = data.table.to_numpy()
    # float32 keeps seven digits of the standardised value down to 1e-38, and float64 sixteen of the own one.
    allowed = drawing.scale * (1e-6 * np.abs(data.x) + 1e-38) + 1e-12 * np.abs(own)
    assert (np.abs(drawing.to_units(data.x) - own) <= allowed).all()
    np.testing.assert_array_equal(drawing.from_units(own), data.x)


@given(ROWS)
def test_the_table_keeps_every_row_once(values: np.ndarray) -> None:
    data = table(values)
    assert data.table is not None
    assert sorted(map(tuple, data.table.to_numpy())) == sorted(map(tuple, values))
    assert list(data.table.index) == list(range(len(values)))


def test_training_rows_have_mean_zero_and_deviation_one() -> None:
    rng = np.random.default_rng(0)
    data = table(rng.normal([5.0, -1e6, 1e-9], [2.0, 1e3, 1e-12], (500, 3)))
    np.testing.assert_allclose(data.train.x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(data.train.x.std(axis=0), 1, rtol=1e-4)
    # of the training rows only
    assert np.abs(data.test.x.mean(axis=0)).max() > 1e-3


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e15, -3.0])
def test_a_constant_column_is_not_scaled_and_said(constant: float) -> None:
    values = np.column_stack([np.arange(20.0), np.full(20, constant)])
    data = table(values)
    drawing = profile(data)
    np.testing.assert_allclose(data.x[:, 1], 0, atol=1e-6 * max(1, abs(constant)))
    assert drawing.scale[1] == 1
    assert (drawing.low < drawing.high).all()
    assert data.notes == ("'c1' is constant over the training rows, or nearly, and not scaled.",)


def test_a_rare_value_still_has_a_range_to_be_drawn_over() -> None:
    values = np.zeros((1000, 1))
    values[:300:100] = 7.0
    drawing = profile(table(values))
    assert drawing.low[0] < drawing.high[0]


def test_ranges_are_percentiles_of_the_training_rows_in_own_units() -> None:
    values = np.random.default_rng(0).normal(100, 5, (300, 2))
    data = table(values)
    own = profile(data).to_units(data.train.x)
    low, high = np.percentile(own, [1, 99], axis=0)
    np.testing.assert_allclose(profile(data).low, low, rtol=1e-5)
    np.testing.assert_allclose(profile(data).high, high, rtol=1e-5)


def test_a_row_is_drawn_in_own_units() -> None:
    data = table(np.random.default_rng(0).normal(100, 5, (30, 3)))
    sent = np.frombuffer(profile(data).to_bytes(data.x[4]), dtype="<f4")
    assert data.table is not None
    np.testing.assert_allclose(sent, data.table.iloc[4], rtol=1e-5)


def test_the_stamp_follows_units_and_names() -> None:
    values = np.random.default_rng(0).normal(size=(30, 2))
    stamps = {table(values).stamp, table(values * 2).stamp, table(values + 1).stamp}
    renamed = pd.DataFrame(values, columns=["a", "b"])
    stamps.add(from_table("made", renamed, ("a", "b")).stamp)
    assert len(stamps) == 4
    assert table(values).stamp == table(values.copy()).stamp


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ([[1.0], [np.nan], [np.nan]], ["made", "'c0'", "row 2", "NaN"]),
        ([[1.0, 1.0], [2.0, -np.inf]], ["'c1'", "row 2", "-inf"]),
        ([[1.0], [1e300], [1.0]], ["'c0'", "row 2", "1e+300"]),
        ([[1.0]], ["1 row;", "two"]),
        (np.empty((0, 1)), ["no rows", "two"]),
        (np.empty((3, 0)), ["no column of numbers"]),
    ],
)
def test_values_that_are_no_numbers_are_refused(refused, values, parts: list[str]) -> None:
    with refused(*parts, kind=DataError):
        table(np.asarray(values))


def test_labels_keep_their_order() -> None:
    def classes(column: object) -> tuple[str, ...]:
        frame = pd.DataFrame({"a": np.arange(4.0), "label": column})
        return from_table("made", frame, ("a",), label="label").classes

    assert classes([10, 9, 10, 2]) == ("2", "9", "10")
    assert classes([10.0, 9.5, 10.0, 2.0]) == ("2", "9.5", "10")
    assert classes(["b", "a", "b", "a"]) == ("a", "b")
    assert classes(pd.Categorical(["b", "a", "b", "a"], categories=["b", "z", "a"])) == ("b", "a")
    assert classes([True, False, True, True]) == ("False", "True")


def test_labels_follow_their_rows() -> None:
    frame = pd.DataFrame({"a": np.arange(40.0), "label": np.arange(40) % 3})
    data = from_table("made", frame, ("a",), label="label")
    assert data.table is not None
    assert data.y is not None
    np.testing.assert_array_equal(data.y, data.table["label"])
    np.testing.assert_array_equal(data.table["a"] % 3, data.table["label"])
    assert data.label_name == "label"


def test_one_class_is_allowed_and_said() -> None:
    frame = pd.DataFrame({"a": np.arange(4.0), "label": "x"})
    assert from_table("made", frame, ("a",), label="label").notes == ("All rows are of one class, 'x'.",)
