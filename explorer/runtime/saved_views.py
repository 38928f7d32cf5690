"""The views that users last had of their data, a file for each user and data set."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import logging
import time
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from models.files import write_whole

_log = logging.getLogger(__name__)

FOLDER = "views"
MOST = 500
"""Files that are kept; of more, those that were not used for the longest go."""

_LARGEST = 16 << 20  # bytes of a file: a mask over a hundred million samples, compressed, is smaller


@dataclass(frozen=True, slots=True)
class Place:
    """The part of the map that is seen.

    Attributes
    ----------
    x, y
        The middle, in the units of the projection.
    scale
        Units of the plane for each pixel.
    """

    x: float
    y: float
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class SavedView:
    """The view that one user last had of one data set.

    Attributes
    ----------
    stamp
        Of the data set.
    run, epoch
        The run of the store on the map, by its id, and the epoch; None follows its newest.
    place
        None where everything is shown.
    selection
        Over the data set, training split first; None selects nothing.
    tab
        The open tab of the drawer; empty where it is closed.
    saved
        Seconds since 1970.
    """

    stamp: str
    run: str = ""
    epoch: int | None = None
    projection: str = ""
    colour_by: str = ""
    place: Place | None = None
    hidden: tuple[int, ...] = ()
    selection: Bool[np.ndarray, " n"] | None = field(default=None, repr=False)
    tab: str | None = None
    saved: float = field(default_factory=time.time)


class SavedViews:
    """Keeps the views in a folder. What cannot be read or written is logged and does without.

    Parameters
    ----------
    folder
        Made when the first view is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, user: str, source: str) -> SavedView | None:
        """Return the view that a user last had of the data of a source; None where there is none."""
        path = self._path(user, source)
        try:
            if path.stat().st_size > _LARGEST:
                return None
            return _unpacked(json.loads(path.read_text()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, zlib.error) as error:
            _log.warning("the saved view %s cannot be read (%s); it is left out", path, error)
            return None

    def keep(self, user: str, source: str, view: SavedView) -> None:
        """Keep a view in place of the one before."""
        path = self._path(user, source)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(_packed(view)).encode())
            self._remove_oldest()
        except OSError as error:
            _log.warning("the view cannot be saved in %s (%s)", path, error)

    def _path(self, user: str, source: str) -> Path:
        # A name that a browser gave is never part of a path.
        name = hashlib.sha256(f"{user}\0{source}".encode()).hexdigest()[:40]
        return self._folder / f"{name}.json"

    def _remove_oldest(self) -> None:
        files = list(self._folder.glob("*.json"))
        if len(files) > MOST:
            for path in sorted(files, key=_used)[: len(files) - MOST]:
                path.unlink(missing_ok=True)


def _used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0  # another process has removed it


def _packed(view: SavedView) -> dict[str, object]:
    mask = view.selection
    bits = b"" if mask is None else zlib.compress(np.packbits(mask).tobytes(), 1)
    fields = {name: getattr(view, name) for name in SavedView.__slots__}
    place = None if view.place is None else asdict(view.place)
    selection = None if mask is None else [len(mask), base64.b64encode(bits).decode()]
    return {**fields, "place": place, "selection": selection}


def _unpacked(found: dict[str, object]) -> SavedView:
    place, selection = found.pop("place"), found.pop("selection")
    hidden = found.pop("hidden")
    if not isinstance(hidden, list) or not all(isinstance(found[n], str) for n in ("stamp", "run")):
        raise ValueError("it is not a saved view")
    return SavedView(
        **found,  # type: ignore[arg-type]  # what was written; another field raises a TypeError
        place=None if place is None else Place(**place),  # type: ignore[arg-type]
        hidden=tuple(int(index) for index in hidden),
        selection=None if selection is None else _mask(*selection),  # type: ignore[misc]
    )


def _mask(n: int, text: str) -> Bool[np.ndarray, " n"]:
    try:
        bits = zlib.decompress(base64.b64decode(text, validate=True))
    except binascii.Error as error:
        raise ValueError("its selection is damaged") from error
    mask = np.unpackbits(np.frombuffer(bits, np.uint8), count=n).astype(bool)
    if len(mask) != n:
        raise ValueError("its selection is cut off")
    return mask
