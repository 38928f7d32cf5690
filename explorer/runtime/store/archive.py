"""A run as one file: a zip of plain files, for another store or another machine."""

from __future__ import annotations

import json
import math
import re
import tempfile
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors.numpy
from safetensors import SafetensorError

import models
from explorer.core.datasets import dataset_names
from explorer.core.errors import BROKEN_ZIP, StoreError
from explorer.core.settings.training import TrainingMode
from explorer.runtime.store.codes_file import unpack_codes
from explorer.runtime.store.lock import Ownership
from explorer.runtime.store.records import KeptState, RunRecord
from explorer.runtime.store.schema import insert, sentences
from explorer.runtime.store.store import CLOUDS, ROWS, RunStore
from models.errors import ModelError
from models.files import write_whole, writing_whole
from models.fit_state import unpacked

FORMAT = "latent-explorer run"
VERSION = 2
RECORD = "run.json"

_ID = re.compile(r"[0-9a-f]{12}")
_TEXT, _MAYBE_TEXT = (str,), (str, type(None))
_WHOLE, _MAYBE_WHOLE = (int,), (int, type(None))
_NUMBER, _MAYBE_NUMBER = (int, float), (int, float, type(None))
_RUN = {
    "id": _TEXT, "name": _TEXT, "note": _TEXT, "parent": _MAYBE_TEXT, "parent_epoch": _MAYBE_WHOLE,
    "dataset": (dict,), "model": (dict,), "plan": (dict,), "device": _TEXT, "owner": _TEXT, "state": _TEXT,
    "error": _MAYBE_TEXT, "created": _NUMBER, "ended": _MAYBE_NUMBER, "rows": _MAYBE_TEXT,
    "fit_state": _MAYBE_TEXT, "way": _MAYBE_TEXT, "rest": _MAYBE_NUMBER,
}  # fmt: skip
_DATASET = {
    "name": _TEXT, "source": _TEXT, "stamp": _TEXT, "train": _WHOLE, "test": _WHOLE, "chosen": _MAYBE_WHOLE,
}  # fmt: skip
_PLAN = {"epochs": _WHOLE, "batch_size": _WHOLE, "learning_rate": _NUMBER, "seed": _WHOLE}
_STEP = {
    "epoch": _WHOLE, "seen": _WHOLE, "seconds": _NUMBER, "samples_per_second": _NUMBER, "terms": (dict,),
    "held_out": (dict, type(None)), "weights": _MAYBE_TEXT, "cloud_at": _MAYBE_WHOLE,
    "cloud_bytes": _MAYBE_WHOLE,
}  # fmt: skip
_JSON = ("dataset", "model", "plan", "terms", "held_out")


class _Foreign(Exception):
    """It is not what `export_run` writes."""


def export_run(store: RunStore, run: str, path: Path) -> Path:
    """Write a run, by its id, with all that is kept of it into one file; what was there is replaced.

    Raises
    ------
    StoreError, DiskFull
    """
    with sentences(store.folder), _told_of(path):
        with store.reading() as database:
            row = database.execute("SELECT * FROM runs WHERE id = ?", (run,)).fetchone()
            steps = database.execute("SELECT * FROM steps WHERE run = ? ORDER BY epoch", (run,)).fetchall()
        record = {name: _told(name, row[name]) for name in _RUN}
        epochs = [{name: _told(name, step[name]) for name in _STEP} for step in steps]
        text = json.dumps({"format": FORMAT, "version": VERSION, "run": record, "epochs": epochs}, indent=1)
        with writing_whole(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as parcel:
            parcel.writestr(RECORD, text)
            for entry in sorted(_named(record, epochs)):
                parcel.writestr(entry, _content(store, store.of(run) / entry, epochs))
    return path


def import_run(store: RunStore, path: Path) -> RunRecord:
    """Take a run out of a file that `export_run` wrote into the store, under a new id where its own is taken.

    Everything in it is read and checked before the store is touched; nothing in it is executed. Where its
    data come from is believed only if that is one of the data sets known by name.

    Raises
    ------
    StoreError
        For a file that is damaged, of another program or of a newer version.
    """
    refused = f"{path.name} is not a whole run of Latent Explorer; choose a file that an export wrote."
    try:
        with _told_of(path), zipfile.ZipFile(path) as parcel:
            record, epochs, files = _read(parcel, path.name)
    except (_Foreign, *BROKEN_ZIP) as error:
        raise StoreError(refused) from error
    except (KeyError, ValueError, TypeError, SafetensorError, ModelError, RecursionError) as error:
        raise StoreError(refused) from error
    with sentences(store.folder):
        with store.reading() as database:
            taken = database.execute("SELECT 1 FROM runs WHERE id = ?", (record["id"],)).fetchone()
        if taken is not None or store.of(record["id"]).exists():
            record["id"] = uuid.uuid4().hex[:12]
        folder = store.of(record["id"])
        folder.mkdir()
        ownership = Ownership.take(folder)
        if ownership is None:
            raise StoreError(f"the run store {store.folder} is being swept; try again.")
        try:
            for name, content in files.items():
                write_whole(folder / name, content)
            with store.writing() as database:
                insert(database, "runs", {name: _written(name, record[name]) for name in _RUN})
                for step in epochs:
                    values = {name: _written(name, step[name]) for name in _STEP}
                    insert(database, "steps", {"run": record["id"], **values})
        finally:
            ownership.release()
    return store.find(record["id"])


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path} cannot be used ({error.strerror or error}); check the path, or choose another."
        ) from error


