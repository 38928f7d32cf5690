"""One sample of the data beside its reconstruction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float32

from explorer.core.scene.scene import Scene
from models import reconstruction_error


@dataclass(frozen=True, slots=True, eq=False)
class Picked:
    """A sample, its reconstruction at the posterior mean, and the error between them in nats.

    Attributes
    ----------
    spread
        Standard deviation of its posterior along each axis, in latent units; None where it has one place.
    """

    index: int
    label: str | None
    split: str
    xy: tuple[float, float]
    original: Float32[np.ndarray, "..."]
    reconstruction: Float32[np.ndarray, "..."]
    error: float
    convention: str
    spread: Float32[np.ndarray, " latent"] | None = None


def nearest_on_plane(
    scene: Scene, xy: tuple[float, float], visible: Bool[np.ndarray, " n"] | None = None
) -> int:
    """Return the index of the sample drawn nearest to a point of the plane.

    Parameters
    ----------
    visible
        True where a sample is on the map; None if all are.
    """
    squared = ((scene.places - np.asarray(xy, dtype=np.float32)) ** 2).sum(axis=1)
    if visible is not None and visible.any():
        squared[~visible] = np.inf
    return int(squared.argmin())


def pick(scene: Scene, index: int) -> Picked:
    """Reconstruct the sample of that index (training split first)."""
    train = scene.cloud.train
    split = scene.dataset.train if index < train else scene.dataset.test
    original = np.asarray(split.x[index if index < train else index - train])
    label = None
    if scene.cloud.labels is not None:
        label = scene.dataset.classes[int(scene.cloud.labels[index])]
    parameter = next(scene.model.parameters())
    batch = torch.as_tensor(original.copy(), device=parameter.device)[None]
    with torch.inference_mode():
        posterior = scene.model.encode(batch)
        reconstruction = scene.model.decode(posterior.mean)[0].cpu().numpy()
        spread = None if posterior.spread is None else posterior.spread[0].cpu().numpy()
        error = float(reconstruction_error(scene.model, batch)[0])
    return Picked(
        index,
        label,
        "training" if index < train else "test",
        scene.place(index),
        original,
        np.ascontiguousarray(reconstruction, dtype=np.float32),
        error,
        scene.model.convention,
        spread,
    )
