"""The 9,357 hours of a gas sensor beside an Italian road, from the UCI repository."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from explorer.core.datasets.base import Dataset
from explorer.core.datasets.columns import numbers
from explorer.core.datasets.fetching import Remote, found, obtain
from explorer.core.datasets.labels import to_classes
from explorer.core.datasets.request import Request
from explorer.core.datasets.sentences import listed, reason
from explorer.core.datasets.splitting import split_rows
from explorer.core.datasets.tables import first_row, from_table
from explorer.core.errors import BROKEN_ZIP, DataError

NAME = "air-quality"
FEATURES = (
    "CO(GT)",
    "PT08.S1(CO)",
    "NMHC(GT)",
    "C6H6(GT)",
    "PT08.S2(NMHC)",
    "NOx(GT)",
    "PT08.S3(NOx)",
    "NO2(GT)",
    "PT08.S4(NO2)",
    "PT08.S5(O3)",
    "T",
    "RH",
    "AH",
)
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
MISSING = -200.0
MEMBER = "AirQualityUCI.csv"
ARCHIVES = ("air+quality.zip", "air_quality.zip", "AirQualityUCI.zip")
FILES = (MEMBER, "airquality.csv", *ARCHIVES)
REMOTE = Remote(
    "uci/air+quality.zip", ("https://archive.ics.uci.edu/static/public/360/air+quality.zip",), None
)
# Of the table inside the archive, which UCI packs anew now and then.
SHA256 = "13277ae5d8581e80b7be09d47c7d3d06fe9b8e957078f2cf6e859f955e62f996"


def load(request: Request, remote: Remote = REMOTE) -> Dataset:
    """Return the readings of each hour, labelled with its month or its hour of day.

    Missing readings (-200 in UCI's file, or empty) are filled with the median of the training rows; a column
    of which more than half is missing is left out. The notes say so, and the column `filled` of the table
    counts the filled readings of each row.

    References
    ----------
    De Vito, Massera, Piga, Martinotto and Di Francia (2008), On field calibration of an electronic nose.
    """
    label = request.label or "month"
    path = found(request, *(f"{folder}{file}" for folder in ("uci/", "") for file in FILES))
    if path is None:
        path = obtain(NAME, (remote,), request)[0]
        _check_download(path)
    frame = _read(path)
    when = pd.DatetimeIndex(frame["datetime"])
    months = pd.Categorical(when.month_name(), categories=MONTHS)
    frame = frame.assign(month=months, hour=when.hour)
    frame, features, notes = _filled(frame, label)
    return from_table(NAME, frame, features, label=label, notes=notes)


def _filled(frame: pd.DataFrame, label: str) -> tuple[pd.DataFrame, tuple[str, ...], tuple[str, ...]]:
    """Return the table with its gaps filled, the readings that are kept, and the notes."""
    missing = frame[list(FEATURES)].isna()
    counts = missing.sum()
    dropped = [column for column in FEATURES if 2 * counts[column] > len(frame)]
    kept = tuple(column for column in FEATURES if column not in dropped)
    train_rows, _ = split_rows(len(frame), to_classes(frame[label])[0])
    notes = [
        f"{column} is left out: {counts[column]:,} of {len(frame):,} values are missing."
        for column in dropped
    ]
    holes = [column for column in kept if counts[column]]
    frame = frame.drop(columns=dropped).fillna(frame[holes].iloc[train_rows].median().to_dict())
    frame = frame.assign(filled=missing[list(kept)].sum(axis=1))
    if holes:
        told = ", ".join(f"{counts[column]:,} of {column}" for column in holes)
        notes.append(
            f"Missing values are filled with the median of the training rows ({told}); the column 'filled' "
            f"says how many in each row, and {int((frame['filled'] == 0).sum()):,} rows are complete."
        )
    return frame, kept, tuple(notes)


def _read(path: Path) -> pd.DataFrame:
    """Return `datetime` and the readings, NaN where missing, from UCI's layout or the comma-separated one."""
    try:
        content = _content(path)
        european = b";" in content.split(b"\n", 1)[0]
        frame = pd.read_csv(
            io.BytesIO(content),
            sep=";" if european else ",",
            decimal="," if european else ".",
            low_memory=False,
        )
    except (OSError, ValueError, KeyError, *BROKEN_ZIP) as error:
        raise DataError(
            f"{path} cannot be read as a table ({reason(error)}); put UCI's file there."
        ) from error
    lacking = [column for column in ("Date", "Time", *FEATURES) if column not in frame.columns]
    if lacking:
        raise DataError(f"{path} lacks the column {listed(lacking)}; put UCI's {MEMBER} there.")
    # UCI's file ends in empty columns and 114 empty rows.
    frame = frame[["Date", "Time", *FEATURES]].dropna(how="all").reset_index(drop=True)
    stamped = frame["Date"].astype(str) + " " + frame["Time"].astype(str)
    layout = "%d/%m/%Y %H.%M.%S" if european else "%m/%d/%Y %H:%M:%S"
    when = pd.to_datetime(stamped, format=layout, errors="coerce")
    if when.isna().any():
        row = first_row(when.isna().to_numpy())
        raise DataError(
            f"{path} holds {stamped[row - 1]!r} as date and time, first in row {row}; put UCI's "
            f"{MEMBER} there."
        )
    readings = {column: _reading(path, frame[column]) for column in FEATURES}
    return pd.DataFrame({"datetime": when, **readings})


def _reading(path: Path, series: pd.Series) -> np.ndarray:
    values = np.full(len(series), np.nan) if series.isna().all() else numbers(series)
    if values is None or (np.isnan(values) & series.notna().to_numpy()).any():
        raise DataError(
            f"{path} holds text in the number column {str(series.name)!r}; put UCI's {MEMBER} there."
        )
    return np.where(values == MISSING, np.nan, values)


def _content(path: Path) -> bytes:
    if path.suffix.lower() != ".zip":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return archive.read(MEMBER)


def _check_download(path: Path) -> None:
    try:
        digest = hashlib.sha256(_content(path)).hexdigest()
    except (KeyError, *BROKEN_ZIP) as error:
        digest = reason(error)
    if digest != SHA256:
        path.unlink()
        raise DataError(
            f"what was downloaded as {path.name} does not hold UCI's {MEMBER} (sha256 {SHA256}); put that "
            f"file into {path.parent}."
        )
