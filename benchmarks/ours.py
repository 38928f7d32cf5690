"""The app of this project over the benchmark's cloud or training data, as a server of its own."""

from __future__ import annotations

import argparse
import gc
from pathlib import Path

import numpy as np
import panel as pn

import explorer
import models
from benchmarks import workload
from benchmarks.workload import BATCH, FITTED, LEARNING_RATE, Counter
from explorer.core import projections
from explorer.core.datasets import Dataset, Split
from explorer.core.latent.cloud import Cloud, Stamp
from explorer.core.projections.layout import Layout
from explorer.runtime.projection_fit import Fit
from explorer.services import shared
from explorer.session.training.settings import TrainingSettings
from models import Autoencoder

FLAT = ("plane", "time")
World = tuple[Dataset, Autoencoder, Cloud]


def main() -> None:
    """Serve the app and print its port on standard output."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=0, help="size of the cloud; 0 is the training data")
    parser.add_argument("--space", choices=("plane", "solid", "globe", "many", "time"), default="plane")
    parser.add_argument("--counter", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.space == "many":
        dataset, model, cloud = in_many_dimensions()
    elif arguments.points:
        dataset, model, cloud = mixed(arguments.points, arguments.space)
    else:
        dataset = workload.training_data()
        model = workload.autoencoder(dataset.shape)
        cloud = explorer.encode(model, dataset)
        workload.count_training(type(model), Counter(arguments.counter))
        TrainingSettings.suit = _as_stock  # type: ignore[method-assign]
        models.anew = _anew
    app = explorer.Explorer(dataset, model, cloud=cloud)
    if arguments.space == "time":
        from benchmarks.passing import keep

        app.base.kept = keep(shared().store, dataset, model, cloud.mean)
    shared().warm_up(app.base)
    gc.freeze()  # as the app does when it is served
    server = pn.serve(app.page, port=0, show=False, start=False, verbose=False)
    print(f"ready {server.port}", flush=True)
    server.start()
    server.io_loop.start()


def _as_stock(self: TrainingSettings, samples: int) -> None:
    """Set batches of the same size, and a last epoch far beyond the measurement, as stock has none."""
    self.plan.param.update(epochs=2000, batch_size=BATCH, learning_rate=LEARNING_RATE)


def _anew(model: Autoencoder, seed: int) -> Autoencoder:
    """Return the same layers with fresh weights; `models.anew` would leave out replaced layers."""
    fresh = model.clone()
    fresh.draw_weights(seed)
    return fresh


def mixed(points: int, space: str) -> World:
    """Make a cloud of so many artificial codes, on the plane, in space or on the globe."""
    positions, labels = workload.mixture(points, axes=2 if space in FLAT else 3)
    dataset = workload.cloud_data(labels)
    if space == "time":
        model = models.create(
            "vae", shape=dataset.shape, latent=2, body="dense"
        )  # its weights are read again
    elif space in FLAT:
        model = workload.autoencoder(dataset.shape)
    else:
        model = models.create("sphere-vae" if space == "globe" else "vae", shape=dataset.shape, latent=3)
    if space == "globe":
        positions /= np.linalg.norm(positions, axis=1, keepdims=True)
    cloud = Cloud(
        mean=positions, spread=None, kl=None, labels=labels, train=len(dataset.train),
        classes=dataset.classes, stamp=Stamp(dataset.stamp, "benchmark", 0),
    )  # fmt: skip
    return dataset, model, cloud


def in_many_dimensions() -> World:
    """Encode the training data with a 10-D VAE, and fit t-SNE and UMAP to the codes in advance."""
    dataset = workload.training_data()
    model = models.create("vae", shape=dataset.shape, latent=10)
    train = dataset.train
    few = Split(train.x[:10_000], None if train.y is None else train.y[:10_000])
    for _ in models.fit(model, few, epochs=1, seed=0):
        pass
    cloud = explorer.encode(model.eval(), dataset)
    # As a default, so that a session whose user only chooses the map requests this very one.
    projections.Embedding.param["samples"].default = FITTED
    for name in ("tsne", "umap"):
        layout = Layout.of(projections.create(name))
        Fit(layout, cloud, None, lambda: None).run(shared().computed)
    return dataset, model, cloud


if __name__ == "__main__":
    main()
