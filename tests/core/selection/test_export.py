from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import BadSelection
from explorer.core.latent.cloud import Cloud, encode
from explorer.core.selection.export import selected_frame


def explored(name: str) -> tuple[Dataset, Cloud]:
    dataset = load_dataset(name)
    return dataset, encode(models.create("vae", shape=dataset.shape, latent=3), dataset)


def test_a_row_is_a_selected_sample_with_its_split_label_and_code() -> None:
    digits, cloud = explored("digits")
    mask = np.zeros(len(digits), dtype=bool)
    rows = [0, 5, cloud.train - 1, cloud.train, len(digits) - 1]
    mask[rows] = True
    frame = selected_frame(digits, cloud, mask)
    assert frame.index.tolist() == rows
    assert frame.index.name == "index"
    assert frame.columns.tolist() == ["split", "label", "z1", "z2", "z3"]
    assert frame["split"].tolist() == ["train"] * 3 + ["test"] * 2
    assert digits.y is not None
    assert frame["label"].tolist() == [digits.classes[label] for label in digits.y[rows]]
    np.testing.assert_array_equal(frame[["z1", "z2", "z3"]].to_numpy(), cloud.mean[rows])


def test_a_tables_columns_are_in_their_own_units() -> None:
    iris, cloud = explored("iris")
    mask = np.arange(len(iris)) % 7 == 0
    frame = selected_frame(iris, cloud, mask)
    assert iris.table is not None
    for name in iris.table.columns:
        np.testing.assert_array_equal(frame[name].to_numpy(), iris.table[name].to_numpy()[mask])


def test_own_names_win_over_the_tables() -> None:
    iris, cloud = explored("iris")
    table = pd.DataFrame({"z1": np.arange(150.0), "label": ["mine"] * 150, "size": np.ones(150)})
    object.__setattr__(iris, "table", table)
    frame = selected_frame(iris, cloud, np.arange(150) < 3)
    assert frame.columns.tolist() == [
        "split",
        "label",
        "z1 (table)",
        "label (table)",
        "size",
        "z1",
        "z2",
        "z3",
    ]
    assert frame["z1 (table)"].tolist() == [0.0, 1.0, 2.0]
    assert "mine" not in frame["label"].tolist()


def test_nothing_selected_is_an_empty_table_with_all_columns() -> None:
    digits, cloud = explored("digits")
    frame = selected_frame(digits, cloud, np.zeros(len(digits), dtype=bool))
    assert len(frame) == 0
    assert frame.columns.tolist() == ["split", "label", "z1", "z2", "z3"]


def test_more_columns_come_last_and_only_for_the_selected() -> None:
    digits, cloud = explored("digits")
    errors = np.arange(len(digits), dtype=np.float32)
    frame = selected_frame(digits, cloud, errors > 1_790, extra={"error": errors})
    assert frame.columns[-1] == "error"
    np.testing.assert_array_equal(frame["error"], frame.index.to_numpy())


def test_what_belongs_to_other_data_is_refused() -> None:
    digits, cloud = explored("digits")
    mask = np.ones(len(digits), dtype=bool)
    with pytest.raises(
        BadSelection, match="the selection covers 10 samples and the data set 'digits' has 1,797"
    ):
        selected_frame(digits, cloud, mask[:10])
    with pytest.raises(BadSelection, match="the cloud covers 3,594 samples"):
        selected_frame(digits, cloud.draws(2), mask)
    with pytest.raises(BadSelection, match="the column 'error' covers 3 samples"):
        selected_frame(digits, cloud, mask, extra={"error": np.zeros(3)})
