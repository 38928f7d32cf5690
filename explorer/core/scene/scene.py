"""The content of the map at one moment: a data set under a model, laid out on the plane."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from jaxtyping import Float, Float32

from explorer.core.datasets import Dataset
from explorer.core.latent.cloud import Cloud
from explorer.core.latent.outliers import corners, inner_corners, union
from explorer.core.latent.support import Neighbours
from explorer.core.projections import Projection, Turning
from explorer.core.projections.layout import Layout
from explorer.core.scene.gaussian import prior_corners
from models import Autoencoder

_keys = count(1)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Scene:
    """A Cloud with everything needed to draw it, to decode any place and to find its surroundings.

    Attributes
    ----------
    xy
        Plane positions of the encoded samples as they were laid out, training split first; on a map that
        is turned, `places` has them.
    home
        Lower left and upper right corner of the first view: a box that holds the prior, where it is drawn,
        and all samples but outliers, in any orientation.
    neighbours
        Support and nearest samples; None until they have been computed.
    outliers
        True where samples lie outside `home`.
    key
        Differs between any two scenes that were laid out; a scene that only gained its neighbours keeps it.
    """

    dataset: Dataset
    model: Autoencoder
    cloud: Cloud
    projection: Projection
    xy: Float32[np.ndarray, "n 2"]
    home: Float[np.ndarray, "2 2"]
    neighbours: Neighbours | None
    key: int
    outliers: bool = False

    @property
    def places(self) -> Float32[np.ndarray, "n 2"]:
        """Plane positions of the samples as the map is turned: computed anew where it can be turned."""
        if isinstance(self.projection, Turning):
            return np.ascontiguousarray(self.projection.forward(self.cloud.mean), dtype=np.float32)
        return self.xy

    def place(self, index: int) -> tuple[float, float]:
        """Return the plane position of one sample, as the map is turned."""
        x, y = self.xy[index]
        if isinstance(self.projection, Turning):
            x, y = self.projection.forward(self.cloud.mean[index : index + 1])[0]
        return float(x), float(y)

    def find_neighbours(self) -> Neighbours:
        """Compute the index for support and nearest samples: seconds of work for a million samples."""
        return Neighbours(self.cloud.mean, self.cloud.labels, train=self.cloud.train)

    def with_neighbours(self) -> Scene:
        """Return the same scene with its neighbours."""
        return replace(self, neighbours=self.neighbours or self.find_neighbours())


def home_of(
    projection: Projection, xy: Float32[np.ndarray, "n 2"], model: Autoencoder | None = None
) -> Float[np.ndarray, "2 2"]:
    """Return the lower left and upper right corner of a box that holds all samples but outliers.

    It does so in any orientation of the map.

    Parameters
    ----------
    model
        The model whose prior it is to hold too, where that is drawn.
    """
    box = np.column_stack(projection.first_view) if isinstance(projection, Turning) else inner_corners(xy)
    around = None if model is None else prior_corners(model, projection)
    return box if around is None else union(box, around)


def fitted_scene(dataset: Dataset, model: Autoencoder, cloud: Cloud, projection: Projection) -> Scene:
    """Place every sample by a fitted projection."""
    xy = np.ascontiguousarray(projection.forward(cloud.mean), dtype=np.float32)
    return _scene(dataset, model, cloud, projection, xy)


def lay_out(
    dataset: Dataset,
    model: Autoencoder,
    cloud: Cloud,
    projection: str | Layout,
    like: Projection | None = None,
) -> Scene:
    """Fit the projection of that name or layout to the cloud and place every sample on the plane.

    Parameters
    ----------
    like
        The projection of the scene before: a map that is fitted again does not flip.
    """
    layout = Layout(projection) if isinstance(projection, str) else projection
    fitted, xy = layout.place(cloud, like)
    return _scene(dataset, model, cloud, fitted, xy)


def _scene(
    dataset: Dataset,
    model: Autoencoder,
    cloud: Cloud,
    projection: Projection,
    xy: Float32[np.ndarray, "n 2"],
) -> Scene:
    home = home_of(projection, xy, model)
    whole = np.column_stack(projection.extent) if isinstance(projection, Turning) else corners(xy)
    outliers = bool((whole[0] < home[0]).any() or (whole[1] > home[1]).any())
    return Scene(dataset, model, cloud, projection, xy, home, None, next(_keys), outliers)
