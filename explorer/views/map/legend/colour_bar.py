"""The colour bar in the legend: what it shows, and the ranges that are drawn on it."""

from __future__ import annotations

import math
from typing import Any

from explorer.core.rendering.colouring import Colouring
from explorer.core.rendering.palette import sequential
from explorer.session import Session


def described(session: Session, colouring: Colouring) -> dict[str, Any]:
    """Return the scale of a numeric colouring, for `colour_bar.js`: its ends, its colours and the counts."""
    image = session.view.image.read()[1]
    low, high = (image and image.value_range) or (0.0, 1.0)
    distribution = session.colour_range.distribution
    if distribution is not None:
        low, high = float(distribution.edges[0]), float(distribution.edges[-1])
    return {
        "name": colouring.title,
        "low": f"{low:.4g}",
        "high": f"{high:.4g}",
        "colours": list(sequential(session.state.theme))[::16],
        "ends": [low, high],
        "number": session.colour_range.number,
        "counts": [] if distribution is None else distribution.counts.tolist(),
    }


def on_message(session: Session, data: dict[str, Any]) -> bool:
    """Select the range that a message of the bar names; returns False for another message."""
    if data["kind"] == "cells":
        session.colour_range.select_cells(int(data["start"]), int(data["stop"]), int(data["number"]))
    elif data["kind"] == "between":
        low, high = data["low"], data["high"]
        session.colour_range.select_between(
            -math.inf if low is None else float(low), math.inf if high is None else float(high)
        )
    else:
        return False
    return True
