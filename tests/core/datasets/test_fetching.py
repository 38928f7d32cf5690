from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from explorer.core.datasets.fetching import Remote, found, obtain
from explorer.core.datasets.request import Request
from explorer.core.errors import DataMissing
from explorer.core.paths import cache_folder

CONTENT = bytes(range(256)) * 4096
CLOSED = "http://127.0.0.1:9/"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing on the terminal."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server of this machine that serves one file, `file.bin`."""
    served = tmp_path / "served"
    served.mkdir()
    (served / "file.bin").write_bytes(CONTENT)

    class Handler(_Quiet):
        def __init__(self, *args, **kwargs) -> None:
            super().__init__(*args, directory=str(served), **kwargs)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/"
        http.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))


def remote(*mirrors: str, path: str = "sub/file.bin", content: bytes = CONTENT) -> Remote:
    name = Path(path).name
    checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return Remote(path, tuple(f"{mirror}{name}" for mirror in mirrors), checksum)


def test_what_is_absent_is_downloaded_with_progress(server: str, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    request = Request(tmp_path / "data", progress=lambda *each: told.append(each))
    (path,) = obtain("made", (remote(server),), request)
    assert path == tmp_path / "data" / "sub" / "file.bin"
    assert path.read_bytes() == CONTENT
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert len(set(fractions)) > 2
    assert fractions[-1] == 1
    assert "file.bin" in told[0][1]


def test_the_next_mirror_is_tried(server: str, tmp_path: Path) -> None:
    (path,) = obtain("made", (remote(CLOSED, server),), Request(tmp_path / "data"))
    assert path.read_bytes() == CONTENT


def test_what_is_there_is_not_downloaded(tmp_path: Path) -> None:
    mine = tmp_path / "data" / "sub" / "file.bin"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    assert obtain("made", (remote(CLOSED),), Request(tmp_path / "data")) == (mine,)
    assert mine.read_bytes() == b"mine"


def test_a_read_only_folder_is_left_alone_and_still_searched(server: str, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "there.bin").write_bytes(b"there")
    shared.chmod(0o555)
    request = Request(shared)
    paths = obtain("made", (remote(CLOSED, path="there.bin"), remote(server)), request)
    assert paths == (shared / "there.bin", cache_folder() / "data" / "sub" / "file.bin")
    assert [each.name for each in shared.iterdir()] == ["there.bin"]
    assert found(request, "sub/file.bin") == paths[1]
    shared.chmod(0o755)


def test_without_network_the_message_says_what_to_put_where(refused, tmp_path: Path) -> None:
    remotes = (remote(CLOSED, path="sub/one.bin"), remote(CLOSED, path="sub/two.bin"))
    with refused(
        "made",
        "one.bin and two.bin",
        tmp_path / "data" / "sub",
        "EXPLORER_DATA",
        "127.0.0.1",
        kind=DataMissing,
    ):
        obtain("made", remotes, Request(tmp_path / "data"))


def test_a_server_that_has_it_not_is_named(refused, server: str, tmp_path: Path) -> None:
    with refused("127.0.0.1 answered 404", "other.bin", kind=DataMissing):
        obtain("made", (remote(server, path="other.bin"),), Request(tmp_path / "data"))


def test_what_fails_its_checksum_is_not_kept(refused, server: str, tmp_path: Path) -> None:
    with refused("file.bin", "checksum", kind=DataMissing):
        obtain("made", (remote(server, content=b"other"),), Request(tmp_path / "data"))
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


def test_a_folder_that_cannot_be_made_is_said(refused, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sub").write_text("a file where a folder should be")
    with refused("file.bin", "EXPLORER_DATA", kind=DataMissing):
        obtain("made", (remote(CLOSED),), Request(tmp_path / "data"))
