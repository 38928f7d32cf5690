"""A selection as a table: which columns it has, and that none is computed twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import models
from explorer.core.columns import own_columns
from explorer.core.columns.columns import names, values
from explorer.core.columns.table import ColumnTable
from explorer.core.datasets import load_dataset
from explorer.core.errors import BadSelection, Cancelled, UnknownName
from explorer.core.latent.cloud import encode
from explorer.core.scene.scene import Scene, lay_out


def explored(name: str, model: str = "vae") -> Scene:
    dataset = load_dataset(name)
    made = models.create(model, shape=dataset.shape, latent=3, width=0.25).eval()
    return lay_out(dataset, made, encode(made, dataset), "pca")


@pytest.fixture(scope="module")
def digits() -> Scene:
    return explored("digits")


@pytest.fixture
def iris() -> Scene:
    return explored("iris")


CODES = ["z1", "z2", "z3"]


def test_a_row_is_a_selected_sample_with_its_split_label_and_code(digits: Scene) -> None:
    dataset, cloud = digits.dataset, digits.cloud
    mask = np.zeros(len(dataset), dtype=bool)
    rows = [0, 5, cloud.train - 1, cloud.train, len(dataset) - 1]
    mask[rows] = True
    frame = ColumnTable().selected(digits, mask)
    assert frame.index.tolist() == rows
    assert frame.index.name == "index"
    assert frame.columns.tolist() == ["split", "label", *CODES, "kl"]
    assert frame["split"].tolist() == ["train"] * 3 + ["test"] * 2
    assert frame["label"].tolist() == [dataset.classes[label] for label in dataset.y[rows]]
    np.testing.assert_array_equal(frame[CODES].to_numpy(), cloud.mean[rows])
    np.testing.assert_array_equal(frame["kl"], cloud.kl[rows])


def test_a_tables_columns_are_in_their_own_units(iris: Scene) -> None:
    mask = np.arange(len(iris.dataset)) % 7 == 0
    frame = ColumnTable().selected(iris, mask)
    for name in iris.dataset.table.columns:
        np.testing.assert_array_equal(frame[name].to_numpy(), iris.dataset.table[name].to_numpy()[mask])


def test_own_names_win_over_the_tables(iris: Scene) -> None:
    table = pd.DataFrame({"z1": np.arange(150.0), "label": ["mine"] * 150, "size": np.ones(150)})
    object.__setattr__(iris.dataset, "table", table)
    frame = ColumnTable().selected(iris, np.arange(150) < 3)
    marked = ["z1 (table)", "label (table)", "size"]
    assert frame.columns.tolist() == ["split", "label", *marked, *CODES, "kl"]
    assert frame["z1 (table)"].tolist() == [0.0, 1.0, 2.0]
    assert "mine" not in frame["label"].tolist()


def test_nothing_selected_is_an_empty_table_with_all_columns(digits: Scene) -> None:
    frame = ColumnTable().selected(digits, np.zeros(len(digits.dataset), dtype=bool))
    assert len(frame) == 0
    assert frame.columns.tolist() == ["split", "label", *CODES, "kl"]


def test_slow_columns_are_there_once_they_were_computed_or_asked_for(iris: Scene) -> None:
    table, everything = ColumnTable(), np.ones(150, dtype=bool)
    cheap = table.selected(iris, everything).columns.tolist()
    assert "error" not in cheap
    frame = table.selected(iris, everything, also=("error",))
    assert frame.columns.tolist() == [*cheap, "error"]
    np.testing.assert_array_equal(frame["error"], values(iris, "error"))
    # Both come out of one search, and what is asked for twice stands there once.
    table.values(iris, "agreement")
    frame = table.selected(iris, everything, also=("error",))
    assert set(frame.columns) - set(cheap) == {"error", "agreement", "nearest_label"}
    assert frame["nearest_label"].tolist() == values(iris, "nearest_label").tolist()
    assert frame.columns.is_unique


def test_a_csv_can_hold_every_column(iris: Scene) -> None:
    frame = ColumnTable().selected(iris, np.arange(150) < 20, also=names(iris))
    assert set(frame.columns) == set(names(iris))
    for name in names(iris):
        assert frame[name].tolist() == values(iris, name)[:20].tolist()


def test_a_slow_column_is_computed_once_for_its_codes_whatever_the_map(
    iris: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, made = ColumnTable(), []
    error = own_columns.OWN["error"]
    counted = replace(error, compute=lambda *given: (made.append(given), error.compute(*given))[1])
    monkeypatch.setitem(own_columns.OWN, "error", counted)
    first = table.values(iris, "error")
    other_map = lay_out(iris.dataset, iris.model, iris.cloud, "slice")
    assert table.values(other_map, "error") is first
    assert table.values(iris.with_neighbours(), "error") is first
    assert table.frame(other_map, ("error", "z1"))["error"].tolist() == first.tolist()
    assert len(made) == 1
    assert [column.name for column in table.missing(iris, ("error", "density", "z1", "no such"))] == [
        "density"
    ]
    other_model = explored("iris", "ae")
    assert other_model.cloud.stamp != iris.cloud.stamp
    assert table.values(other_model, "error").tolist() != first.tolist()
    assert table.values(iris, "trustworthiness") is not table.values(other_map, "trustworthiness")


def test_progress_goes_from_nothing_to_all_over_what_is_computed(iris: Scene) -> None:
    table, shares = ColumnTable(), []
    table.frame(iris, ("z1", "error", "agreement"), progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert any(0 < share <= 0.5 for share in shares)
    shares.clear()
    table.frame(iris, ("z1", "error"), progress=shares.append)
    assert shares == []
    with pytest.raises(Cancelled):
        ColumnTable().frame(iris, ("error",), stop=lambda: True)


def test_what_belongs_to_other_data_is_refused(digits: Scene) -> None:
    mask = np.ones(len(digits.dataset), dtype=bool)
    with pytest.raises(
        BadSelection, match="the selection covers 10 samples and the data set 'digits' has 1,797"
    ):
        ColumnTable().selected(digits, mask[:10])
    with pytest.raises(UnknownName, match="unknown column 'mood'"):
        ColumnTable().selected(digits, mask, also=("mood",))
