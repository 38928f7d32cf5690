"""Saved views: what is read is what was kept, each user has their own, and damage does no harm."""

from __future__ import annotations

import json
import os
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from explorer.runtime import saved_views
from explorer.runtime.saved_views import Place, SavedView, SavedViews


@pytest.fixture
def views(tmp_path: Path) -> SavedViews:
    return SavedViews(tmp_path / "views")


def _view(n: int = 1003) -> SavedView:
    mask = np.random.default_rng(0).random(n) < 0.3
    place = Place(0.25, -1.5, 0.0125)
    return SavedView("stamp", "run-1", 7, "pca", "density", place, (1, 4), mask, "train", 12.5)


def test_what_is_found_is_what_was_kept(views: SavedViews) -> None:
    kept = _view()
    views.keep("ada", "digits", kept)
    found = views.find("ada", "digits")
    assert found is not None
    for field in fields(SavedView):
        assert np.array_equal(getattr(found, field.name), getattr(kept, field.name)), field.name
    views.keep("ada", "digits", SavedView("stamp", saved=1.0))
    again = views.find("ada", "digits")
    assert again is not None
    assert (again.selection, again.place, again.epoch, again.tab) == (None, None, None, None)


def test_each_user_and_each_data_set_has_its_own(views: SavedViews, tmp_path: Path) -> None:
    views.keep("ada", "digits", _view())
    views.keep("../../ada", "/etc/passwd", _view())
    assert views.find("bob", "digits") is None
    assert views.find("ada", "iris") is None
    assert views.find("../../ada", "/etc/passwd") is not None
    assert [path.name for path in tmp_path.iterdir()] == ["views"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: "{}",
        lambda text: json.dumps({**json.loads(text), "another": 1}),
        lambda text: json.dumps({**json.loads(text), "selection": [1003, "AAAA"]}),
        lambda text: json.dumps({**json.loads(text), "place": {"x": 1}}),
        lambda text: json.dumps({**json.loads(text), "hidden": "12"}),
    ],
)
def test_a_damaged_file_is_left_out(views: SavedViews, tmp_path: Path, damage: object) -> None:
    views.keep("ada", "digits", _view())
    (path,) = (tmp_path / "views").glob("*.json")
    path.write_text(damage(path.read_text()))
    assert views.find("ada", "digits") is None
    views.keep("ada", "digits", _view())
    assert views.find("ada", "digits") is not None


def test_the_files_unused_for_the_longest_go(
    views: SavedViews, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_views, "MOST", 3)
    for number in range(3):
        views.keep(f"user {number}", "digits", _view())
    for number, path in enumerate(views._path(f"user {n}", "digits") for n in (1, 0, 2)):
        os.utime(path, (number, number))
    views.keep("user 3", "digits", _view())
    kept = [number for number in range(4) if views.find(f"user {number}", "digits") is not None]
    assert kept == [0, 2, 3]
    assert len(list((tmp_path / "views").iterdir())) == 3


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "views").write_text("a file in the way")
    SavedViews(tmp_path / "views").keep("ada", "digits", _view())
    assert (tmp_path / "views").read_text() == "a file in the way"
