"""Weights and config on disk: safetensors, with a JSON sidecar to read.

The safetensors file is complete in itself: its header carries the same record as the sidecar. So the two
need not be replaced in one step: a process killed between them leaves a checkpoint that loads.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from models.autoencoder import Autoencoder
from models.errors import BadCheckpoint, ModelError
from models.files import write_whole
from models.registry import blank, lay_out

FORMAT = "latent-explorer checkpoint"
VERSION = 1


def save(model: Autoencoder, path: str | os.PathLike[str], **metadata: Any) -> Path:
    """Write ``x.safetensors`` and ``x.json``; each is replaced whole, never written in place.

    Parameters
    ----------
    path
        Ends in ``.safetensors``; missing folders are made.
    **metadata
        Kept beside the config, JSON-able; `read_metadata` gives it back.

    Raises
    ------
    BadCheckpoint
        For another ending, or metadata that JSON cannot hold.
    """
    path = _checked(path)
    data, record = _packed(model, metadata, path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The sidecar first: everything that is read from it is in the header too.
    write_whole(path.with_suffix(".json"), (json.dumps(record, indent=2, allow_nan=False) + "\n").encode())
    write_whole(path, data)
    return path


def packed(model: Autoencoder, **metadata: Any) -> bytes:
    """Return the safetensors file that `save` writes; `load` reads it without a sidecar too.

    Raises
    ------
    BadCheckpoint
        For metadata that JSON cannot hold.
    """
    return _packed(model, metadata, "the checkpoint")[0]


def _packed(model: Autoencoder, metadata: dict[str, Any], name: str) -> tuple[bytes, dict[str, Any]]:
    record = {"format": FORMAT, "version": VERSION, "config": model.config, "metadata": metadata}
    try:
        text = json.dumps(record, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BadCheckpoint(
            f"the metadata of {name} cannot be written as JSON ({error}); use plain values."
        ) from error
    weights = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    return safetensors.torch.save(weights, {"record": text}), record


def load(path: str | os.PathLike[str], device: str | torch.device = "cpu") -> Autoencoder:
    """Make the saved model again, bit for bit. Nothing in the file is executed.

    Raises
    ------
    BadCheckpoint
        When the file is missing, truncated, damaged, of another program, or not of its sidecar.
    """
    path = _checked(path)
    data = _bytes(path)
    record = _record(path, data)
    try:
        weights = safetensors.torch.load(data)
        model = blank(**record["config"])
        _fits(path, model, weights)
    except BadCheckpoint:
        raise
    except ModelError as error:
        raise BadCheckpoint(f"{path.name} cannot be made again: {error}") from error
    except (SafetensorError, TypeError, KeyError, ValueError) as error:
        raise BadCheckpoint(
            f"{path.name} is damaged; train the model again or choose another file."
        ) from error
    model.load_state_dict(weights, assign=True)
    lay_out(model)
    return model.to(device)


def read_metadata(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the metadata that `save` was given beside the model.

    Raises
    ------
    BadCheckpoint
        As `load`.
    """
    path = _checked(path)
    metadata: dict[str, Any] = _record(path, _bytes(path))["metadata"]
    return metadata


def _checked(path: str | os.PathLike[str]) -> Path:
    path = Path(path)
    if path.suffix != ".safetensors":
        raise BadCheckpoint(
            f"a checkpoint's name ends in .safetensors, got {path.name!r}; rename it or choose another."
        )
    return path


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadCheckpoint(f"cannot read {path} ({error.strerror or error}); check the path.") from error


def _record(path: Path, data: bytes) -> dict[str, Any]:
    """Return the record in the header, after comparing its config with the sidecar's where there is one."""
    foreign = BadCheckpoint(
        f"{path.name} is not a whole checkpoint of Latent Explorer; choose a file that `models.save` wrote."
    )
    try:
        size = int.from_bytes(data[:8], "little")
        if len(data) < 8 or size > len(data) - 8:
            raise foreign
        record = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["record"])
        known = record["format"] == FORMAT and isinstance(record["metadata"], dict)
        version = record["version"]
        config = dict(record["config"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise foreign from error
    if not known:
        raise foreign
    if version != VERSION:
        raise BadCheckpoint(
            f"{path.name} has version {version!r}, this program reads {VERSION}; update the program."
        )
    sidecar = path.with_suffix(".json")
    try:
        agrees = not sidecar.exists() or json.loads(sidecar.read_bytes())["config"] == config
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        agrees = False
    if not agrees:
        raise BadCheckpoint(
            f"{sidecar.name} does not describe {path.name}; restore it, or delete it and load again."
        )
    return {**record, "config": config}


def _fits(path: Path, model: Autoencoder, weights: dict[str, Tensor]) -> None:
    expected = {name: (value.shape, value.dtype) for name, value in model.state_dict().items()}
    if {name: (value.shape, value.dtype) for name, value in weights.items()} != expected:
        raise BadCheckpoint(
            f"the weights in {path.name} are not those of the model it names; choose another file."
        )
    if not all(bool(value.isfinite().all()) for value in weights.values()):
        raise BadCheckpoint(f"{path.name} has weights that are not finite; choose an earlier checkpoint.")
