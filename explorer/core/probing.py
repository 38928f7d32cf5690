"""From a code of latent space, wherever it lies, to one decoded sample."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float32

from explorer.core.errors import ExplorerError
from explorer.core.frames import Frame
from explorer.core.scene import Scene


@torch.inference_mode()
def probe(scene: Scene, code: Float32[np.ndarray, " latent"]) -> Frame:
    """Decode a code and look around it.

    Returns
    -------
    Frame
        Its `xy` is where the map puts the code; many dimensions have codes that no place of the plane is
        lifted to.

    Raises
    ------
    ExplorerError
        When the code or the decoded sample is not finite.
    """
    if not np.isfinite(code).all():
        raise ExplorerError("this code is not finite; reset the axes.")
    decoded = scene.model.decode(torch.tensor(code[None], device=scene.model.device))[0]
    sample = np.ascontiguousarray(decoded.cpu().numpy(), dtype=np.float32)
    if not np.isfinite(sample).all():
        raise ExplorerError(
            "the decoder gives values that are not finite at this code; move it nearer to the encoded "
            "samples, or train the model again with a smaller learning rate."
        )
    around = None if scene.neighbours is None else scene.neighbours.around(code)
    x, y = scene.projection.forward(code[None])[0].tolist()
    return Frame(
        xy=(x, y),
        code=code,
        sample=sample,
        support=None if around is None else around.support,
        nearest=None if around is None else around.nearest,
        distance=None if around is None else around.distance,
        predicted=None if around is None else around.predicted,
        stamp=scene.key,
    )
