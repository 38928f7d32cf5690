"""The abstract Turning: maps of things in space, which can be turned under the hand."""

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
    """A map of three latent coordinates as they are seen from one side.

    All that turn mean the same by an orientation: one and the same latent direction points at the viewer,
    and one and the same points up. `align` takes over that of any of them, so that neither switching
    between them nor a fresh fit turns anything.
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
        """Return the same map of a latent space that is turned first, or mirrored: an orientation cannot.

        Parameters
        ----------
        frame
            Orthogonal, to stand on the left of a column; what the orientation turns is what it gives.
        """
        other = self.turned(self.orientation)
        other._frame = frame
        return other

    @abstractmethod
    def see(
        self, z: Float[np.ndarray, "points latent"], into: Float[np.ndarray, "3 points"] | None = None
    ) -> tuple[Float[np.ndarray, "points 2"], Float[np.ndarray, " points"]]:
        """Place codes on the plane as `forward` does, and say how near each one is, in one pass.

        Parameters
        ----------
        into
            Memory for what is returned, of the codes' own type; new memory where there is none. For a million
            codes the system takes longer to hand new memory out than it takes to place them.

        Returns
        -------
        Plane positions, all x in one piece of memory and all y in another; and how far each code lies
        towards the viewer, or before the map's edge, behind which it is negative.
        """

    @abstractmethod
    def dragged(self, start: tuple[float, float], end: tuple[float, float]) -> Orientation:
        """The turn that a drag over the map means, to be composed with the orientation it began at.

        Parameters
        ----------
        start, end
            Places of the plane.
        """

    @property
    @abstractmethod
    def extent(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Ranges of x and y that show what there is, in any orientation."""

    def _take_fit(self: Turned, other: Turned) -> None:
        self._latent, self._frame = other._latent, other._frame

    def _akin(self, previous: Projection) -> bool:
        return isinstance(previous, Turning)

    def _align(self, previous: Projection) -> None:
        if isinstance(previous, Turning):
            self.orientation = previous.orientation
