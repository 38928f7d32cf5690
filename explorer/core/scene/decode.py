"""The decoded sample at a place of the plane."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float32

from explorer.core.errors import ExplorerError
from explorer.core.latent.support import Neighbours
from explorer.core.projections import Projection
from explorer.core.scene.inversion import Formula, Lift, Lifted
from models import Autoencoder

_FORMULA = Formula()


@dataclass(frozen=True, slots=True, eq=False)
class FrameRequest:
    """A request for a decoded sample: the place, the asking session, and the versions on its screen.

    Attributes
    ----------
    session
        The asking session's token.
    xy
        The cursor, in plane units.
    stamp
        The versions of model, cloud and projection that the frame is made from: a frame with another stamp
        than the scene on the screen is stale.
    point
        The encoded sample that is visible at the cursor, and its code, which is decoded instead of the place.
    """

    session: Hashable
    xy: tuple[float, float]
    stamp: Hashable = None
    point: tuple[int, Float32[np.ndarray, " latent"]] | None = None


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Frame:
    """One decoded sample with the figures of its place.

    Attributes
    ----------
    code
        The place in latent space, in latent units.
    sample
        The decoder's expected sample there, in data units: grey values in 0..1, or a standardised row.
    support
        Share of encoded samples whose local density is lower; None while neighbours are not known.
    nearest, distance
        Row of the nearest encoded sample (training split first) and its distance, in latent units.
    predicted
        Class index and share of the votes of the nearest training samples; None without labels.
    stamp
        The request's.
    point
        Row of the encoded sample whose own code this is; None for the code of a place.
    how, error
        The lift of the place to its code, in words, and the round-trip error to expect there, as a share of
        the cloud's spread; None where the inverse is a formula.
    """

    xy: tuple[float, float]
    code: Float32[np.ndarray, " latent"]
    sample: Float32[np.ndarray, "*shape"]
    support: float | None
    nearest: int | None
    distance: float | None
    predicted: tuple[int, float] | None
    stamp: Hashable
    point: int | None = None
    how: str = ""
    error: float | None = None


@torch.inference_mode()
def make_frame(
    request: FrameRequest,
    model: Autoencoder,
    projection: Projection,
    neighbours: Neighbours | None,
    lift: Lift | None = None,
) -> Frame:
    """Lift a place of the plane into latent space, decode it and find its surroundings.

    Nothing is clamped: the decoder's output is returned. The model is used in its current mode and on its
    device.

    Parameters
    ----------
    lift
        The lift from the place to its code; None is the projection's inverse.

    Raises
    ------
    ExplorerError
        When the place, the code or the decoded sample is not finite.
    NotFitted
        When the projection has no cloud yet.
    """
    if not np.isfinite(request.xy).all():
        raise ExplorerError(f"the cursor is at {request.xy}, which is no place of the plane; move it.")
    if request.point is not None:
        row, own = request.point
        lifted = Lifted(own, f"sample #{row}, which is in front")
    else:
        # The plane in double precision, the code in the model's single.
        lifted = (lift or _FORMULA).at(projection, np.array([request.xy], dtype=np.float64))
    code = lifted.code.astype(np.float32)
    where = f"({request.xy[0]:.3g}, {request.xy[1]:.3g})"
    frame = decoded_frame(code, model, neighbours, xy=request.xy, stamp=request.stamp, where=where)
    point = None if request.point is None else request.point[0]
    return replace(frame, point=point, how=lifted.how, error=lifted.error)


def decoded_frame(
    code: Float32[np.ndarray, " latent"],
    model: Autoencoder,
    neighbours: Neighbours | None,
    *,
    xy: tuple[float, float],
    stamp: Hashable,
    where: str,
) -> Frame:
    """Decode a code and find its surroundings.

    Parameters
    ----------
    xy
        Its place on the map.
    where
        The name of the place in an error.

    Raises
    ------
    ExplorerError
        When the decoded sample is not finite.
    """
    decoded = model.decode(torch.tensor(code[None], device=model.device))[0]
    sample = np.ascontiguousarray(decoded.cpu().numpy(), dtype=np.float32)
    if not np.isfinite(sample).all():
        raise ExplorerError(
            f"the decoder gives values that are not finite at {where}; move nearer to the encoded samples, "
            "or train the model again with a smaller learning rate."
        )
    # On a sphere a code is its direction, to the decoder and so to its neighbours.
    place = code / np.float32(np.linalg.norm(code) or 1) if model.sphere else code
    around = None if neighbours is None else neighbours.around(place)
    return Frame(
        xy=xy,
        code=code,
        sample=sample,
        support=None if around is None else around.support,
        nearest=None if around is None else around.nearest,
        distance=None if around is None else around.distance,
        predicted=None if around is None else around.predicted,
        stamp=stamp,
    )
