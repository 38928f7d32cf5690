"""What is at a place of a session's map: the sample seen there, the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32

from explorer.session.map.projection import FRONT

if TYPE_CHECKING:
    from explorer.session.session import Session


def seen_at(session: Session, xy: tuple[float, float]) -> int | None:
    """The front-most sample at a place of a map with depth; None where there is none, or no depth."""
    image = session.map.read()[1]
    if image is None or image.front is None or session.scene is None or image.scene != session.scene.key:
        return None
    if session.mapping.hold != FRONT:
        return None  # the cursor is on a plane that lies in the cloud
    return image.front.under(xy)


def code_at(session: Session, xy: tuple[float, float]) -> Float32[np.ndarray, " latent"] | None:
    """The code of a place of the map; None before there is a map."""
    scene = session.scene
    if scene is None:
        return None
    seen = seen_at(session, xy)
    if seen is not None:
        return scene.cloud.mean[seen]
    lifted = session.mapping.lift(scene).at(scene.projection, np.array([xy], dtype=np.float64))
    return lifted.code.astype(np.float32)
