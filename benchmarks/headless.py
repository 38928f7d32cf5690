"""The rows that need no browser: the brush, the training loop, the encoding."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

import explorer
from benchmarks import workload
from benchmarks.keeping import keeping
from benchmarks.measures import Samples, say
from benchmarks.targets import size_name
from benchmarks.workload import BATCH, LEARNING_RATE
from explorer.core.datasets import Dataset
from explorer.core.selection.brush import Lasso
from explorer.runtime.run import Job, RunState
from explorer.runtime.training.slot import TrainingSlot
from models import Autoencoder

VERTICES = 200  # of a lasso drawn by hand, a vertex for each event of the mouse
ENCODED_AT_ONCE = 512  # MNIST images; on a CPU 4,096 take twice as long, each


def measure(groups: set[str], sizes: tuple[int, ...], quick: bool, samples: Samples) -> None:
    """Measure the groups asked for, in this process."""
    for points in sizes if "lasso" in groups else ():
        lasso(points, 3 if quick else 7, samples)
    if groups & {"loop", "encode", "keep"}:
        dataset = workload.training_data()
        # The app trains on one thread, so that the page keeps a core; `training` gives the bare loop no more.
        threads = torch.get_num_threads()
        if "encode" in groups:
            encoding(dataset, 4 if quick else 12, samples)
        if "loop" in groups:
            training(dataset, 2 if quick else 5, samples)
        if "keep" in groups:
            keeping(dataset, 3 if quick else 11, samples)
        torch.set_num_threads(threads)


def lasso(points: int, repeats: int, samples: Samples) -> None:
    """Measure the seconds from a drawn outline to the exact mask, one warm-up left out."""
    say(f"lasso over {points:,} points")
    positions, _ = workload.mixture(points)
    shape = Lasso(outline())
    shape.mask(positions)
    samples.add(
        f"lasso.{size_name(points)}",
        "ours",
        *(_seconds(lambda: shape.mask(positions)) for _ in range(repeats)),
    )


def outline() -> np.ndarray:
    """Return a wavy closed shape around a good part of the cloud, float64 [VERTICES, 2]."""
    angle = np.linspace(0.0, 2.0 * np.pi, VERTICES, endpoint=False)
    radius = 2.0 + 0.5 * np.sin(5.0 * angle)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def encoding(dataset: Dataset, repeats: int, samples: Samples) -> None:
    """Measure `explorer.encode` over the bare encoder, batch by batch, in pairs."""
    say("encoding over a bare forward")
    model = workload.autoencoder(dataset.shape).eval()
    x = torch.from_numpy(np.array(dataset.x))

    def bare() -> None:
        with torch.inference_mode():
            for batch in x.split(ENCODED_AT_ONCE):
                model.encode(batch)

    pairs = [_pair(bare, lambda: explorer.encode(model, dataset), turn) for turn in range(repeats + 1)]
    samples.add("encode.kept", "ours", *(alone / whole for alone, whole in pairs[1:]))  # the first is warm-up


def training(dataset: Dataset, repeats: int, samples: Samples) -> None:
    """Measure the speed of a run in the training slot, with its metrics read, over a bare loop, in pairs.

    Both train one epoch of the same samples; the speed is that from the first batch to the last. The work of
    a run at the end of its epoch (held-out terms, a frozen copy, a newly encoded cloud) is no part of a
    loop: a note says how long it takes.
    """
    say("training with live metrics over a bare loop")
    model = workload.autoencoder(dataset.shape)
    ratios, ends = [], []
    slot = TrainingSlot()
    try:
        with Witness.of(type(model)) as witness:
            slot_run(slot, dataset, model)
            torch.set_num_threads(witness.threads)
            for _ in range(repeats):
                before = witness.speed(lambda: bare_loop(dataset, model.clone()))
                start = time.perf_counter()
                run = witness.speed(lambda: slot_run(slot, dataset, model))
                ends.append((time.perf_counter() - start) * run / len(dataset.train) - 1.0)
                after = witness.speed(lambda: bare_loop(dataset, model.clone()))
                ratios.append(2.0 * run / (before + after))
    finally:
        slot.close()
    samples.add("loop.kept", "ours", *ratios)
    samples.notes.append(
        f"training over a bare loop: both on {witness.threads} thread(s); around the batches of an epoch "
        f"a run spends {np.median(ends):.0%} more (held-out terms, a frozen copy, the cloud encoded anew)"
    )


def bare_loop(dataset: Dataset, model: Autoencoder) -> None:
    """Train one epoch and nothing else, with the optimiser and the batches that `models.fit` uses."""
    x = torch.from_numpy(np.array(dataset.train.x))
    random = torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(model.parameters(), LEARNING_RATE, fused=True)
    model.train()
    for batch in torch.randperm(len(x), generator=random).split(BATCH):
        loss = model.loss(x.index_select(0, batch), random)
        optimiser.zero_grad()
        loss.total.backward()
        optimiser.step()


def slot_run(slot: TrainingSlot, dataset: Dataset, model: Autoencoder) -> None:
    """Train one epoch in the training slot, with a reader that takes every Step."""
    changed = threading.Event()
    job = Job(
        model=model, dataset=dataset, indices=None, epochs=1, batch_size=BATCH,
        learning_rate=LEARNING_RATE, seed=0, name="benchmark",
    )  # fmt: skip
    run = slot.submit(job, changed.set)
    seen = 0
    while not run.state.over:
        changed.wait(1.0)
        changed.clear()
        seen += len(run.steps.since(seen))
    if run.state is not RunState.DONE or not seen:
        raise RuntimeError(f"the run ended as {run.state} after {seen} steps: {run.error}")


class Witness:
    """A record of the start of each training batch of a class of models, and of its threads."""

    def __init__(self) -> None:
        self.instants: list[float] = []
        self.threads = torch.get_num_threads()

    @classmethod
    @contextmanager
    def of(cls, kind: type[Autoencoder]) -> Iterator[Witness]:
        """Record the calls of `kind.loss` in the block: the same for a run and for a bare loop."""
        witness, plain = cls(), kind.loss

        def watched(self: Autoencoder, x: torch.Tensor, *rest: Any, **named: Any) -> Any:
            if torch.is_grad_enabled():
                witness.instants.append(time.perf_counter())
                witness.threads = torch.get_num_threads()
            return plain(self, x, *rest, **named)

        kind.loss = watched  # type: ignore[method-assign]
        try:
            yield witness
        finally:
            kind.loss = plain  # type: ignore[method-assign]

    def speed(self, work: Callable[[], None]) -> float:
        """Return the samples per second from the first batch that `work` trains to the last."""
        self.instants.clear()
        work()
        return (len(self.instants) - 1) * BATCH / (self.instants[-1] - self.instants[0])


def _pair(first: Callable[[], object], second: Callable[[], object], turn: int) -> tuple[float, float]:
    """Return the seconds of both, in alternating order."""
    if turn % 2:
        after = _seconds(second)
        return _seconds(first), after
    return _seconds(first), _seconds(second)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
