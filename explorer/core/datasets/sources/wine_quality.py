"""The 6,497 red and white wines of the UCI repository."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from explorer.core.datasets.base import Dataset
from explorer.core.datasets.columns import checked_numbers, numbers
from explorer.core.datasets.fetching import Remote, found, obtain
from explorer.core.datasets.request import Request
from explorer.core.datasets.sentences import listed, reason
from explorer.core.datasets.tables import from_table
from explorer.core.errors import DataError

NAME = "wine-quality"
FEATURES = (
    "fixed acidity",
    "volatile acidity",
    "citric acid",
    "residual sugar",
    "chlorides",
    "free sulfur dioxide",
    "total sulfur dioxide",
    "density",
    "pH",
    "sulphates",
    "alcohol",
)
URL = "https://archive.ics.uci.edu/ml/machine-learning-databases/wine-quality/"
# For each colour, as the column says it, its file and the number of its rows.
FILES = (("winequality-red.csv", 1599), ("winequality-white.csv", 4898))
REMOTES = tuple(
    Remote(f"uci/{file}", (f"{URL}{file}",), f"sha256:{sha256}")
    for (file, _), sha256 in zip(
        FILES,
        (
            "4a402cf041b025d4566d954c3b9ba8635a3a8a01e039005d97d6a710278cf05e",
            "76c3f809815c17c07212622f776311faeb31e87610d52c26d87d6e361b169836",
        ),
        strict=True,
    )
)


def load(request: Request, remotes: tuple[Remote, ...] = REMOTES) -> Dataset:
    """Return eleven measurements and the colour of each wine, labelled with its quality.

    References
    ----------
    Cortez, Cerdeira, Almeida, Matos and Reis (2009), Modeling wine preferences by data mining from
    physicochemical properties.
    """
    loose = [found(request, file) for file, _ in FILES]
    paths = tuple(path for path in loose if path) if all(loose) else obtain(NAME, remotes, request)
    notes = ["The column 'colour' is 0 for red and 1 for white wine."]
    frames = []
    for colour, (path, (file, rows)) in enumerate(zip(paths, FILES, strict=True)):
        frame = _read(path).assign(colour=float(colour))
        if len(frame) != rows:
            notes.append(f"{file} has {len(frame):,} rows where UCI's has {rows:,}.")
        frames.append(frame[[*FEATURES, "colour", "quality"]])
    wines = pd.concat(frames, ignore_index=True)
    features = (*FEATURES, "colour")
    return from_table(NAME, wines, features, label="quality", notes=tuple(notes), ordered=True)


def _read(path: Path) -> pd.DataFrame:
    """Return UCI's table, after checking that its numbers are numbers."""
    try:
        with path.open(encoding="utf-8") as file:
            separator = ";" if ";" in file.readline() else ","
        frame = pd.read_csv(path, sep=separator, low_memory=False)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read as a table ({reason(error)}); put UCI's file there."
        ) from error
    missing = [column for column in (*FEATURES, "quality") if column not in frame.columns]
    if missing:
        raise DataError(f"{path} lacks the column {listed(missing)}; put UCI's {path.name} there.")
    for column in (*FEATURES, "quality"):
        values = numbers(frame[column])
        if values is None:
            raise DataError(
                f"{path} holds text in the number column {column!r}; put UCI's {path.name} there."
            )
        checked_numbers(str(path), frame[column], values)
    return frame
