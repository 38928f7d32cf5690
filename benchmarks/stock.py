"""The app that a HoloViews user would write first: the reference of design section 7.

``datashade(Points, count_cat)``, ``PointerXY`` -> ``DynamicMap`` -> ``hv.Image``, a thread that trains.
Written with care and without tricks: one decode per pointer event under `inference_mode`, fixed image
bounds and colour limits, axes off, and the training thread touches no document. It does less than ours:
no live metrics, and its map stays as it was while the model trains.
"""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

import datashader as ds
import holoviews as hv
import numpy as np
import pandas as pd
import panel as pn
import torch
from holoviews.operation.datashader import datashade

from benchmarks import workload
from benchmarks.workload import BATCH, LEARNING_RATE, Counter
from models import Autoencoder

hv.extension("bokeh")
pn.extension()
# As defaults and not on each image: `.opts` on every event costs the event loop several milliseconds.
hv.opts.defaults(
    hv.opts.Image(
        cmap="gray", clim=(0, 1), xaxis=None, yaxis=None, frame_width=280, frame_height=280, toolbar=None
    )
)

WIDTH, HEIGHT = 700, 600


class Training:
    """The thread that trains the model on the screen, in place."""

    def __init__(self, model: Autoencoder, x: np.ndarray) -> None:
        self.model = model
        self.x = torch.from_numpy(np.array(x))
        self.stopped = threading.Event()

    def start(self, _event: object = None) -> None:
        """Start training."""
        self.stopped.clear()
        threading.Thread(target=self.loop, daemon=True).start()

    def stop(self, _event: object = None) -> None:
        """Stop training after the current batch."""
        self.stopped.set()

    def loop(self) -> None:
        """Train epoch after epoch until stopped."""
        optimiser = torch.optim.Adam(self.model.parameters(), lr=LEARNING_RATE)
        while not self.stopped.is_set():
            for batch in torch.randperm(len(self.x)).split(BATCH):
                if self.stopped.is_set():
                    return
                optimiser.zero_grad()
                self.model.loss(self.x[batch]).total.backward()
                optimiser.step()


def page(frame: pd.DataFrame, model: Autoencoder, training: Training | None) -> pn.Row:
    """Make the app: the map, the decoded image, and two buttons where there is a training."""
    points = hv.Points(frame, ["x", "y"], "label")
    latent_map = datashade(points, aggregator=ds.count_cat("label")).opts(
        frame_width=WIDTH, frame_height=HEIGHT, active_tools=["pan", "wheel_zoom"]
    )
    pointer = hv.streams.PointerXY(x=0.0, y=0.0, source=latent_map)
    image = hv.DynamicMap(lambda x, y: decoded(model, x, y), streams=[pointer])
    buttons = []
    if training is not None:
        buttons = [
            pn.widgets.Button(name="Train", css_classes=["stock-train"], on_click=training.start),
            pn.widgets.Button(name="Stop", css_classes=["stock-stop"], on_click=training.stop),
        ]
    return pn.Row(
        pn.pane.HoloViews(latent_map, css_classes=["stock-map"], linked_axes=False),
        pn.Column(pn.pane.HoloViews(image, css_classes=["stock-frame"], linked_axes=False), *buttons),
    )


def decoded(model: Autoencoder, x: float | None, y: float | None) -> hv.Image:
    """Return the image that the model decodes at one place of the plane."""
    with torch.inference_mode():
        sample = model.decode(torch.tensor([[x or 0.0, y or 0.0]], dtype=torch.float32))
    return hv.Image(sample[0, 0].numpy(), bounds=(0, 0, 1, 1))


def main() -> None:
    """Serve the stock app and print its port on standard output."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=0, help="size of the cloud; 0 is the training data")
    parser.add_argument("--counter", type=Path, required=True)
    arguments = parser.parse_args()
    training = None
    if arguments.points:
        model = workload.autoencoder((1, 28, 28))
        positions, labels = workload.mixture(arguments.points)
    else:
        dataset = workload.training_data()
        model = workload.autoencoder(dataset.shape)
        workload.count_training(type(model), Counter(arguments.counter))
        training = Training(model, dataset.train.x)
        with torch.inference_mode():
            positions = model.encode(torch.from_numpy(np.array(dataset.x))).mean.numpy()
        labels = np.asarray(dataset.y)
    frame = pd.DataFrame({"x": positions[:, 0], "y": positions[:, 1], "label": pd.Categorical(labels)})
    server = pn.serve(lambda: page(frame, model, training), port=0, show=False, start=False, verbose=False)
    print(f"ready {server.port}", flush=True)
    server.start()
    server.io_loop.start()


if __name__ == "__main__":
    main()
