from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.core.datasets import load_dataset
from explorer.core.errors import DataError


def painted(shape: tuple[int, ...], seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of six grey images of 10x12 pixels, in two classes."""
    root = tmp_path / "pictures"
    for number in range(6):
        path = root / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        painted((12, 10), number).save(path)
    return root


def test_images_are_read_with_their_classes(folder: Path) -> None:
    data = load_dataset(folder)
    assert (data.name, data.shape, len(data)) == ("pictures", (1, 12, 10), 6)
    assert (data.classes, data.label_name, data.notes) == (("cat", "dog"), "class", ())
    for number in range(6):
        pixels = np.asarray(painted((12, 10), number))
        place = next(row for row in range(6) if data.drawing.to_bytes(data.x[row]) == pixels.tobytes())
        assert data.y[place] == number % 2


def test_colour_is_kept_when_any_image_has_it(folder: Path) -> None:
    painted((12, 10, 3)).save(folder / "cat" / "colour.png")
    data = load_dataset(folder)
    assert data.shape == (3, 12, 10)
    grey = [sample for sample in data.x if (sample[0] == sample[1]).all() and (sample[0] == sample[2]).all()]
    assert len(grey) == 6


def test_an_unreadable_image_is_skipped_named_and_counted(folder: Path) -> None:
    (folder / "cat" / "broken.png").write_bytes(b"no image")
    whole = (folder / "dog" / "1.png").read_bytes()
    (folder / "dog" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "dog" / "empty.jpg").write_bytes(b"")
    painted((12, 10)).save(folder / "dog" / "headed.bmp")
    # whole in its header, cut in its pixels
    (folder / "dog" / "headed.bmp").write_bytes((folder / "dog" / "headed.bmp").read_bytes()[:-20])
    (folder / "dog" / "readme.txt").write_text("no image, and no claim to be one")
    data = load_dataset(folder)
    assert len(data) == 6
    (note,) = data.notes
    assert note.startswith("4 files were skipped")
    for name in ("cat/broken.png", "dog/cut.png", "dog/empty.jpg", "dog/headed.bmp"):
        assert repr(name) in note
    assert "readme" not in note


def test_many_unreadable_images_are_counted_and_the_first_named(folder: Path) -> None:
    for number in range(9):
        (folder / "cat" / f"broken{number}.png").write_bytes(b"")
    (note,) = load_dataset(folder).notes
    assert note.startswith("9 files were skipped")
    assert note.endswith("'cat/broken4.png' and 4 more.")


@pytest.mark.parametrize(
    ("given", "brought"),
    [
        ((64, 64), (64, 64)),
        ((640, 480), (64, 48)),
        ((100, 200), (32, 64)),
        ((65, 10), (64, 10)),
        ((4, 4), (8, 8)),
        ((4, 6), (8, 12)),
        ((1000, 10), (64, 8)),
        ((2, 60), (8, 64)),
    ],
)
def test_sizes_are_brought_into_what_models_take(
    tmp_path: Path, given: tuple[int, int], brought: tuple[int, int]
) -> None:
    (tmp_path / "sizes" / "only").mkdir(parents=True)
    for number in range(3):
        painted(given[::-1], number).save(tmp_path / "sizes" / "only" / f"{number}.png")
    data = load_dataset(tmp_path / "sizes")
    assert data.shape == (1, *brought[::-1])
    told = [note for note in data.notes if "resized" in note]
    assert told == (
        []
        if given == brought
        else [
            f"3 of 3 images were resized to {brought[0]}x{brought[1]} pixels, the largest from "
            f"{given[0]}x{given[1]}."
        ]
    )


def test_the_most_common_size_is_taken(folder: Path) -> None:
    painted((40, 40)).save(folder / "cat" / "large.png")
    data = load_dataset(folder)
    assert data.shape == (1, 12, 10)
    assert data.notes == ("1 of 7 images were resized to 10x12 pixels, the largest from 40x40.",)


def test_resizing_keeps_a_flat_image_flat(tmp_path: Path) -> None:
    (tmp_path / "flat" / "a").mkdir(parents=True)
    for number in range(2):
        Image.new("L", (300, 200), 51).save(tmp_path / "flat" / "a" / f"{number}.png")
    np.testing.assert_allclose(load_dataset(tmp_path / "flat").x, 0.2, atol=1e-6)


@pytest.mark.parametrize(
    ("mode", "colour", "channels", "value"),
    [
        ("1", 1, 1, 1.0),
        ("L", 102, 1, 0.4),
        ("LA", (0, 0), 1, 1.0),
        ("I;16", 0x6666, 1, 0.4),
        ("P", 3, 3, None),
        ("RGB", (102, 102, 102), 3, 0.4),
        ("RGBA", (0, 0, 0, 0), 3, 1.0),
        ("RGBA", (102, 102, 102, 255), 3, 0.4),
    ],
)
def test_every_mode_is_read(tmp_path: Path, mode: str, colour, channels: int, value: float | None) -> None:
    (tmp_path / "modes" / "a").mkdir(parents=True)
    for number in range(2):
        Image.new(mode, (8, 8), colour).save(tmp_path / "modes" / "a" / f"{number}.png")
    data = load_dataset(tmp_path / "modes")
    assert data.shape == (channels, 8, 8)
    if value is not None:
        np.testing.assert_allclose(data.x, value, atol=1e-3)
    assert ("Transparent pixels are shown on white." in data.notes) == mode.endswith("A")


@pytest.mark.parametrize("suffix", ["bmp", "gif", "jpg", "jpeg", "JPG", "pgm", "tif", "webp"])
def test_every_common_kind_of_file_is_read(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "kinds" / "a").mkdir(parents=True)
    for number in range(2):
        Image.new("L", (8, 8), 102).save(tmp_path / "kinds" / "a" / f"{number}.{suffix}")
    np.testing.assert_allclose(load_dataset(tmp_path / "kinds").x, 0.4, atol=0.02)


def test_a_turned_photograph_is_turned_back(tmp_path: Path) -> None:
    (tmp_path / "turned" / "a").mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    for number in range(2):
        painted((10, 20), number).save(tmp_path / "turned" / "a" / f"{number}.png", exif=exif)
    data = load_dataset(tmp_path / "turned")
    assert data.shape == (1, 20, 10)
    upright = {np.rot90(np.asarray(painted((10, 20), number)), -1).tobytes() for number in range(2)}
    assert {data.drawing.to_bytes(sample) for sample in data.x} == upright
    assert data.notes == ("All samples are of one class, 'a'.",)


def test_folders_train_and_test_are_the_split(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "divided"
    root.mkdir()
    folder.rename(root / "train")
    (root / "val" / "dog").mkdir(parents=True)
    for number in range(2):
        painted((12, 10), 10 + number).save(root / "val" / "dog" / f"{number}.png")
    data = load_dataset(root)
    assert (len(data.train), len(data.test)) == (6, 2)
    assert data.classes == ("cat", "dog")
    assert data.test.y.tolist() == [1, 1]
    assert data.drawing.to_bytes(data.test.x[0]) == painted((12, 10), 10).tobytes()


def test_classes_called_train_and_test_are_classes(folder: Path) -> None:
    (folder / "cat").rename(folder / "train")
    (folder / "dog").rename(folder / "test")
    assert load_dataset(folder).classes == ("test", "train")


def test_hidden_files_and_folders_are_passed_over(folder: Path) -> None:
    (folder / ".ipynb_checkpoints").mkdir()
    painted((12, 10)).save(folder / ".ipynb_checkpoints" / "a.png")
    (folder / "cat" / "._0.png").write_bytes(b"of another system")
    data = load_dataset(folder)
    assert (len(data), data.notes) == (6, ())


def test_without_class_folders_it_is_refused(tmp_path: Path, refused) -> None:
    painted((12, 10)).save(tmp_path / "loose.png")
    with refused(tmp_path, "no class folders", "a folder of its own", kind=DataError):
        load_dataset(tmp_path)


def test_without_readable_images_it_is_refused(tmp_path: Path, refused) -> None:
    (tmp_path / "cat").mkdir()
    with refused(tmp_path, "no image", "0 files", kind=DataError):
        load_dataset(tmp_path)
    (tmp_path / "cat" / "a.png").write_bytes(b"no image")
    with refused(tmp_path, "no image", "1 file was", kind=DataError):
        load_dataset(tmp_path)


def test_one_image_is_refused(tmp_path: Path, refused) -> None:
    (tmp_path / "one" / "cat").mkdir(parents=True)
    painted((12, 10)).save(tmp_path / "one" / "cat" / "a.png")
    with refused("one", "1 sample;", "two", kind=DataError):
        load_dataset(tmp_path / "one")


def test_a_class_whose_images_are_all_unreadable_is_no_class(folder: Path) -> None:
    (folder / "bird").mkdir()
    (folder / "bird" / "a.png").write_bytes(b"")
    assert load_dataset(folder).classes == ("cat", "dog")


def test_progress_is_told(folder: Path) -> None:
    told: list[float] = []
    load_dataset(folder, progress=lambda fraction, message: told.append(fraction))
    assert told[0] == 0
    assert told[-1] == 1
