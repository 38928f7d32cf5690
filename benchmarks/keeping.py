"""The cost of keeping an epoch: a share of the training's time, and bytes for each sample."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import models
from benchmarks import workload
from benchmarks.measures import Samples, say
from benchmarks.workload import BATCH, LEARNING_RATE
from explorer.core.datasets import Dataset
from explorer.core.latent.cloud import encode
from explorer.runtime.run import Job
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.store import CLOUDS, RunStore
from explorer.runtime.store.writer import Recording
from models import OptimizerState


def keeping(dataset: Dataset, repeats: int, samples: Samples) -> None:
    """Measure the time of an epoch's commit in percent of the epoch's, and the bytes of a sample's codes.

    The commit waits for the disk, as if it were on the training's own thread; the app has a thread for it.
    """
    say("keeping an epoch")
    model = workload.autoencoder(dataset.shape)
    codes = encode(model, dataset).mean
    job = Job(model, dataset, epochs=repeats + 1, batch_size=BATCH, learning_rate=LEARNING_RATE)
    shares, reads = [], []
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder, "runs"))
        recording = Recording.begin(store, job, "cpu")
        trained, states = model.clone(), list[OptimizerState]()
        start = time.perf_counter()
        *_, end = models.fit(
            trained,
            dataset.train,
            keep=states.append,
            epochs=1,
            batch_size=BATCH,
            learning_rate=LEARNING_RATE,
        )
        epoch = time.perf_counter() - start
        for number in range(1, repeats + 2):  # the first is warm-up
            start = time.perf_counter()
            recording.commit(replace(end, epoch=number), trained, states[-1], codes)
            shares.append(100.0 * (time.perf_counter() - start) / epoch)
        recording.close()
        kept = KeptRun(store, store.find(recording.run))
        size = (store.of(recording.run) / CLOUDS).stat().st_size
        for number in range(1, repeats + 2):
            start = time.perf_counter()
            kept.codes(number)
            reads.append(1e3 * (time.perf_counter() - start))
    samples.add("keep.share", "ours", *shares[1:])
    samples.add("keep.bytes", "ours", size / (repeats + 1) / len(dataset))
    samples.notes.append(
        f"keeping an epoch: one of {len(dataset.train):,} samples took {epoch:.1f} s to train; the codes of "
        f"{len(dataset):,} are read again in {np.median(reads):.1f} ms"
    )
