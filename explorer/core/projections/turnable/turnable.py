"""The abstract Turning: maps of objects in space that a drag turns."""

from __future__ import annotations

from abc import abstractmethod
from typing import TypeVar

import numpy as np
import param
from jaxtyping import Float, Float64

from explorer.core.projections.base import Projection
from explorer.core.projections.turnable.orientation import Orientation

Turned = TypeVar("Turned", bound="Turning")


class Turning(Projection):
    """A map of three latent coordinates as seen from one side.

    An orientation means the same to all of them: which latent direction points at the viewer, and which
    points up. `align` takes over the orientation of any of them, so that neither a switch between them nor a
    fresh fit turns the map.
    """

    orientation = param.ClassSelector(
        class_=Orientation,
        default=Orientation(),
        instantiate=False,
        precedence=-1,
        doc="How the latent space is turned before it is drawn; as it comes, the third latent axis points at "
        "the viewer and the second one up.",
    )

    def __init__(self, **knobs: object) -> None:
        super().__init__(**knobs)
        self._frame: Float64[np.ndarray, "3 3"] | None = None

    @classmethod
    def suits(cls, latent: int) -> bool:
        return latent == 3

    @property
    def matrix(self) -> Float64[np.ndarray, "3 3"]:
        """From latent space to the view, to stand on the left of a column."""
        turned = self.orientation.matrix
        return turned if self._frame is None else turned @ self._frame

    def turned(self: Turned, orientation: Orientation) -> Turned:
        """Return the same map, fitted to the same cloud, in another orientation."""
        knobs = {knob: getattr(self, knob) for knob in self.knobs()} | {"orientation": orientation}
        other = type(self)(**knobs)
        other._take_fit(self)
        return other

    def framed(self: Turned, frame: Float64[np.ndarray, "3 3"]) -> Turned:
        """Return the same map of a latent space that is turned or mirrored first; no orientation can mirror.

        Parameters
        ----------
        frame
            Orthogonal, to stand on the left of a column; the orientation turns its result.
        """
        other = self.turned(self.orientation)
        other._frame = frame
        return other

    @abstractmethod
    def see(
        self, z: Float[np.ndarray, "points latent"], into: Float[np.ndarray, "3 points"] | None = None
    ) -> tuple[Float[np.ndarray, "points 2"], Float[np.ndarray, " points"]]:
        """Place codes on the plane as `forward` does, with the depth of each one, in one pass.

        Parameters
        ----------
        into
            Memory for the results, of the codes' own type; None allocates it. For a million codes the
            allocation takes longer than the placing.

        Returns
        -------
        Plane positions, all x in one piece of memory and all y in another; and the depth of each code:
        towards the viewer, or before the map's edge, behind which it is negative.
        """

    @abstractmethod
    def dragged(self, start: tuple[float, float], end: tuple[float, float]) -> Orientation:
        """Return the rotation of a drag over the map, to be composed with the orientation it began at.

        Parameters
        ----------
        start, end
            Places of the plane.
        """

    @property
    @abstractmethod
    def extent(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Ranges of x and y that hold the whole map, in any orientation."""

    @property
    def first_view(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Ranges of x and y without the outliers: as `extent`, unless those would squash the rest."""
        return self.extent

    def _take_fit(self: Turned, other: Turned) -> None:
        self._latent, self._frame = other._latent, other._frame

    def _akin(self, previous: Projection) -> bool:
        return isinstance(previous, Turning)

    def _align(self, previous: Projection) -> None:
        if isinstance(previous, Turning):
            self.orientation = previous.orientation