def _read(
    parcel: zipfile.ZipFile, name: str
) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, bytes]]:
    entries = parcel.infolist()
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names) or any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise _Foreign
    whole = json.loads(parcel.read(RECORD))
    if whole["format"] != FORMAT:
        raise _Foreign
    if whole["version"] == 1:
        whole["run"] |= {"way": None, "rest": None}  # it did not say
    elif whole["version"] != VERSION:
        raise StoreError(
            f"{name} has version {whole['version']!r}, this program reads {VERSION}; update the program."
        )
    record, epochs = whole["run"], whole["epochs"]
    _check(record, epochs)
    if set(names) - {RECORD} != _named(record, epochs):
        raise _Foreign  # nothing is taken out that the record does not name by a name of ours
    files = {entry: parcel.read(entry) for entry in names if entry != RECORD}
    _check_files(record, epochs, files)
    if record["dataset"]["source"].partition(":")[0] not in dataset_names():
        record["dataset"]["source"] = ""
    if record["state"] == KeptState.RUNNING.value:
        record["state"] = KeptState.STOPPED.value
    return record, epochs, files


def _check(record: Any, epochs: Any) -> None:
    _typed(record, _RUN)
    _typed(record["dataset"], _DATASET)
    _typed(record["plan"], _PLAN)
    _require(_ID.fullmatch(record["id"]) is not None)
    _require(record["parent"] is None or _ID.fullmatch(record["parent"]) is not None)
    _require(record["rows"] in (None, ROWS))
    KeptState(record["state"])
    _require(record["way"] is None or record["way"] in {mode.value for mode in TrainingMode})
    _require(record["rest"] is None or 0 <= record["rest"] <= 1)
    models.options(record["model"]["name"])
    _require(isinstance(epochs, list) and len(epochs) > 0)
    for number, step in enumerate(epochs):
        _typed(step, _STEP)
        _require(step["epoch"] == number and step["weights"] in (None, f"epoch-{number:06}.safetensors"))
        _require((step["cloud_at"] is None) == (step["cloud_bytes"] is None))
        for terms in (step["terms"], step["held_out"] or {}):
            _require(all(type(value) in _NUMBER for value in terms.values()))
    _require(epochs[-1]["weights"] is not None)
    _require(record["fit_state"] in (None, f"state-{len(epochs) - 1:06}.safetensors"))
    plan = record["plan"]
    _require(plan["epochs"] >= 1 and plan["batch_size"] >= 1 and 0 < plan["learning_rate"] < math.inf)


def _check_files(record: Mapping[str, Any], epochs: list[dict[str, Any]], files: Mapping[str, bytes]) -> None:
    for step in epochs:
        if step["cloud_at"] is not None:
            end = step["cloud_at"] + step["cloud_bytes"]
            _require(step["cloud_at"] >= 0 and end <= len(files[CLOUDS]))
            unpack_codes(files[CLOUDS][step["cloud_at"] : end])
    if record["fit_state"] is not None:
        _require(unpacked(files[record["fit_state"]]).epoch == len(epochs) - 1)
    if record["rows"] is not None:
        rows = safetensors.numpy.load(files[ROWS])["rows"]
        _require(rows.ndim == 1 and rows.dtype.kind == "i" and len(rows) == record["dataset"]["chosen"])
        _require(bool((rows >= 0).all() and (rows < record["dataset"]["train"]).all()))
    with tempfile.TemporaryDirectory() as folder:
        for step in epochs:
            if step["weights"] is not None:
                path = Path(folder, step["weights"])
                path.write_bytes(files[step["weights"]])
                _require(models.load(path).config == record["model"])
                path.unlink()


def _typed(given: Any, fields: Mapping[str, tuple[type, ...]]) -> None:
    _require(isinstance(given, dict) and given.keys() == fields.keys())
    _require(all(type(given[name]) in kinds for name, kinds in fields.items()))


def _require(holds: bool) -> None:
    if not holds:
        raise _Foreign


def _named(record: Mapping[str, Any], epochs: list[dict[str, Any]]) -> set[str]:
    named = {record["rows"], record["fit_state"], *(step["weights"] for step in epochs)} - {None}
    return named | ({CLOUDS} if any(step["cloud_at"] is not None for step in epochs) else set())


def _content(store: RunStore, path: Path, epochs: list[dict[str, Any]]) -> bytes:
    with sentences(store.folder):
        if path.name != CLOUDS:
            return path.read_bytes()
        end = max(step["cloud_at"] + step["cloud_bytes"] for step in epochs if step["cloud_at"] is not None)
        with path.open("rb") as file:
            return file.read(end)  # not what is being written behind it


def _told(name: str, value: Any) -> Any:
    return json.loads(value) if name in _JSON and value is not None else value


def _written(name: str, value: Any) -> Any:
    return json.dumps(value) if name in _JSON and value is not None else value
