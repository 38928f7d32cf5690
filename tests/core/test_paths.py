from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from explorer.core.paths import cache_folder, data_folder, home_folder, writable


def test_variables_move_the_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path / "data"))
    assert home_folder() == tmp_path / "home"
    assert cache_folder() == tmp_path / "home" / "cache"
    assert data_folder() == tmp_path / "data"
    assert data_folder(tmp_path / "other") == tmp_path / "other"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("empty", [True, False])
def test_without_variables_they_are_the_users_own(monkeypatch: pytest.MonkeyPatch, empty: bool) -> None:
    for variable in ("EXPLORER_HOME", "EXPLORER_DATA"):
        if empty:
            monkeypatch.setenv(variable, " ")
        else:
            monkeypatch.delenv(variable)
    assert home_folder() == Path(platformdirs.user_data_dir("latent-explorer", appauthor=False))
    cache = Path(platformdirs.user_cache_dir("latent-explorer", appauthor=False))
    assert cache_folder() == cache
    assert data_folder() == cache / "data"


def test_a_tilde_is_the_users_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("EXPLORER_DATA", "~/sets")
    assert data_folder() == tmp_path / "sets"
    assert data_folder("~/other") == tmp_path / "other"


def test_a_folder_marked_read_only_is_not_writable_even_for_root(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    assert writable(folder)
    assert writable(folder / "not" / "there" / "yet")
    folder.chmod(0o555)
    assert not writable(folder)
    assert not writable(folder / "not" / "there" / "yet")
    folder.chmod(0o755)


def test_a_file_is_no_folder_to_write_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not writable(tmp_path / "file")
