"""``python -m benchmarks.likelihood``: train on MNIST, and compare with the literature on its test images.

The training is the app's own, `models.fit` with more epochs: all 60,000 training images, beta 1, and no
choice of an epoch by its figures on other images. The test images are used once, at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

import models
from benchmarks.table import aligned
from benchmarks.workload import real_data
from explorer.core.datasets import Dataset, load_dataset
from models.autoencoder import CONVENTIONS
from models.evaluation import Samples

RESULTS = Path(__file__).with_name("likelihood.json")  # the source of the README's table
HEAD = (
    "model, on MNIST's test images", "convention", "ELBO", "bound with 500 draws", "reference ELBO", "met",
    "epochs", "seed", "processor minutes", "parameters",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trial:
    """One model, its training, and the ELBO that the design requires (section 8), in nats.

    `binarise` says whether its targets are dynamically binarised or grey. `draws` are those of the
    importance-weighted bound; it is not shown for grey targets, over which the likelihood is not
    normalised.
    """

    key: str
    work: str
    name: str
    options: Mapping[str, Any]
    binarise: bool
    epochs: int
    draws: int
    reference: float


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one trial: figures in nats per sample, `draws` those of the bounds.

    `training_seconds` and `judging_seconds` are the wall clock's; `busy_seconds` are the processor's for
    the training, over all threads: its time on a machine without other work.
    """

    key: str
    work: str
    convention: str
    elbo: float
    importance_weighted: float | None
    reconstruction: float
    kl: float
    draws: int
    reference: float
    epochs: int
    seed: int
    training_seconds: float
    busy_seconds: float
    judging_seconds: float
    parameters: int
    machine: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """``met``, or by how many nats the ELBO falls short of the reference."""
        short = self.reference - self.elbo
        return "met" if short <= 0 else f"short by {max(short, 0.1):.1f}"


TRIALS: tuple[Trial, ...] = (
    Trial("gaussian-2", "2-D Gaussian, dense", "vae",
          {"latent": 2, "body": "dense"}, True, 110, 500, -137.1),
    Trial("vmf-3", "S^2 von Mises-Fisher, dense", "sphere-vae",
          {"latent": 3, "body": "dense", "posterior": "vmf"}, True, 110, 500, -133.7),
    Trial("gaussian-10", "10-D Gaussian, dense", "vae",
          {"latent": 10, "body": "dense"}, True, 30, 500, -98.4),
    Trial("conv-2", "2-D Gaussian, convolutional", "vae",
          {"latent": 2, "body": "conv"}, False, 12, 20, -147.0),
)  # fmt: skip


def measure(trial: Trial, train: Samples, test: Samples, *, shape: tuple[int, ...], seed: int = 0) -> Result:
    """Train the trial's model from the seed and judge it; report each epoch."""
    model = models.create(trial.name, shape=shape, seed=seed, **trial.options)
    began, busy = time.perf_counter(), time.process_time()
    for step in models.fit(
        model, train, epochs=trial.epochs, binarise=trial.binarise, seed=seed, report_seconds=3600.0
    ):
        if step.epoch_done:
            shown = ", ".join(f"{name} {value:.2f}" for name, value in step.terms.items())
            _say(f"{trial.key}: epoch {step.epoch} of {step.epochs}, {step.seconds:.0f} s, {shown}")
    trained, busy = time.perf_counter() - began, time.process_time() - busy
    terms = models.evaluate(model, test, binarise=trial.binarise, seed=seed)
    found = models.bounds(model, test, draws=trial.draws, binarise=trial.binarise, seed=seed)
    grey = found.convention == CONVENTIONS["bernoulli"]
    return Result(
        key=trial.key, work=trial.work, convention=found.convention, elbo=found.elbo,
        importance_weighted=None if grey else found.importance_weighted,
        reconstruction=terms["reconstruction"], kl=terms["kl"], draws=trial.draws,
        reference=trial.reference, epochs=trial.epochs, seed=seed, training_seconds=trained,
        busy_seconds=busy, judging_seconds=time.perf_counter() - began - trained,
        parameters=sum(weights.numel() for weights in model.parameters()),
        machine={
            "date": datetime.now(UTC).date().isoformat(), "device": model.device.type,
            "threads": torch.get_num_threads(), "torch": torch.__version__,
        },
    )  # fmt: skip


def text(results: Sequence[Result]) -> str:
    """Return the table, in the order of the trials; also valid Markdown."""
    return aligned([HEAD, *(_cells(one) for one in results)])


def read(path: Path) -> list[Result]:
    """Return the results in a file that `write` made, in the order of the trials; none without a file."""
    return [Result(**row) for row in json.loads(path.read_text())["rows"]] if path.exists() else []


def write(path: Path, results: Sequence[Result]) -> None:
    """Write the results, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    content = {"rows": [asdict(one) for one in results]}
    partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    os.replace(partial, path)


def replaced(results: Sequence[Result], new: Result) -> list[Result]:
    """Return the results with a new one in its place, in the order of the trials: rows are independent."""
    order = [trial.key for trial in TRIALS]
    return sorted(
        [*(one for one in results if one.key != new.key), new], key=lambda one: order.index(one.key)
    )


def main() -> None:
    """Train and judge the trials asked for, one after the other, and print the table after each."""
    arguments = _arguments()
    folder = real_data()
    if not (folder / "MNIST").is_dir():
        _say(f"no MNIST in {folder}: nothing is measured; EXPLORER_TEST_DATA names the folder that holds it.")
        return
    torch.set_num_threads(arguments.threads)
    data: Dataset = load_dataset("mnist", folder=folder)
    target = arguments.json or (None if arguments.epochs else RESULTS)
    results = read(target) if target else []
    for trial in TRIALS:
        if trial.key not in arguments.only:
            continue
        trial = replace(trial, epochs=arguments.epochs or trial.epochs)
        found = measure(trial, data.train, data.test, shape=data.shape, seed=arguments.seed)
        results = replaced(results, found)
        print(text(results), flush=True)
        if target:
            write(target, results)
            _say(f"written to {target}")


def _arguments() -> argparse.Namespace:
    keys = tuple(trial.key for trial in TRIALS)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.likelihood", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=keys, default=keys, help="which models; all by default")
    parser.add_argument("--epochs", type=int, help="for each model, in place of its own number of them")
    parser.add_argument("--seed", type=int, default=0, help="of weights, batches and draws")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument(
        "--json",
        type=Path,
        help=f"where to put the results, among those already there; by default {RESULTS.name}, "
        "or nowhere with --epochs",
    )
    arguments = parser.parse_args()
    if arguments.epochs is not None and arguments.epochs < 1:
        parser.error(f"--epochs cannot be {arguments.epochs}; give a whole number from 1 up")
    return arguments


def _cells(one: Result) -> tuple[str, ...]:
    return (
        one.work, one.convention, f"{one.elbo:.1f}",
        "-" if one.importance_weighted is None else f"{one.importance_weighted:.1f}",
        f"{one.reference:.1f}", one.verdict, str(one.epochs), str(one.seed),
        f"{one.busy_seconds / 60:.1f}", f"{one.parameters:,}",
    )  # fmt: skip


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
