"""The abstract Projection: latent space to the plane and back."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, TypeVar

import numpy as np
import param
from jaxtyping import Float, Float64

from explorer.core.errors import ExplorerError, NotFitted
from explorer.core.progress import Progress, Stage, Stop, never, silent

# Not typing.Self: the shape checker of the tests does not take it in a decorated method.
Same = TypeVar("Same", bound="Projection")

_CANCELLED = "the map was not fitted, since it was asked to stop; the former one still holds."


class Projection(param.ParameterizedABC):
    """A map of latent space: `fit` it to a cloud, then go `forward` to the plane and `inverse` back.

    Both directions keep the array's floating type, and ``forward(inverse(xy)) == xy`` to rounding,
    unless `exact` is False.
    The parameters of a subclass are its knobs: bounds and `doc` are all a page needs to show them.
    """

    key: ClassVar[str]
    """The name in the registry, and every instance's `name`."""

    sphere: ClassVar[bool] = False
    """True where it maps the unit sphere, and is meaningless for codes that fill the space."""

    exact: ClassVar[bool] = True
    """True where `inverse` is a formula; else it is an approximation, and the map can say how good a one."""

    def __init__(self, **knobs: object) -> None:
        super().__init__(name=self.key, **knobs)
        self._latent: int | None = None

    @classmethod
    def knobs(cls) -> tuple[str, ...]:
        """Return the names of the knobs."""
        return tuple(name for name in cls.param if name != "name")

    @classmethod
    @abstractmethod
    def suits(cls, latent: int) -> bool:
        """Tell whether it maps latent spaces of so many dimensions."""

    @property
    def latent(self) -> int:
        """Dimensions of the latent space it was fitted to.

        Raises
        ------
        NotFitted
            Before `fit`.
        """
        if self._latent is None:
            raise NotFitted(f"the projection {self.key!r} has no cloud yet; call fit(z) first.")
        return self._latent

    @property
    def basis(self) -> Float64[np.ndarray, "2 latent"] | None:
        """The orthonormal latent directions of the plane's two axes, for a map that is linear; else None.

        Where there is one, ``forward(z) - forward(0) == basis @ z``, and lengths in their plane are kept.
        """
        return None

    @property
    @abstractmethod
    def axis_labels(self) -> tuple[str, str]:
        """The labels of the plane's two axes."""

    def fit(
        self: Same, z: Float[np.ndarray, "points latent"], *, progress: Progress = silent, stop: Stop = never
    ) -> Same:
        """Fit to a cloud of codes, in latent units, and return the projection itself.

        Parameters
        ----------
        progress
            Called with the fraction done, which only grows and ends at 1.
        stop
            Asked every so often, by projections that take long, whether to stop.

        Raises
        ------
        ExplorerError
            For no codes, codes that are not finite, or a dimension it does not suit.
        Cancelled
            When it was asked to stop; what it was fitted to before still holds.
        """
        count, latent = z.shape
        if not self.suits(latent):
            raise ExplorerError(
                f"the projection {self.key!r} {self._demand()}, got {latent}; choose another."
            )
        if count == 0 or not np.isfinite(z).all():
            raise ExplorerError(f"the projection {self.key!r} needs at least one code, all of them finite.")
        self._fit_in_stages(z, Stage(progress, stop, cancelled=_CANCELLED))
        self._latent = latent
        progress(1.0)
        return self

    def align(self: Same, previous: Projection) -> Same:
        """Turn a fresh fit, as far as its orientation is free, so that the map moves least from `previous`.

        Nothing is done for a projection that is not akin, or of another latent dimension.
        """
        if self._akin(previous) and previous.latent == self.latent:
            self._align(previous)
        return self

    @abstractmethod
    def forward(self, z: Float[np.ndarray, "points latent"]) -> Float[np.ndarray, "points 2"]:
        """Place codes on the plane, in latent units, unscaled."""

    @abstractmethod
    def inverse(self, xy: Float[np.ndarray, "points 2"]) -> Float[np.ndarray, "points latent"]:
        """Lift points of the plane back into latent space."""

    @classmethod
    @abstractmethod
    def _demand(cls) -> str:
        """The latent dimension that it needs, as the end of an error sentence."""

    @abstractmethod
    def _fit(self, z: Float[np.ndarray, "points latent"]) -> None: ...

    def _fit_in_stages(self, z: Float[np.ndarray, "points latent"], stage: Stage) -> None:
        """Fit with progress and stop; projections whose fit takes long override it."""
        self._fit(z)

    def _akin(self, previous: Projection) -> bool:
        """Tell whether another projection is of the same kind, so that this one can be aligned to it."""
        return type(previous) is type(self)

    def _align(self, previous: Any) -> None:
        """Do nothing: the orientation is not free, unless a subclass overrides this."""

    def _held(
        self, through: Float[np.ndarray, "..."] | None, default: Float[np.ndarray, " latent"]
    ) -> Float[np.ndarray, " latent"]:
        """Return the code that the plane goes through, once it is checked; or the default."""
        latent = self.latent
        if through is None:
            return default
        if through.shape != (latent,) or not np.isfinite(through).all():
            raise ExplorerError(
                f"the plane can only be laid through a code of {latent} finite coordinates, got an array of "
                f"shape {through.shape}."
            )
        return through

    def _codes(self, z: Float[np.ndarray, "points latent"]) -> Float[np.ndarray, "points latent"]:
        if z.shape[1] != self.latent:
            raise ExplorerError(
                f"the projection {self.key!r} was fitted to codes of {self.latent} coordinates, got "
                f"{z.shape[1]}; fit it to this cloud first."
            )
        return z
