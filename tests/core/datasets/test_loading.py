from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.core.datasets import dataset_names, load_dataset
from explorer.core.errors import DataError, DataMissing, UnknownName

NAMES = ("digits", "iris", "wine-quality", "air-quality", "mnist", "fashion-mnist", "cifar10")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    np.savez(tmp_path / "made.npz", x=np.zeros((5, 8, 8), np.uint8))
    return tmp_path / "made.npz"


def test_the_names_are_those_of_the_contract() -> None:
    assert dataset_names() == NAMES


def test_digits() -> None:
    data = load_dataset("digits")
    assert (data.shape, len(data), data.label_name) == ((1, 8, 8), 1797, "digit")
    assert data.classes == tuple("0123456789")
    assert data.drawing.kind == "image"
    assert data.x.min() == 0
    assert data.x.max() == 1
    assert len(data.test) == pytest.approx(1797 / 5, abs=1)


def test_iris() -> None:
    data = load_dataset("iris")
    assert (data.shape, len(data), data.label_name) == ((4,), 150, "species")
    assert data.classes == ("setosa", "versicolor", "virginica")
    assert data.drawing.kind == "profile"
    assert np.bincount(data.test.y).tolist() == [10, 10, 10]
    assert data.table is not None
    assert [data.classes[label] for label in data.y] == data.table["species"].tolist()
    sepal = data.table["sepal length (cm)"]
    assert (sepal.min(), sepal.max()) == (4.3, 7.9)


def test_numbers_that_are_names_are_in_no_order(tmp_path: Path) -> None:
    assert not load_dataset("digits").ordered
    assert not load_dataset("iris").ordered
    rng = np.random.default_rng(0)
    for name, shape in (("images", (30, 8, 8)), ("rows", (30, 8))):
        np.savez(tmp_path / f"{name}.npz", x=rng.random(shape), y=np.arange(30) % 10)
        assert not load_dataset(tmp_path / f"{name}.npz").ordered


def test_a_dataset_is_returned_as_it_is() -> None:
    data = load_dataset("digits")
    assert load_dataset(data) is data


def test_progress_ends_at_one() -> None:
    told: list[tuple[float, str]] = []
    load_dataset("digits", progress=lambda fraction, message: told.append((fraction, message)))
    assert told[-1] == (1.0, "Loaded digits")


@pytest.mark.parametrize("source", ["minst", "", "digit", "Digits 2", "a:b:c", "\0", "x" * 5000])
def test_an_unknown_name_is_refused_with_the_names_there_are(refused, source: str) -> None:
    with refused(repr(source), *NAMES, ".csv", "folder", kind=UnknownName):
        load_dataset(source)


@pytest.mark.parametrize(
    "source", ["./nowhere", "nowhere.csv", "nowhere.csv#a", "no/where.npz", "~/nowhere-at-all"]
)
def test_a_path_that_is_not_there_is_refused(refused, source: str) -> None:
    with refused(repr(source), "path", kind=DataMissing):
        load_dataset(source)


def test_another_kind_of_file_is_refused(refused, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with refused(tmp_path / "notes.txt", ".npz", ".csv", ".parquet", kind=DataError):
        load_dataset(tmp_path / "notes.txt")


def test_a_label_that_a_set_does_not_have_is_refused(refused, archive: Path) -> None:
    with refused("air-quality", "'minute'", "month", "hour", kind=DataError):
        load_dataset("air-quality:minute")
    with refused("digits", "'month'", kind=DataError):
        load_dataset("digits", label="month")
    with refused(archive, "'month'", "not a table", kind=DataError):
        load_dataset(archive, label="month")


def test_a_name_goes_before_a_file_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    assert len(load_dataset("digits")) == 1797
    with refused("digits", "class folders", kind=DataError):
        load_dataset("./digits")


def test_a_mark_in_a_file_name_is_part_of_it(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 1]}).to_csv(tmp_path / "odd#name.csv", index=False)
    assert load_dataset(tmp_path / "odd#name.csv").shape == (2,)
    assert load_dataset(f"{tmp_path / 'odd#name.csv'}#b").classes == ("1", "2")


# import strings


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "made_sets.py").write_text(
        "import numpy as np\n"
        "from explorer.core.datasets import from_images\n"
        "from explorer.core.errors import DataError\n"
        "ready = from_images('ready', np.zeros((5, 1, 8, 8), np.float32))\n"
        "def made():\n    return from_images('made', np.zeros((6, 1, 8, 8), np.float32))\n"
        "class box:\n    inside = ready\n"
        "number = 3\n"
        "def broken():\n    raise RuntimeError('two\\nlines.')\n"
        "def refusing():\n    raise DataError('a sentence of its own.')\n"
    )
    (tmp_path / "broken_sets.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "made_sets"
    for name in ("made_sets", "broken_sets"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(("attribute", "n"), [("ready", 5), ("made", 6), ("box.inside", 5)])
def test_an_import_string_gives_a_dataset(module: str, attribute: str, n: int) -> None:
    assert len(load_dataset(f"{module}:{attribute}")) == n


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("made_sets:number", ["int", "from_images"]),
        ("made_sets:absent", ["AttributeError", "absent"]),
        ("made_sets:broken", ["RuntimeError", "two lines"]),
        ("broken_sets:anything", ["ZeroDivisionError"]),
        ("no_such_module_here:data", ["ModuleNotFoundError"]),
    ],
)
def test_an_import_string_without_a_dataset_is_refused(refused, module: str, source: str, parts) -> None:
    with refused(repr(source), *parts, kind=DataError):
        load_dataset(source)


def test_a_sentence_of_the_imported_code_is_kept(refused, module: str) -> None:
    with refused("a sentence of its own.", kind=DataError):
        load_dataset("made_sets:refusing")


def test_the_browser_cannot_import(refused, module: str) -> None:
    with refused("'made_sets:ready'", "command line", "digits", kind=DataError):
        load_dataset("made_sets:ready", allow_import=False)
    assert "made_sets" not in sys.modules


def test_whatever_can_be_loaded_without_import_strings_still_is(archive: Path) -> None:
    assert len(load_dataset("digits", allow_import=False)) == 1797
    assert len(load_dataset(os.fspath(archive), allow_import=False)) == 5
