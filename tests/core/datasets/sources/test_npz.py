from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import DataError

# A fixture of one test serves all its examples: it holds no state.
STATELESS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (10, 9, 12), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (10, 9, 12, 3), dtype=np.uint8)


@pytest.fixture
def loaded(tmp_path: Path):
    def load(**arrays: Any) -> Dataset:
        np.savez(tmp_path / "made.npz", **arrays)
        return load_dataset(tmp_path / "made.npz")

    return load


def has_samples_of(data: Dataset, source: np.ndarray) -> bool:
    """Say whether the data are the source's samples, each once, whatever their order."""
    return sorted(each.tobytes() for each in data.x) == sorted(each.tobytes() for each in source)


@pytest.mark.parametrize(
    ("x", "images"),
    [
        (GREY, GREY[:, None]),
        (GREY[:, None], GREY[:, None]),
        (GREY[..., None], GREY[:, None]),
        (COLOUR, COLOUR.transpose(0, 3, 1, 2)),
        (COLOUR.transpose(0, 3, 1, 2), COLOUR.transpose(0, 3, 1, 2)),
    ],
)
def test_every_layout_of_images_is_read(loaded, x: np.ndarray, images: np.ndarray) -> None:
    data = loaded(x=x)
    assert data.shape == images.shape[1:]
    assert has_samples_of(data, np.ascontiguousarray(images / np.float32(255), dtype=np.float32))
    assert data.notes == ()
    assert (data.classes, data.y, data.table) == ((), None, None)


def test_floats_in_range_are_taken_as_they_are(loaded) -> None:
    x = RNG.random((6, 8, 8))
    data = loaded(x=x)
    assert has_samples_of(data, x.astype(np.float32))
    assert data.notes == ()


@pytest.mark.parametrize("kind", [np.int64, np.float64, np.uint16])
def test_other_numbers_up_to_255_are_scaled_and_said(loaded, kind: type) -> None:
    data = loaded(x=GREY.astype(kind))
    assert has_samples_of(data, (GREY[:, None] / np.float32(255)).astype(np.float32))
    assert "divided by 255" in data.notes[0]


def test_two_dimensions_are_a_table(loaded) -> None:
    x = RNG.normal(5, 3, (30, 4))
    data = loaded(x=x, y=np.arange(30) % 3 + 7)
    assert data.shape == (4,)
    assert data.classes == ("7", "8", "9")
    assert data.table is not None
    assert list(data.table.columns) == ["x1", "x2", "x3", "x4", "y"]
    np.testing.assert_allclose(data.drawing.to_units(data.x), data.table[["x1", "x2", "x3", "x4"]], rtol=1e-4)


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (["b", "a"] * 5, ("a", "b")),
        (np.array([b"b", b"a"] * 5), ("a", "b")),
        ([[10], [9]] * 5, ("9", "10")),
        ([1.0, 0.0] * 5, ("0", "1")),
        ([True, False] * 5, ("False", "True")),
    ],
)
def test_labels_of_many_kinds(loaded, y: Any, classes: tuple[str, ...]) -> None:
    # The first pixel tells where a sample came from: even rows have the first label of `y`.
    x = np.zeros((10, 8, 8))
    x[::2, 0, 0] = 1
    data = loaded(x=x, y=y)
    assert data.classes == classes
    np.testing.assert_array_equal(data.y, data.x[:, 0, 0, 0].astype(int))


class Trap:
    """Unpickling this is seen."""

    sprung = False

    def __reduce__(self) -> tuple:
        return (setattr, (Trap, "sprung", True))


@pytest.mark.parametrize("where", ["x", "y"])
def test_objects_are_refused_and_never_unpickled(loaded, refused, where: str) -> None:
    arrays = {"x": GREY, "y": np.arange(10)} | {where: np.array([Trap()] * 10, dtype=object)}
    with refused("made.npz", "objects", "never unpickled", kind=DataError):
        loaded(**arrays)
    assert not Trap.sprung


