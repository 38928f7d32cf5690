from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.core.datasets import Dataset, ImageDrawing, Split, from_images
from explorer.core.errors import DataError


def images(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, 1, 8, 8), dtype=np.float32)


def labelled(n: int = 20, **changes: object) -> Dataset:
    given: dict = {"y": np.arange(n) % 2, "classes": ("a", "b"), "label_name": "letter"} | changes
    return from_images("made", images(n), **given)


def test_arrays_are_read_only_and_contiguous() -> None:
    data = labelled()
    for split in (data.train, data.test):
        assert split.x.dtype == np.float32
        assert split.y is not None
        assert split.y.dtype == np.int64
        assert split.x.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            split.x[0] = 0
        with pytest.raises(ValueError, match="read-only"):
            split.y[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        data.x[0] = 0


def test_both_splits_are_joined_train_first_without_a_copy() -> None:
    data = labelled()
    assert np.shares_memory(data.x, data.train.x)
    assert np.shares_memory(data.x, data.test.x)
    np.testing.assert_array_equal(data.x, np.concatenate([data.train.x, data.test.x]))
    assert data.y is not None
    np.testing.assert_array_equal(data.y, np.concatenate([data.train.y, data.test.y]))


@pytest.mark.parametrize("order", ["swapped", "apart", "overlapping"])
def test_splits_that_are_no_parts_in_order_are_joined_by_copy(order: str) -> None:
    x = images(10)
    first, second = {
        "swapped": (x[5:], x[:5]),
        "apart": (x[:4], x[6:]),
        "overlapping": (x[:5], x[:5]),
    }[order]
    data = Dataset("made", Split(first), Split(second), ImageDrawing(8, 8, 1))
    np.testing.assert_array_equal(data.x, np.concatenate([first, second]))
    assert len(data) == len(first) + len(second)
    assert data.y is None


def test_the_stamp_is_of_the_content() -> None:
    assert labelled().stamp == labelled().stamp
    stamps = {labelled().stamp}
    changed = images(20)
    changed[3, 0, 2, 2] += 1e-3
    stamps.add(from_images("made", changed, np.arange(20) % 2, classes=("a", "b"), label_name="letter").stamp)
    stamps.add(labelled(y=np.arange(20) // 10).stamp)
    stamps.add(labelled(classes=("a", "c")).stamp)
    stamps.add(labelled(y=None, classes=()).stamp)
    stamps.add(labelled(train=12).stamp)
    assert len(stamps) == 6


def test_the_stamp_is_the_same_on_every_machine() -> None:
    x = (np.arange(4 * 64, dtype=np.float32) / 256).reshape(4, 1, 8, 8)
    assert from_images("made", x, train=3).stamp == "c153b24e5a349195"


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 3]))
def test_pixels_are_rounded_and_interleaved(seed: int, channels: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (9, 11, channels), dtype=np.uint8)
    sample = (pixels.transpose(2, 0, 1) / np.float32(255)).astype(np.float32)
    assert ImageDrawing(9, 11, channels).to_bytes(sample) == pixels.tobytes()


def test_pixels_outside_are_clipped_and_nan_is_black() -> None:
    sample = np.array([[[-1.0, 2.0, np.nan, np.inf, -np.inf, 0.5]]], dtype=np.float32)
    assert list(ImageDrawing(1, 6, 1).to_bytes(sample)) == [0, 255, 0, 255, 0, 128]


@pytest.mark.parametrize(
    ("train", "test", "changes", "parts"),
    [
        (images(3), images(0), {}, ["made", "3 samples", "two"]),
        (images(1), images(0), {}, ["made", "1 sample;"]),
        (images(3), images(2)[:, :, :7], {}, ["(1, 7, 8)", "(1, 8, 8)"]),
        (images(3), images(2), {"classes": ("a",)}, ["1 class names", "without"]),
        (images(3), images(2), {"table": pd.DataFrame({"a": [1.0]})}, ["5 samples", "1 rows"]),
    ],
)
def test_parts_that_disagree_are_refused(refused, train, test, changes, parts) -> None:
    with refused(*parts, kind=DataError):
        Dataset("made", Split(train), Split(test), ImageDrawing(8, 8, 1), **changes)


def test_labels_that_do_not_fit_are_refused(refused) -> None:
    y = np.array([0, 1, 2], dtype=np.int64)
    with refused("from 0 to 2", "0 to 1", kind=DataError):
        Dataset("made", Split(images(3), y), Split(images(3), y), ImageDrawing(8, 8, 1), classes=("a", "b"))
    with refused("3 samples", "(2,)", kind=DataError):
        Split(images(3), y[:2])
    with refused("made", "3 images", "2 labels", kind=DataError):
        from_images("made", images(3), y[:2], classes=("a", "b"))


@pytest.mark.parametrize(
    ("x", "parts"),
    [
        (images(5) + 1, ["made", "from 0 to 1"]),
        (images(5)[:, :, :7], ["7x8", "8", "64", "resize"]),
        (np.zeros((3, 1, 65, 20), np.float32), ["65x20", "resize"]),
        (np.zeros((3, 2, 8, 8), np.float32), ["2 channels", "RGB"]),
        (np.where(np.arange(5)[:, None, None, None] == 3, np.nan, images(5)).astype("f4"), ["sample 3"]),
        (np.where(np.arange(5)[:, None, None, None] == 2, np.inf, images(5)).astype("f4"), ["sample 2"]),
        (images(1), ["1 sample;"]),
        (images(0), ["0 samples"]),
    ],
)
def test_images_that_no_model_takes_are_refused(refused, x: np.ndarray, parts: list[str]) -> None:
    with refused(*parts, kind=DataError):
        from_images("made", x)


def test_one_class_is_allowed_and_said() -> None:
    data = labelled(y=np.zeros(20, np.int64), classes=("only",))
    assert data.notes == ("All samples are of one class, 'only'.",)
    assert len(data.train) == 16
