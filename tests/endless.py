"""Trainings and work that go on until a test ends them: none ends by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from explorer.core.latent.cloud import Cloud
from explorer.core.projections import Projection
from explorer.core.projections.layout import Computed
from explorer.runtime.projection_fit import Fit
from explorer.session import Session

EPOCHS = 1_000_000  # even of one batch each they take longer than any test may


def endless(session: Session, **plan: int | float) -> None:
    """Plan a training that goes on until it is stopped, of more epochs than the page lets anybody choose.

    The rest of the plan is what is given, or as it was.
    """
    session.settings.plan.param.epochs.bounds = (1, EPOCHS)
    session.settings.plan.param.update(epochs=EPOCHS, **plan)


@contextmanager
def endless_fits() -> Iterator[None]:
    """Have each computation of a map that begins meanwhile wait at its end until it is cancelled."""
    fitted = Fit._fitted

    def held(self: Fit, cloud: Cloud, like: Projection | None) -> Computed:
        computed = fitted(self, cloud, like)
        self._cancelled.wait()
        return computed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Fit, "_fitted", held)
        yield
