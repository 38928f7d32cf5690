"""The places of the picked sample and of the pins on the map, as the map is turned."""

from __future__ import annotations

import numpy as np

from explorer.core.projections import SphereMap
from explorer.core.scene.gaussian import posterior
from explorer.core.scene.scene import Scene
from explorer.session import Session


def mark(session: Session) -> list[float]:
    """Return the plane position of the picked sample, [x, y]; nothing where it is not seen."""
    scene, picked = session.state.scene, session.state.picked
    if scene is None or picked is None or picked.index >= len(scene.cloud):
        return []
    code = scene.cloud.mean[picked.index : picked.index + 1]
    return list(scene.place(picked.index)) if _shows(scene, code)[0] else []


def ellipse(session: Session) -> list[list[list[float]]]:
    """Return lines around the picked sample's posterior, [xs, ys] each; nothing where it cannot be drawn."""
    scene, picked = session.state.scene, session.state.picked
    if scene is None or picked is None or picked.index >= len(scene.cloud):
        return []
    code, spread = scene.cloud.mean[picked.index], picked.spread
    if scene.model.sphere or spread is None or len(spread) != len(code):
        return []
    lines = posterior(scene.projection, code, spread)
    return [[line[:, 0].tolist(), line[:, 1].tolist()] for line in lines]


def pins(session: Session) -> list[list[float]]:
    """Return the plane position and the number of each pin that is seen, [x, y, number]."""
    scene, held = session.state.scene, session.pins.pins
    if scene is None or not held:
        return []
    codes = session.pins.codes()
    places = scene.projection.forward(codes)
    return [
        [float(x), float(y), pin.number]
        for pin, (x, y), shown in zip(held, places, _shows(scene, codes), strict=True)
        if shown
    ]


def _shows(scene: Scene, codes: np.ndarray) -> np.ndarray:
    """Return which codes are not behind a globe."""
    projection = scene.projection
    return projection.visible(codes) if isinstance(projection, SphereMap) else np.ones(len(codes), bool)
