from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.core.datasets import Dataset, load_dataset
from explorer.core.datasets.fetching import Remote
from explorer.core.datasets.request import Request
from explorer.core.datasets.sources import air_quality, wine_quality
from explorer.core.errors import DataError, DataMissing

CLOSED = "http://127.0.0.1:9/"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))


# wine


def wine_folder(folder: Path, rows: int = 20) -> Path:
    """Write small files in the layout of UCI's."""
    rng = np.random.default_rng(0)
    (folder / "uci").mkdir(parents=True)
    for colour, (file, _) in enumerate(wine_quality.FILES):
        frame = pd.DataFrame(rng.normal(5, 1, (rows, 11)).round(3), columns=list(wine_quality.FEATURES))
        frame["quality"] = np.arange(rows) % 3 + 4 + colour
        frame.to_csv(folder / "uci" / file, sep=";", index=False)
    return folder


def check_wine(data: Dataset) -> None:
    assert data.shape == (12,)
    assert data.label_name == "quality"
    assert data.drawing.names == (*wine_quality.FEATURES, "colour")
    assert data.ordered
    assert data.table is not None
    np.testing.assert_allclose(
        data.drawing.to_units(data.x), data.table[list(data.drawing.names)], rtol=1e-4, atol=1e-5
    )
    assert [int(data.classes[y]) for y in data.y] == data.table["quality"].tolist()
    assert "'colour' is 0 for red and 1 for white" in data.notes[0]


def test_the_real_wines(real_data: Path | None, tmp_path: Path) -> None:
    if real_data is None:
        check_wine(load_dataset("wine-quality", folder=wine_folder(tmp_path / "data")))
        return
    data = load_dataset("wine-quality", folder=real_data)
    check_wine(data)
    assert len(data) == 6497
    assert data.table is not None
    assert data.table["colour"].value_counts().to_dict() == {0.0: 1599, 1.0: 4898}
    assert data.classes == tuple("3456789")
    # The mean over UCI's two files, each row once.
    assert data.table["alcohol"].mean() == pytest.approx(10.4918, abs=1e-4)
    assert len(data.notes) == 1


def test_wines_in_other_numbers_are_said(tmp_path: Path) -> None:
    data = load_dataset("wine-quality", folder=wine_folder(tmp_path / "data"))
    check_wine(data)
    assert len(data) == 40
    assert data.table is not None
    # The made white wines are one better.
    assert set(data.table["quality"][data.table["colour"] == 0]) == {4, 5, 6}
    assert set(data.table["quality"][data.table["colour"] == 1]) == {5, 6, 7}
    assert data.notes[1:] == (
        "winequality-red.csv has 20 rows where UCI's has 1,599.",
        "winequality-white.csv has 20 rows where UCI's has 4,898.",
    )


def test_wines_may_lie_in_the_folder_itself(tmp_path: Path) -> None:
    folder = wine_folder(tmp_path / "data")
    assert (
        load_dataset("wine-quality", folder=folder / "uci").stamp
        == load_dataset("wine-quality", folder=folder).stamp
    )


def test_a_truncated_wine_file_is_named(tmp_path: Path, refused) -> None:
    folder = wine_folder(tmp_path / "data")
    path = folder / "uci" / "winequality-white.csv"
    whole = path.read_text()
    path.write_text(whole[: whole.rindex(";")])
    with refused(path, "no value", "'quality'", "row 20", kind=DataError):
        load_dataset("wine-quality", folder=folder)
    path.write_text(whole.splitlines()[0].rpartition(";")[0])
    with refused(path, "'quality'", "winequality-white.csv", kind=DataError):
        load_dataset("wine-quality", folder=folder)
    path.write_bytes(b"")
    with refused(path, kind=DataError):
        load_dataset("wine-quality", folder=folder)


