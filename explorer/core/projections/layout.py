"""Layouts of a cloud on the plane: a projection by name, with its knobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from explorer.core import projections
from explorer.core.latent.cloud import Cloud, Stamp
from explorer.core.projections import Projection


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """A projection whose fit took long, and the places of the cloud that it was fitted to.

    Attributes
    ----------
    stamp
        Of that cloud.
    xy
        Plane positions of its samples, training split first.
    """

    projection: Projection
    stamp: Stamp
    xy: Float32[np.ndarray, "n 2"]

    def of(self, cloud: Cloud) -> bool:
        """Tell whether it was fitted to this very cloud, and not to an earlier state of it."""
        return self.stamp == cloud.stamp and len(self.xy) == len(cloud)


@dataclass(frozen=True, slots=True)
class Layout:
    """A projection by name and knobs: equal layouts lay a cloud out alike.

    Attributes
    ----------
    knobs
        Those that are not at their defaults, with their values.
    computed
        The fitted projection, for one that is not fitted anew to every cloud.
    fitted
        The map of one epoch of a run, matched to another's: it is valid for one cloud alone.
    """

    name: str
    knobs: tuple[tuple[str, Any], ...] = ()
    computed: Computed | None = None
    fitted: Projection | None = None

    @classmethod
    def of(cls, projection: Projection) -> Layout:
        """Return the layout of a projection, fitted or not: its name and its knobs."""
        names = shown_knobs(type(projection))
        values = ((name, getattr(projection, name)) for name in names)
        kind = type(projection).param
        return cls(projection.key, tuple((name, v) for name, v in values if v != kind[name].default))

    def create(self) -> Projection:
        """Make the projection, not fitted yet.

        Raises
        ------
        UnknownName, ExplorerError
            As `projections.create` does.
        """
        return projections.create(self.name, **dict(self.knobs))

    def place(
        self, cloud: Cloud, like: Projection | None = None
    ) -> tuple[Projection, Float32[np.ndarray, "n 2"]]:
        """Return the projection and the places of the cloud's samples.

        Parameters
        ----------
        like
            The projection of the map before: one that is fitted again does not flip.

        Raises
        ------
        ExplorerError
            For a cloud that the projection does not take.
        """
        if self.fitted is None and self.computed is not None and self.computed.of(cloud):
            return self.computed.projection, self.computed.xy
        if self.fitted is not None:
            projection = self.fitted
        elif self.computed is not None:
            projection = self.computed.projection
        else:
            projection = self.create().fit(cloud.mean)
            if like is not None:
                projection.align(like)
        return projection, np.ascontiguousarray(projection.forward(cloud.mean), dtype=np.float32)


def shown_knobs(kind: type[Projection]) -> tuple[str, ...]:
    """Return the names of the knobs with a widget, without those that a gesture on the map sets."""
    return tuple(name for name in kind.knobs() if (kind.param[name].precedence or 0) >= 0)
