"""A training that was interrupted and taken up again is the one that never was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

import models
from models.autoencoder import Autoencoder
from models.errors import BadCheckpoint, BadOption
from models.fit_state import OptimizerState, packed, take_up, unpacked

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


class Digits:
    x = (load_digits().images[:120, None] / 16).astype(np.float32)


class Rows:
    x = np.random.default_rng(0).standard_normal((70, 5), dtype=np.float32)


class Pictures:
    x = np.random.default_rng(0).random((70, 3, 16, 16), dtype=np.float32)


def model_of(name: str, data: Any = Digits, **options: Any) -> Autoencoder:
    return models.create(name, shape=data.x.shape[1:], latent=3, width=0.25, **options)


def weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def trained(
    model: Autoencoder,
    data: Any,
    *,
    until: tuple[int, int] | None = None,
    device: str = "cpu",
    **settings: Any,
) -> tuple[list[models.Step], Autoencoder, OptimizerState]:
    """Train a clone, and leave it at a batch of an epoch: its steps, and its last finished epoch."""
    settings = {"epochs": 6, "batch_size": 32, "seed": 5, "report_seconds": 0.0, "held_out": data} | settings
    model = model.clone().to(device)
    kept = [(model.clone(), OptimizerState(0, {}))]
    steps = []
    for step in models.fit(model, data, keep=lambda state: kept.append((model.clone(), state)), **settings):
        steps.append(step)
        if until is not None and (step.epoch, step.seen - (step.epoch - 1) * len(data.x)) == until:
            break
    return [step for step in steps if step.epoch_done], *kept[-1]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    ("data", "options"),
    [(Digits, {}), (Digits, {"body": "dense"}), (Rows, {}), (Pictures, {})],
    ids=["convolutional", "dense", "table", "pictures"],
)
@pytest.mark.parametrize("name", models.names())
def test_interrupted_and_continued_is_uninterrupted(
    tmp_path: Path, name: str, data: Any, options: dict[str, Any], device: str
) -> None:
    ends, whole, state = trained(model_of(name, data, **options), data, device=device)
    assert [step.epoch for step in ends] == [1, 2, 3, 4, 5, 6]
    model, start, parts = model_of(name, data, **options), None, []
    # Broken off within epochs 2 and 5: what was done of them is lost, and done again.
    for until in ((2, 32), (5, 64), None):
        done, model, last = trained(model, data, until=until, device=device, start=start)
        model = models.load(models.save(model, tmp_path / "x.safetensors"))
        start = unpacked(packed(last))
        parts += done
    assert start.epoch == state.epoch == 6
    if device == "cpu":
        assert same(weights(model), weights(whole))
        assert same(dict(start.moments), dict(state.moments))
        assert torch.equal(start.generator, state.generator)
    else:
        for one, other in zip(weights(model).values(), weights(whole).values(), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    told = [[(step.epoch, step.epochs, step.seen, step.of) for step in steps] for steps in (parts, ends)]
    assert told[0] == told[1]
    assert [step.held_out["loss"] for step in parts] == pytest.approx(
        [step.held_out["loss"] for step in ends]
    )


def test_moments_lie_in_memory_as_their_weights_do() -> None:
    # The fused optimizer walks through both alike: laid out otherwise, they would belong to other weights.
    model = model_of("ae", Pictures)
    assert any(not weight.is_contiguous() for weight in model.parameters()), "nothing to tell by"
    optimizer, generator = torch.optim.Adam(model.parameters()), torch.Generator()
    _, _, state = trained(model, Pictures, epochs=1)
    take_up(unpacked(packed(state)), model, optimizer, generator, seed=0)
    for weight in model.parameters():
        assert optimizer.state[weight]["exp_avg"].stride() == weight.stride()
        assert optimizer.state[weight]["exp_avg_sq"].stride() == weight.stride()


def test_binarised_draws_go_on_too() -> None:
    _, whole, _ = trained(model_of("vae"), Digits, binarise=True)
    _, half, state = trained(model_of("vae"), Digits, binarise=True, until=(4, 32))
    _, model, _ = trained(half, Digits, binarise=True, start=state)
    assert state.epoch == 3
    assert same(weights(model), weights(whole))


def test_without_the_moments_or_the_draws_it_would_be_another_training() -> None:
    _, whole, _ = trained(model_of("vae"), Digits)
    _, half, state = trained(model_of("vae"), Digits, until=(4, 32))
    for lacking in (
        OptimizerState(3, {}, state.generator),
        OptimizerState(3, state.moments),
        OptimizerState(0, {}),
    ):
        _, model, _ = trained(half, Digits, start=lacking)
        assert not same(weights(model), weights(whole))


@pytest.mark.parametrize("name", models.names())
def test_no_further_epochs_change_nothing(name: str) -> None:
    _, model, state = trained(model_of(name), Digits, epochs=2)
    before = weights(model)
    assert list(models.fit(model, Digits, epochs=2, start=state, keep=pytest.fail)) == []
    assert same(weights(model), before)


def test_a_state_is_a_copy() -> None:
    states: list[OptimizerState] = []
    run = models.fit(model_of("ae"), Digits, epochs=3, batch_size=60, keep=states.append, report_seconds=1e9)
    while not states:
        next(run)
    before = {name: value.clone() for name, value in states[0].moments.items()}
    assert len(list(run)) >= 2
    assert same(dict(states[0].moments), before)
    assert not same(dict(states[-1].moments), before)


def test_a_training_may_begin_with_the_moments_of_another() -> None:
    _, model, state = trained(model_of("vae"), Digits, epochs=2)
    anew = state.anew()
    assert (anew.epoch, anew.generator) == (0, None)
    ends, warm, _ = trained(model, Digits, epochs=1, start=anew)
    _, cold, _ = trained(model, Digits, epochs=1)
    assert [(step.epoch, step.seen) for step in ends] == [(1, len(Digits.x))]
    assert not same(weights(warm), weights(cold))


def test_on_another_kind_of_device_the_draws_are_those_of_the_seed_and_the_epoch() -> None:
    _, model, state = trained(model_of("vae"), Digits, until=(3, 32))
    elsewhere = OptimizerState(state.epoch, state.moments, torch.zeros(16, dtype=torch.uint8), "elsewhere")
    one, other = (trained(model, Digits, start=elsewhere)[1] for _ in range(2))
    assert same(weights(one), weights(other))
    assert not same(weights(one), weights(trained(model, Digits, start=elsewhere, seed=6)[1]))


def test_frozen_weights_have_no_moments() -> None:
    model = model_of("vae")
    model.encoder.requires_grad_(False)
    states: list[OptimizerState] = []
    list(models.fit(model, Digits, epochs=1, keep=states.append))
    assert states[0].moments
    assert not any(name.startswith("encoder") for name in states[0].moments)
    encoder = weights(model.encoder)
    list(models.fit(model, Digits, epochs=2, start=states[0]))
    assert same(weights(model.encoder), encoder)


def test_what_does_not_fit_is_said_before_the_first_step() -> None:
    _, model, state = trained(model_of("vae"), Digits, epochs=2)
    with pytest.raises(BadOption, match=r"epochs cannot be 1 after 2 are done; give 2 or more"):
        models.fit(model, Digits, epochs=1, start=state)
    with pytest.raises(BadOption, match="another model"):
        models.fit(model_of("vae", body="dense"), Digits, epochs=9, start=state)
    lost = dict(list(state.moments.items())[1:])
    with pytest.raises(BadOption, match="another model"):
        models.fit(model, Digits, epochs=9, start=OptimizerState(2, lost, state.generator))
    broken = {name: value * float("nan") for name, value in state.moments.items()}
    with pytest.raises(BadOption, match="not finite"):
        models.fit(model, Digits, epochs=9, start=OptimizerState(2, broken, state.generator))


def test_a_damaged_state_is_refused_in_one_sentence() -> None:
    _, _, state = trained(model_of("ae"), Digits, epochs=1)
    whole = packed(state)
    record = json.loads(
        json.loads(whole[8 : 8 + int.from_bytes(whole[:8], "little")])["__metadata__"]["record"]
    )
    newer = whole.replace(b'version\\": 1', b'version\\": 2')
    assert record["version"] == 1
    assert newer != whole
    for data, says in (
        (b"", "no whole state"),
        (b"\xff" * 40, "no whole state"),
        (whole[:-5], "no whole state"),
        (whole[:100], "no whole state"),
        (whole.replace(b"fit state", b"fat state"), "no whole state"),
        (newer, "update the program"),
    ):
        with pytest.raises(BadCheckpoint, match=says) as caught:
            unpacked(data, "state.safetensors")
        assert "state.safetensors" in str(caught.value)
        assert "\n" not in str(caught.value)
