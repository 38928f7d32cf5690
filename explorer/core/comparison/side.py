"""One side of a comparison: a model at one moment, and its codes of the data."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.core.latent.cloud import Cloud
from models import Autoencoder


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A model and its cloud, under a name.

    Attributes
    ----------
    name
        Its name on the screen: "before", or a run's name and epoch.
    model
        In evaluation mode; it is never written to.
    cloud
        The codes of the data set that both sides are compared on, training split first.
    """

    name: str
    model: Autoencoder
    cloud: Cloud