def test_missing_wines_are_named(tmp_path: Path, refused) -> None:
    remotes = tuple(
        Remote(remote.path, (f"{CLOSED}{Path(remote.path).name}",), remote.checksum)
        for remote in wine_quality.REMOTES
    )
    folder = wine_folder(tmp_path / "data")
    (folder / "uci" / "winequality-white.csv").unlink()
    with refused("wine-quality", "winequality-white.csv", folder / "uci", "EXPLORER_DATA", kind=DataMissing):
        wine_quality.load(Request(folder), remotes)


# air


def air_frame(hours: int = 200) -> pd.DataFrame:
    """Return made readings as UCI's file has them, with a column that is mostly missing and some holes."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.uniform(1, 9, (hours, 13)).round(1), columns=list(air_quality.FEATURES))
    frame.loc[5:, "NMHC(GT)"] = -200.0
    frame.loc[[3, 4, 50], "T"] = -200.0
    frame.loc[[4], "RH"] = -200.0
    when = pd.date_range("2004-03-10 18:00", periods=hours, freq="7h")
    frame.insert(0, "Date", when.strftime("%d/%m/%Y"))
    frame.insert(1, "Time", when.strftime("%H.%M.%S"))
    return frame


def uci_layout(frame: pd.DataFrame) -> bytes:
    """Return the table as UCI lays it out: semicolons, decimal commas, empty columns and rows at the end."""
    lines = [";".join([*frame.columns, "", ""])]
    lines += [
        ";".join(
            [str(cell).replace(".", ",") if column > 1 else str(cell) for column, cell in enumerate(row)]
        )
        + ";;"
        for row in frame.itertuples(index=False)
    ]
    return "\r\n".join([*lines, *[";" * 16] * 3, ""]).encode()


def comma_layout(frame: pd.DataFrame) -> bytes:
    """Return the table re-formatted: commas, decimal points, months first without zeros."""
    when = pd.to_datetime(frame["Date"] + frame["Time"], format="%d/%m/%Y%H.%M.%S")
    date = [f"{each.month}/{each.day}/{each.year}" for each in when]
    time = [f"{each.hour}:{each:%M:%S}" for each in when]
    return frame.assign(Date=date, Time=time).to_csv(index=False).encode()


def air_folder(folder: Path, content: bytes, name: str = "AirQualityUCI.csv") -> Path:
    (folder / "uci").mkdir(parents=True, exist_ok=True)
    if name.endswith(".zip"):
        with zipfile.ZipFile(folder / "uci" / name, "w") as archive:
            archive.writestr("AirQualityUCI.csv", content)
    else:
        (folder / "uci" / name).write_bytes(content)
    return folder


def test_the_real_air(real_data: Path | None, tmp_path: Path) -> None:
    if real_data is None:
        assert len(load_dataset("air-quality", folder=air_folder(tmp_path, uci_layout(air_frame())))) == 200
        return
    data = load_dataset("air-quality", folder=real_data)
    assert len(data) == 9357
    assert data.shape == (12,)
    assert "NMHC(GT)" not in data.drawing.names
    assert data.notes[0] == "NMHC(GT) is left out: 8,443 of 9,357 values are missing."
    assert "366 of RH" in data.notes[1]
    assert "6,941 rows are complete" in data.notes[1]
    assert data.table is not None
    assert (data.table["filled"] == 0).sum() == 6941
    assert not (data.drawing.to_units(data.x) < -100).any()
    assert data.table["datetime"].min() == pd.Timestamp("2004-03-10 18:00")
    assert data.table["datetime"].max() == pd.Timestamp("2005-04-04 14:00")


@pytest.mark.parametrize("name", ["AirQualityUCI.csv", "air+quality.zip", "AirQualityUCI.zip"])
def test_both_layouts_and_the_archive_are_the_same_data(tmp_path: Path, name: str) -> None:
    frame = air_frame()
    comma = air_folder(tmp_path / "comma", comma_layout(frame), "airquality.csv")
    uci = air_folder(tmp_path / "uci-layout", uci_layout(frame), name)
    first, second = (load_dataset("air-quality", folder=folder) for folder in (comma, uci))
    assert first.stamp == second.stamp
    assert len(first) == 200


def test_labels_are_months_in_order_or_hours(tmp_path: Path) -> None:
    folder = air_folder(tmp_path, uci_layout(air_frame()))
    months = load_dataset("air-quality", folder=folder)
    assert (months.label_name, months.classes) == ("month", ("March", "April", "May"))
    hours = load_dataset("air-quality:hour", folder=folder)
    assert (hours.label_name, hours.classes) == ("hour", tuple(str(hour) for hour in range(24)))
    assert load_dataset("air-quality", label="hour", folder=folder).stamp == hours.stamp
    for data in (months, hours):
        assert data.table is not None
        when = data.table["datetime"]
        expected = when.dt.month_name() if data is months else when.dt.hour.astype(str)
        assert [data.classes[y] for y in data.y] == expected.tolist()


@pytest.mark.parametrize("empty", [True, False])
def test_what_is_missing_is_filled_with_the_training_median_and_said(tmp_path: Path, empty: bool) -> None:
    frame = air_frame()
    content = uci_layout(frame)
    data = load_dataset(
        "air-quality", folder=air_folder(tmp_path, content.replace(b"-200,0", b"") if empty else content)
    )
    assert data.notes == (
        "NMHC(GT) is left out: 195 of 200 values are missing.",
        "Missing values are filled with the median of the training rows (3 of T, 1 of RH); the column "
        "'filled' says how many in each row, and 197 rows are complete.",
    )
    assert data.table is not None
    assert data.table["filled"].value_counts().to_dict() == {0: 197, 1: 2, 2: 1}
    filled = data.table[data.table["filled"] > 0]
    train = data.table.iloc[: len(data.train)]
    measured = train["T"][train["filled"] == 0]
    assert set(filled["T"]) == {measured.median()}
    assert -200 not in data.table.select_dtypes("number").to_numpy()


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda text: text.replace(b"12/03/2004", b"31/02/2004"), ["31/02/2004", "date", "row"]),
        (lambda text: text.replace(b"RH", b"humidity"), ["'RH'", "AirQualityUCI.csv"]),
        (lambda text: b"", ["AirQualityUCI.csv"]),
        (lambda text: text.split(b"\n")[0], ["no rows"]),
        (lambda text: text.replace(b";;\r\n", b"oops;;\r\n", 5).replace(b"AHoops", b"AH"), ["'AH'", "text"]),
    ],
)
def test_a_damaged_air_file_is_refused(tmp_path: Path, refused, change, parts: list[str]) -> None:
    with refused(*parts, kind=DataError):
        load_dataset("air-quality", folder=air_folder(tmp_path, change(uci_layout(air_frame()))))


def test_a_damaged_air_archive_is_named(tmp_path: Path, refused, encrypted) -> None:
    folder = air_folder(tmp_path, uci_layout(air_frame()), "air+quality.zip")
    path = folder / "uci" / "air+quality.zip"
    path.write_bytes(path.read_bytes()[:-30])
    with refused(path, kind=DataError):
        load_dataset("air-quality", folder=folder)
    air_folder(tmp_path, uci_layout(air_frame()), path.name)
    path.write_bytes(encrypted(path.read_bytes()))
    with refused(path, "encrypted", kind=DataError):
        load_dataset("air-quality", folder=folder)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.csv", "")
    with refused(path, "AirQualityUCI.csv", kind=DataError):
        load_dataset("air-quality", folder=folder)


def test_missing_air_is_named(tmp_path: Path, refused) -> None:
    remote = Remote("uci/air+quality.zip", (f"{CLOSED}air+quality.zip",), None)
    with refused(
        "air-quality", "air+quality.zip", tmp_path / "data" / "uci", "EXPLORER_DATA", kind=DataMissing
    ):
        air_quality.load(Request(tmp_path / "data"), remote)
