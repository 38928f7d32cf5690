"""One side of a comparison: a model at one moment, and where it puts the data."""

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
        What it is called on the screen: "before", or a run's name and epoch.
    model
        In evaluation mode; nobody writes to it.
    cloud
        What it makes of the data set that is compared on, training split first.
    """

    name: str
    model: Autoencoder
    cloud: Cloud
