"""Frames out of table files; separator, decimal mark, header and encoding are guessed."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas as pd

from explorer.core.datasets.sentences import reason
from explorer.core.errors import DataError

SEPARATORS = (",", ";", "\t", "|")
BEGINNING = 1 << 16
"""The number of characters that the guesses are made from."""


def read_csv(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the table with its cells as they are, and sentences on the guesses.

    No cell is taken for missing here: the user of a column decides, and can quote its content.

    Raises
    ------
    DataError
        A file that cannot be read, or whose rows do not fit its header.
    """
    encoding, beginning, notes = _beginning(path)
    lines = beginning.splitlines()
    if not any(line.strip() for line in lines):
        raise DataError(f"{path} is empty; give it a header and at least two rows.")
    header = next(line for line in lines if line.strip())
    separator = max(SEPARATORS, key=lambda mark: len(_cells(header, mark)))
    comma = separator == ";" and re.search(r"\d,\d", beginning) and not re.search(r"\d\.\d", beginning)
    cells = _cells(header, separator)
    named = not _is_row(cells)
    if not named:
        notes = (*notes, "The table has no header line; its columns are called x1, x2 and so on.")
    try:
        frame = pd.read_csv(
            path,
            sep=separator,
            decimal="," if comma else ".",
            header=0 if named else None,
            names=None if named else [f"x{number}" for number in range(1, len(cells) + 1)],
            encoding=encoding,
            keep_default_na=False,
            low_memory=False,
        )
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a table ({reason(error)}); correct that line.") from error
    if not isinstance(frame.index, pd.RangeIndex):
        # pandas takes the first cells of too long rows for names of the rows.
        raise DataError(f"{path} has rows with more cells than its header names; give each column a name.")
    frame.columns = pd.Index([str(column).strip() for column in frame.columns])
    return frame, notes


def read_parquet(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the table of a Parquet file, its named row labels as columns.

    Raises
    ------
    DataError
        A file that is not a whole Parquet file.
    """
    try:
        frame = pd.read_parquet(path)
    except Exception as error:  # pyarrow's errors for foreign files are of many kinds
        raise DataError(
            f"{path} cannot be read as a Parquet table ({reason(error)}); write it again."
        ) from error
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    frame.columns = pd.Index([str(column) for column in frame.columns])
    if frame.columns.has_duplicates:
        raise DataError(f"{path} has two columns of the same name; give each its own.")
    return frame.reset_index(drop=True), ()


def _beginning(path: Path) -> tuple[str, str, tuple[str, ...]]:
    notes = ("The file is not UTF-8; it is read as Latin-1.",)
    for encoding, said in (("utf-8-sig", ()), ("latin-1", notes)):
        try:
            with path.open(encoding=encoding, newline="") as file:
                beginning = file.read(BEGINNING)
                while file.read(BEGINNING):
                    pass
        except UnicodeDecodeError:
            continue
        except OSError as error:
            raise DataError(f"{path} cannot be read ({reason(error)}).") from error
        if "\0" in beginning:
            break
        return encoding, beginning, said
    raise DataError(f"{path} is not a text file; give a table of comma-separated values.")


def _cells(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator))


def _is_row(cells: list[str]) -> bool:
    """Say whether a first line is data: all cells but the last are numbers, and no list of distinct counts.

    Whole numbers that differ from one another can well be names (years, or 0, 1, 2 as pandas writes them).
    """
    first = [cell.strip() for cell in cells[:-1]] or [cells[-1].strip()]
    try:
        values = [float(cell) for cell in first]
    except ValueError:
        return False
    return len(set(values)) < len(values) or any(not cell.lstrip("+-").isdigit() for cell in first)
