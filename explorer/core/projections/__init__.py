"""Projections by name: latent space to the plane and back.

>>> from explorer.core import projections
>>> projections.names()
('identity', 'pca', 'orthographic', 'stereographic', 'cylindrical', 'rotation', 'slice',
 'tsne', 'umap')
"""

from __future__ import annotations

from explorer.core.errors import ExplorerError, UnknownName
from explorer.core.projections.aligned import Aligned, plain
from explorer.core.projections.base import Projection
from explorer.core.projections.embeddings.embedding import Embedding
from explorer.core.projections.embeddings.tsne import TSNE
from explorer.core.projections.embeddings.umap import UMAP
from explorer.core.projections.identity import Identity
from explorer.core.projections.pca import PCA
from explorer.core.projections.slices import Slice
from explorer.core.projections.turnable.cylindrical import Cylindrical
from explorer.core.projections.turnable.orthographic import Orthographic
from explorer.core.projections.turnable.rotation import Rotation
from explorer.core.projections.turnable.sphere_map import SphereMap
from explorer.core.projections.turnable.stereographic import Stereographic
from explorer.core.projections.turnable.turnable import Turning

__all__ = [
    "PCA",
    "TSNE",
    "UMAP",
    "Aligned",
    "Cylindrical",
    "Embedding",
    "Identity",
    "Orthographic",
    "Projection",
    "Rotation",
    "Slice",
    "SphereMap",
    "Stereographic",
    "Turning",
    "create",
    "family",
    "names",
    "plain",
    "suiting",
]

_KINDS: tuple[type[Projection], ...] = (
    Identity,
    PCA,
    Orthographic,
    Stereographic,
    Cylindrical,
    Rotation,
    Slice,
    TSNE,
    UMAP,
)
_FAMILIES: dict[str, type[Projection]] = {kind.key: kind for kind in _KINDS}


def names() -> tuple[str, ...]:
    """Return the names that `create` knows."""
    return tuple(_FAMILIES)


def suiting(latent: int, sphere: bool = False) -> tuple[str, ...]:
    """Return the names of those that map so many latent dimensions, the default first.

    Parameters
    ----------
    sphere
        True where the codes lie on the unit sphere: only then are its maps offered, and before all others.
    """
    suited = [name for name, kind in _FAMILIES.items() if kind.suits(latent) and (sphere or not kind.sphere)]
    return tuple(sorted(suited, key=lambda name: not _FAMILIES[name].sphere))


def family(name: str) -> type[Projection]:
    """Return the class behind a name; a page derives its widgets from the class's knobs.

    Raises
    ------
    UnknownName
    """
    if name not in _FAMILIES:
        raise UnknownName(f"unknown projection {name!r}; choose from {', '.join(names())}.")
    return _FAMILIES[name]


def create(name: str, **knobs: object) -> Projection:
    """Make a projection, which is then fitted to a cloud by `fit`.

    Raises
    ------
    UnknownName
        For a name or a knob that there is not.
    ExplorerError
        For a knob outside its bounds.
    """
    kind = family(name)
    for knob in knobs:
        if knob not in kind.knobs():
            known = ", ".join(kind.knobs()) or "none"
            raise UnknownName(f"the projection {name!r} has no knob {knob!r}; its knobs: {known}.")
    try:
        return kind(**knobs)
    except (ValueError, TypeError) as error:
        raise ExplorerError(f"the projection {name!r} cannot be made so: {error}.") from error
