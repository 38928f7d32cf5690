"""The app of this project over the benchmark's cloud or training data, as a server of its own."""

from __future__ import annotations

import argparse
from pathlib import Path

import panel as pn

import explorer
from benchmarks import workload
from benchmarks.workload import BATCH, Counter
from explorer.core.cloud import Cloud, Stamp
from explorer.core.plan import Plan
from explorer.services import shared


def main() -> None:
    """Serve the app and say on standard output where."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=0, help="size of the cloud; 0 is the training data")
    parser.add_argument("--counter", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.points:
        positions, labels = workload.mixture(arguments.points)
        dataset = workload.cloud_data(labels)
        model = workload.autoencoder(dataset.shape)
        stamp = Stamp(dataset.stamp, "benchmark", 0)
        cloud = Cloud(
            mean=positions, spread=None, kl=None, labels=labels, train=len(dataset.train),
            classes=dataset.classes, stamp=stamp,
        )  # fmt: skip
    else:
        dataset = workload.training_data()
        model = workload.autoencoder(dataset.shape)
        cloud = explorer.encode(model, dataset)
        workload.count_training(type(model), Counter(arguments.counter))
        # Stock trains until it is stopped. A run of ours has a last epoch: far beyond the measurement.
        Plan.epochs = 2000
        Plan.batch_size = BATCH
    app = explorer.Explorer(dataset, model, cloud=cloud)
    shared().warm_up(app.base)
    server = pn.serve(app.page, port=0, show=False, start=False, verbose=False)
    print(f"ready {server.port}", flush=True)
    server.start()
    server.io_loop.start()


if __name__ == "__main__":
    main()
