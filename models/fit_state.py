"""The state of a training between two epochs: all that `fit` needs, beside the weights, to resume."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from models.autoencoder import Autoencoder
from models.errors import BadCheckpoint, BadOption

FORMAT = "latent-explorer fit state"
VERSION = 1

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")  # Adam's, for each weight
_GENERATOR = "generator"


@dataclass(frozen=True, slots=True, eq=False)
class OptimizerState:
    """The state of the optimizer and the generator at the end of an epoch, from which `fit` resumes.

    With the weights of the same moment and the same settings, the next epochs equal those of a training
    that was never interrupted: bit for bit on the same machine's processor.

    Attributes
    ----------
    epoch
        Passes over the data that are done.
    moments
        The optimizer's running means, by the weight's name and ``/exp_avg`` and so on, on the CPU;
        empty before the first update.
    generator
        State of the generator of shuffles and noise; None draws anew from the seed and the epoch.
    device
        The kind of device that the generator belongs to; on another kind the draws come from the seed and
        the epoch.
    """

    epoch: int
    moments: Mapping[str, Tensor]
    generator: Tensor | None = None
    device: str = "cpu"

    def anew(self) -> OptimizerState:
        """Return the start of another training that keeps the optimizer's means: epoch 0, and new draws."""
        return replace(self, epoch=0, generator=None)


def packed(state: OptimizerState) -> bytes:
    """Return the state as a safetensors file, which `unpacked` reads."""
    tensors = dict(state.moments)
    if state.generator is not None:
        tensors[_GENERATOR] = state.generator
    record = {"format": FORMAT, "version": VERSION, "epoch": state.epoch, "device": state.device}
    return safetensors.torch.save(tensors, {"record": json.dumps(record)})


def unpacked(data: bytes, name: str = "the state") -> OptimizerState:
    """Read what `packed` wrote. Nothing in it is executed.

    Parameters
    ----------
    name
        Of the file, for the sentence.

    Raises
    ------
    BadCheckpoint
        For what is truncated, damaged, of another program or of a newer version.
    """
    foreign = BadCheckpoint(f"{name} is no whole state of a training; go on from another epoch.")
    try:
        size = int.from_bytes(data[:8], "little")
        record = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["record"])
        known, version = record["format"] == FORMAT, record["version"]
        epoch, device = int(record["epoch"]), str(record["device"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise foreign from error
    if known and version != VERSION:
        raise BadCheckpoint(
            f"{name} has version {version!r}, this program reads {VERSION}; update the program."
        )
    try:
        tensors = safetensors.torch.load(data)
    except (SafetensorError, ValueError, TypeError) as error:
        raise foreign from error
    generator = tensors.pop(_GENERATOR, None)
    if not known or epoch < 0:
        raise foreign
    return OptimizerState(epoch, tensors, generator, device)


def observe(
    model: Autoencoder, optimizer: torch.optim.Optimizer, generator: torch.Generator, epoch: int
) -> OptimizerState:
    """Copy the state of a training."""
    moments = {
        f"{name}/{kind}": optimizer.state[weight][kind].detach().to("cpu", copy=True).contiguous()
        for name, weight in model.named_parameters()
        if weight in optimizer.state
        for kind in _MOMENTS
    }
    return OptimizerState(epoch, moments, generator.get_state(), generator.device.type)


def take_up(
    state: OptimizerState,
    model: Autoencoder,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    seed: int,
) -> None:
    """Restore a fresh optimizer and a fresh generator to the state."""
    for name, weight in model.named_parameters():
        if weight.requires_grad and f"{name}/step" in state.moments:
            optimizer.state[weight] = {
                kind: _beside(weight, state.moments[f"{name}/{kind}"]) for kind in _MOMENTS
            }
    if state.generator is not None and state.device == generator.device.type:
        generator.set_state(state.generator)
    elif state.epoch:
        generator.manual_seed((seed + 0x9E3779B97F4A7C15 * state.epoch) % 2**63)


def check(state: OptimizerState, model: Autoencoder, epochs: int) -> None:
    """Raise where a state belongs to another model, or is past the last epoch.

    Raises
    ------
    BadOption
    """
    if state.epoch > epochs:
        raise BadOption(
            f"epochs cannot be {epochs} after {state.epoch} are done; give {state.epoch} or more."
        )
    expected = {f"{name}/{kind}": tuple(weight.shape) for name, weight in model.named_parameters()
                for kind in _MOMENTS[1:]}  # fmt: skip
    expected |= {f"{name}/step": () for name, _ in model.named_parameters()}
    fits = all(expected.get(name) == tuple(value.shape) for name, value in state.moments.items())
    weights = {name.rpartition("/")[0] for name in state.moments}
    if not fits or len(state.moments) != len(weights) * len(_MOMENTS):
        raise BadOption("the state to go on from is that of another model; give the one saved beside it.")
    if not _finite(state.moments.values()):
        raise BadOption("the state to go on from has values that are not finite; go on from another epoch.")


def _beside(weight: Tensor, value: Tensor) -> Tensor:
    # Laid out as the weight is: the fused optimizer walks through both alike.
    if value.ndim == 0:
        return value.to(weight.device, torch.float32, copy=True)
    return torch.empty_like(weight, requires_grad=False).copy_(value)


def _finite(values: Iterable[Tensor]) -> bool:
    return all(math.isfinite(value.sum(dtype=torch.float64).item()) for value in values)