@pytest.mark.parametrize(
    ("arrays", "parts"),
    [
        ({"images": GREY, "z": GREY}, ["'images'", "'z'", "savez"]),
        ({}, ["no array x", "empty"]),
        ({"x": GREY, "y": [1, 2]}, ["(10, 9, 12)", "(2,)"]),
        ({"x": GREY, "y": np.zeros((10, 3))}, ["(10, 3)"]),
        ({"x": GREY, "y": np.full(10, np.nan)}, ["no label", "row 1"]),
        ({"x": GREY, "y": np.full(10, 1j)}, ["complex"]),
        ({"x": np.zeros((300, 8, 8)), "y": np.arange(300)}, ["300", "256"]),
        ({"x": np.zeros(5)}, ["(5,)", "[n, height, width]"]),
        ({"x": 3.0}, ["()", "[n, height, width]"]),
        ({"x": np.zeros((5, 8, 8, 4))}, ["(5, 8, 8, 4)", "one or three"]),
        ({"x": np.zeros((5, 8, 8, 8, 8))}, ["(5, 8, 8, 8, 8)"]),
        ({"x": np.full((5, 8, 8), "a")}, ["<U1"]),
        ({"x": np.full((5, 8, 8), 1j)}, ["complex"]),
        ({"x": GREY[:, :7]}, ["7x12", "resize"]),
        ({"x": np.zeros((3, 80, 80), np.uint8)}, ["80x80", "resize"]),
        ({"x": GREY[:1]}, ["1 sample;"]),
        ({"x": GREY[:0]}, ["0 samples"]),
        ({"x": np.zeros((0, 4))}, ["no rows"]),
        ({"x": GREY - 300.0}, ["from -300 to"]),
        ({"x": GREY * 300.0}, ["from 0 to 7"]),
        ({"x": np.full((5, 8, 8), np.nan)}, ["sample 0", "finite"]),
        ({"x": np.full((5, 8, 8), np.inf)}, ["sample 0", "finite"]),
        ({"x": np.full((5, 8, 8), 1e300)}, ["finite"]),
        ({"x": np.full((5, 2), np.nan)}, ["'x1'", "row 1"]),
    ],
)
def test_what_does_not_fit_is_refused(loaded, refused, arrays: dict, parts: list[str]) -> None:
    with refused("made.npz", *parts, kind=DataError):
        loaded(**arrays)


def saved(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


WHOLE = saved(x=GREY, y=np.arange(10))


@STATELESS
@given(st.integers(0, len(WHOLE) - 1))
def test_a_truncated_archive_is_refused(tmp_path_factory: pytest.TempPathFactory, refused, size: int) -> None:
    path = tmp_path_factory.mktemp("npz") / "cut.npz"
    path.write_bytes(WHOLE[:size])
    with refused(path, "truncated or damaged", kind=DataError):
        load_dataset(path)


@given(st.data())
def test_a_damaged_archive_is_refused_or_whole(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(WHOLE)
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("npz") / "damaged.npz"
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        assert len(load_dataset(path)) == 10


def test_an_encrypted_archive_is_refused(tmp_path: Path, refused, encrypted) -> None:
    path = tmp_path / "closed.npz"
    path.write_bytes(encrypted(WHOLE))
    with refused(path, "encrypted", kind=DataError):
        load_dataset(path)


@pytest.mark.parametrize("content", ["array", "pickle", "text"])
def test_a_foreign_file_is_refused(tmp_path: Path, refused, content: str) -> None:
    path = tmp_path / "foreign.npz"
    with path.open("wb") as file:
        if content == "array":
            np.save(file, GREY)
        elif content == "pickle":
            np.save(file, np.array([Trap()]), allow_pickle=True)
        else:
            file.write(b"hello, world")
    with refused(path, kind=DataError):
        load_dataset(path)
    assert not Trap.sprung
