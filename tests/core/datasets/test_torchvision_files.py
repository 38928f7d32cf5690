from __future__ import annotations

import gzip
import hashlib
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
from torchvision.datasets import CIFAR10

from explorer.core.datasets import load_dataset
from explorer.core.datasets.request import Request
from explorer.core.datasets.torchvision_files import read_cifar, read_idx
from explorer.core.errors import DataError, DataMissing


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def changes(folder: Path) -> list[int]:
    """Return when each folder was last changed: a file that came and went leaves its trace here."""
    return [path.stat().st_mtime_ns for path in [folder, *sorted(folder.rglob("*"))]]


def read_only(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def writable_again(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def test_archives_are_read_and_the_data_folder_stays_as_it_is(made_mnist, home: Path) -> None:
    source, folder, images = made_mnist
    read_only(folder)
    before = files_below(folder), changes(folder)
    data = read_idx("made", source, Request(folder), label_name="digit")
    assert (files_below(folder), changes(folder)) == before
    assert files_below(home) == set()
    assert (len(data.train), len(data.test)) == (20, 10)
    np.testing.assert_array_equal(data.x[:, 0], (images / np.float32(255)).astype(np.float32))
    assert (data.x[0, 0, 0, 0], data.x[0, 0, 0, 1]) == (0, 1)
    np.testing.assert_array_equal(data.y, np.arange(30) % 10)
    assert data.classes == tuple("0123456789")
    writable_again(folder)


def test_unpacked_files_are_enough(made_mnist) -> None:
    source, folder, _ = made_mnist
    packed = read_idx("made", source, Request(folder), label_name="digit")
    for path in (folder / source.__name__ / "raw").iterdir():
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert read_idx("made", source, Request(folder), label_name="digit").stamp == packed.stamp


def test_images_are_not_copied(made_mnist) -> None:
    source, folder, _ = made_mnist
    data = read_idx("made", source, Request(folder), label_name="digit")
    assert np.shares_memory(data.x, data.train.x)
    assert np.shares_memory(data.x, data.test.x)


@pytest.mark.parametrize("kept", [0, 1, -9, -1])
@pytest.mark.parametrize("which", [0, 1, 2, 3])
def test_a_truncated_archive_is_named(made_mnist, refused, which: int, kept: int) -> None:
    source, folder, _ = made_mnist
    path = folder / source.__name__ / "raw" / source.resources[which][0]
    path.write_bytes(path.read_bytes()[:kept])
    with refused(path, "truncated or damaged", kind=DataError):
        read_idx("made", source, Request(folder), label_name="digit")
    assert path.exists()


@pytest.mark.parametrize(("which", "split"), [(0, "training"), (1, "training"), (2, "test"), (3, "test")])
@pytest.mark.parametrize("kept", [0, 1, 15, -1])
def test_a_truncated_unpacked_file_is_refused(made_mnist, refused, which: int, split: str, kept: int) -> None:
    source, folder, _ = made_mnist
    raw = folder / source.__name__ / "raw"
    for number, (file, _) in enumerate(source.resources):
        content = gzip.decompress((raw / file).read_bytes())
        (raw / file).with_suffix("").write_bytes(content[:kept] if number == which else content)
    with refused(folder, split, "truncated or damaged", kind=DataError):
        read_idx("made", source, Request(folder), label_name="digit")


def test_labels_of_another_number_are_refused(made_mnist, refused, idx_bytes) -> None:
    source, folder, _ = made_mnist
    raw = folder / source.__name__ / "raw"
    for file, _ in source.resources:
        (raw / file).with_suffix("").write_bytes(gzip.decompress((raw / file).read_bytes()))
    (raw / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(7, np.uint8)))
    with refused("20 ", "7", kind=DataError):
        read_idx("made", source, Request(folder), label_name="digit")


def test_what_is_missing_is_named_without_network(made_mnist, refused) -> None:
    source, folder, _ = made_mnist
    raw = folder / source.__name__ / "raw"
    missing = [source.resources[which][0] for which in (1, 2)]
    for file in missing:
        (raw / file).unlink()
    with refused("made", " and ".join(missing), raw, "EXPLORER_DATA", kind=DataMissing):
        read_idx("made", source, Request(folder), label_name="digit")


def made_cifar(folder: Path) -> tuple[type[CIFAR10], np.ndarray]:
    """Pack a small data set as CIFAR-10 is packed; return its torchvision class and its images."""
    images = np.random.default_rng(0).integers(0, 256, (12, 3, 32, 32), dtype=np.uint8)

    def pickled(name: str, content: dict) -> list[str]:
        path = folder / "made-batches" / name
        path.write_bytes(pickle.dumps(content))
        return [name, hashlib.md5(path.read_bytes()).hexdigest()]

    (folder / "made-batches").mkdir(parents=True)
    batches = [
        pickled(f"batch_{number}", {"data": images[part].reshape(4, -1), "labels": [0, 1, 0, 1]})
        for number, part in enumerate((slice(0, 4), slice(4, 8), slice(8, 12)))
    ]
    name, md5 = pickled("batches.meta", {"label_names": ["cat", "dog"]})
    with tarfile.open(folder / "made.tar.gz", "w:gz") as archive:
        archive.add(folder / "made-batches", "made-batches")
    for path in (folder / "made-batches").iterdir():
        path.unlink()
    (folder / "made-batches").rmdir()

    class Made(CIFAR10):
        base_folder = "made-batches"
        filename = "made.tar.gz"
        url = "http://127.0.0.1:9/made.tar.gz"
        tgz_md5 = hashlib.md5((folder / "made.tar.gz").read_bytes()).hexdigest()
        train_list = batches[:2]
        test_list = batches[2:]
        meta = {"filename": name, "key": "label_names", "md5": md5}  # noqa: RUF012

    return Made, images


def test_cifar_is_read_from_its_archive(tmp_path: Path, home: Path) -> None:
    source, images = made_cifar(tmp_path / "data")
    read_only(tmp_path / "data")
    data = read_cifar("made", source, Request(tmp_path / "data"), label_name="object")
    assert files_below(tmp_path / "data") == {"made.tar.gz"}
    assert files_below(home) == set()
    assert (data.shape, len(data.train), len(data.test)) == ((3, 32, 32), 8, 4)
    assert data.classes == ("cat", "dog")
    np.testing.assert_array_equal(data.x, (images / np.float32(255)).astype(np.float32))
    assert data.y.tolist() == [0, 1] * 6
    writable_again(tmp_path / "data")


def test_a_pickle_that_is_not_the_published_one_is_never_opened(tmp_path: Path, refused) -> None:
    source, _ = made_cifar(tmp_path / "data")
    sprung = tmp_path / "sprung"

    class Trap:
        def __reduce__(self) -> tuple:
            return (Path.touch, (sprung,))

    with tarfile.open(tmp_path / "data" / "made.tar.gz") as archive:
        archive.extractall(tmp_path / "data", filter="data")
    for path in (tmp_path / "data" / "made-batches").iterdir():
        path.write_bytes(pickle.dumps(Trap()))
    with refused("training", "damaged", kind=DataError):
        read_cifar("made", source, Request(tmp_path / "data"), label_name="object")
    assert not sprung.exists()


def test_a_truncated_cifar_archive_is_named(tmp_path: Path, refused) -> None:
    source, _ = made_cifar(tmp_path / "data")
    path = tmp_path / "data" / "made.tar.gz"
    path.write_bytes(path.read_bytes()[:-100])
    with refused(path, "truncated or damaged", kind=DataError):
        read_cifar("made", source, Request(tmp_path / "data"), label_name="object")


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_the_real_files(name: str, real_data: Path | None, home: Path, made_mnist) -> None:
    if real_data is None:
        source, folder, _ = made_mnist
        data, counts = read_idx(name, source, Request(folder), label_name="digit"), (20, 10)
    else:
        before = files_below(real_data), changes(real_data)
        data, counts = load_dataset(name, folder=real_data), (60_000, 10_000)
        assert (files_below(real_data), changes(real_data)) == before
    assert (len(data.train), len(data.test)) == counts
    assert data.shape == (1, 28, 28)
    assert len(data.classes) == 10
    assert np.unique(data.train.y).tolist() == list(range(10))
    assert (data.x.min(), data.x.max()) == (0, 1)
    if real_data is not None:
        # The means that are published with the two sets.
        published = {"mnist": 0.1307, "fashion-mnist": 0.2860}[name]
        assert data.train.x.mean(dtype=np.float64) == pytest.approx(published, abs=5e-5)
        assert data.notes == ()
    assert files_below(home) == set()
