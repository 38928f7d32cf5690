"""Files of the data folder, downloaded into it when they are absent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pooch

from explorer.core.datasets.request import Request
from explorer.core.datasets.sentences import reason
from explorer.core.errors import DataMissing
from explorer.core.paths import cache_folder, writable
from explorer.core.progress import LoadProgress

CONNECT_SECONDS, READ_SECONDS = 10, 60
CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Remote:
    """A file that can be downloaded.

    Attributes
    ----------
    path
        Where it lies, relative to the data folder.
    urls
        Where it comes from; they are tried in turn.
    checksum
        `"md5:..."` or `"sha256:..."` of its bytes; None where the caller checks the content.
    """

    path: str
    urls: tuple[str, ...]
    checksum: str | None


def places(request: Request) -> tuple[Path, ...]:
    """Return the folders to search: the data folder, and the one for downloads where that is read-only."""
    return tuple(dict.fromkeys((request.folder, cache_folder() / "data")))


def found(request: Request, *paths: str) -> Path | None:
    """Return the first of these files, relative to the data folder, that exists."""
    candidates = (place / path for path in paths for place in places(request))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def obtain(name: str, remotes: tuple[Remote, ...], request: Request) -> tuple[Path, ...]:
    """Return the paths of these files, after downloading those that are absent.

    A download that is interrupted or fails its checksum leaves no file under that name.

    Raises
    ------
    DataMissing
        A file is absent and cannot be downloaded; the message says what to put where.
    """
    target = request.folder if writable(request.folder) else cache_folder() / "data"
    absent = [remote for remote in remotes if found(request, remote.path) is None]
    for number, remote in enumerate(absent):
        failure = _download(remote, target, _share(request.progress, number, len(absent)))
        if failure:
            rest = [Path(other.path).name for other in absent[number:]]
            folder = (target / remote.path).parent
            raise DataMissing(
                f"{name} is not in the data folder {request.folder} and cannot be downloaded ({failure}); "
                f"put {' and '.join(rest)} into {folder}, or let EXPLORER_DATA name the folder that has them."
            )
    return tuple(found(request, remote.path) or target / remote.path for remote in remotes)


class _Bar:
    """A progress bar as pooch takes it; `total` is set by pooch."""

    def __init__(self, progress: LoadProgress, message: str) -> None:
        self.total = 0
        self._done = 0
        self._progress = progress
        self._message = message

    def update(self, size: int) -> None:
        self._done += size
        self._progress(min(self._done / self.total, 1.0) if self.total else 0.0, self._message)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        self.reset()


def _share(progress: LoadProgress, number: int, count: int) -> LoadProgress:
    def share(fraction: float, message: str) -> None:
        progress((number + fraction) / count, message)

    return share


def _download(remote: Remote, folder: Path, progress: LoadProgress) -> str:
    """Download one file and return why it failed, or `""`."""
    pooch.get_logger().setLevel("WARNING")
    path = folder / remote.path
    failures = []
    for url in remote.urls:
        host = urlsplit(url).hostname
        bar = _Bar(progress, f"Downloading {path.name} from {host}")
        downloader = pooch.HTTPDownloader(
            progressbar=bar, chunk_size=CHUNK, timeout=(CONNECT_SECONDS, READ_SECONDS)
        )
        try:
            pooch.retrieve(url, remote.checksum, fname=path.name, path=path.parent, downloader=downloader)
        except ValueError:
            failures.append(f"what {host} sent of {path.name} fails its checksum")
        except OSError as error:
            failures.append(_cause(error, host))
        else:
            return ""
    return " and ".join(dict.fromkeys(failures))


def _cause(error: OSError, host: str | None) -> str:
    response = getattr(error, "response", None)
    if response is not None:
        return f"{host} answered {response.status_code}"
    # Only errors of the file system have a number; the others are of the network.
    return f"no connection to {host}" if error.errno is None else reason(error)
