"""A checkpoint comes back bit for bit, or is refused in one sentence."""

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

import models
from models.errors import BadCheckpoint


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return models.save(models.create("vae", shape=(4,), width=0.25), tmp_path / "x.safetensors")


@pytest.mark.parametrize(("shape", "options"), [((4,), {}), ((3, 9, 13), {}), ((1, 8, 8), {"body": "dense"})])
@pytest.mark.parametrize("name", models.names())
def test_the_round_trip_is_exact(
    tmp_path: Path, name: str, shape: tuple[int, ...], options: dict[str, Any]
) -> None:
    model = models.create(name, shape=shape, latent=3, seed=9, width=0.5, **options)
    before = torch.get_rng_state()
    path = models.save(model, tmp_path / "runs" / "x.safetensors", epoch=7, data="digits")
    again = models.load(path)
    assert torch.equal(torch.get_rng_state(), before)
    assert again.config == model.config
    assert again.state_dict().keys() == model.state_dict().keys()
    for one, other in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
        assert other.requires_grad
    x = torch.rand(5, *shape)
    mean = model.encode(x).mean
    assert torch.equal(again.encode(x).mean, mean)
    assert torch.equal(again.decode(mean), model.decode(mean))
    assert models.read_metadata(path) == {"epoch": 7, "data": "digits"}
    assert json.loads(path.with_suffix(".json").read_text())["config"] == model.config


def test_a_loaded_model_can_go_on_training(saved: Path) -> None:
    model = models.load(saved)

    class Data:
        x = torch.randn(40, 4)

    *_, last = models.fit(model, Data(), epochs=3)
    assert last.epoch_done


def test_saving_again_replaces_and_leaves_nothing_behind(saved: Path) -> None:
    other = models.create("ae", shape=(6,), width=0.25)
    models.save(other, saved)
    assert models.load(saved).config == other.config
    assert sorted(file.name for file in saved.parent.iterdir()) == ["x.json", "x.safetensors"]


def test_a_save_that_fails_leaves_the_old_checkpoint(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {file.name: file.read_bytes() for file in saved.parent.iterdir()}

    def fails(source: object, target: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="disk full"):
        models.save(models.create("vae", shape=(4,), width=0.25, seed=1), saved)
    assert {file.name: file.read_bytes() for file in saved.parent.iterdir()} == files


def test_killed_between_the_two_files_the_old_weights_still_load(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, replace = models.load(saved), os.replace

    def killed(source: object, target: Any) -> None:
        if Path(target).suffix == ".safetensors":
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        models.save(models.load(saved), saved, epoch=2)
    assert torch.equal(models.load(saved).encode(torch.ones(1, 4)).mean, old.encode(torch.ones(1, 4)).mean)
    assert models.read_metadata(saved) == {}, "the metadata is that of the weights"


def test_the_weights_file_is_whole_without_its_sidecar(saved: Path) -> None:
    saved.with_suffix(".json").unlink()
    assert models.load(saved).name == "vae"


def refused(path: Path) -> str:
    with pytest.raises(BadCheckpoint) as caught:
        models.load(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.999])
def test_a_truncated_file_is_refused(saved: Path, share: float) -> None:
    data = saved.read_bytes()
    saved.write_bytes(data[: int(share * len(data))])
    assert "x.safetensors" in refused(saved)


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path(tmp_path / "ran").touch, ())

    path = tmp_path / "x.safetensors"
    path.write_bytes(pickle.dumps(Bomb()))
    refused(path)
    torch.save({"a": torch.zeros(2)}, path)
    refused(path)
    assert not (tmp_path / "ran").exists()


def test_a_foreign_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(safetensors.torch.save({"a": torch.zeros(2)}, {"format": "pt"}))
    assert "not a whole checkpoint" in refused(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"config": {"name": "nonsense", "shape": [4], "latent": 2}}, "unknown model"),
        ({"config": {"name": "ae", "shape": [4], "latent": 2}}, "not those of the model"),
        ({"config": {"name": "vae", "shape": [100_000], "latent": 4096}}, "not those of the model"),
        ({"config": {}}, "damaged"),
        ({"config": {"name": ["vae"], "shape": [4]}}, "damaged"),
        ({"version": 99}, "version 99"),
        ({"format": "other"}, "not a whole checkpoint"),
        ({"metadata": None}, "not a whole checkpoint"),
    ],
)
def test_a_record_that_does_not_fit_its_weights_is_refused(
    saved: Path, change: dict[str, Any], says: str
) -> None:
    record = {**json.loads(saved.with_suffix(".json").read_text()), **change}
    saved.with_suffix(".json").unlink()
    tensors = safetensors.torch.load_file(saved)
    saved.write_bytes(safetensors.torch.save(tensors, {"record": json.dumps(record)}))
    assert says in refused(saved)


def test_weights_that_are_not_finite_are_refused(saved: Path) -> None:
    model = models.load(saved)
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    models.save(model, saved)
    assert "not finite" in refused(saved)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"config": {"name": "ae"}}'])
def test_a_sidecar_of_something_else_is_refused(saved: Path, text: str) -> None:
    saved.with_suffix(".json").write_text(text)
    assert "x.json" in refused(saved)


def test_missing_files_other_endings_and_unwritable_metadata_are_said(tmp_path: Path) -> None:
    assert "check the path" in refused(tmp_path / "none.safetensors")
    assert ".safetensors" in refused(tmp_path / "model.pt")
    with pytest.raises(BadCheckpoint, match="JSON"):
        models.save(models.create("ae", shape=(4,)), tmp_path / "x.safetensors", run=object())
    assert list(tmp_path.iterdir()) == []
