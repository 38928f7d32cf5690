"""The decoded sample of any code of latent space."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float32

from explorer.core.errors import ExplorerError
from explorer.core.scene.decode import Frame, decoded_frame
from explorer.core.scene.scene import Scene


@torch.inference_mode()
def probe(scene: Scene, code: Float32[np.ndarray, " latent"]) -> Frame:
    """Decode a code and find its surroundings.

    Returns
    -------
    Frame
        Its `xy` is the code's place on the map; a space of many dimensions has codes that no place of the
        plane is lifted to.

    Raises
    ------
    ExplorerError
        When the code or the decoded sample is not finite.
    """
    if not np.isfinite(code).all():
        raise ExplorerError("this code is not finite; reset the axes.")
    x, y = scene.projection.forward(code[None])[0].tolist()
    return decoded_frame(code, scene.model, scene.neighbours, xy=(x, y), stamp=scene.key, where="this code")
