"""A fit tells how far it is, stops when it is told to, and is not done twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import models
from explorer.core.datasets import load_dataset
from explorer.core.errors import ExplorerError
from explorer.core.latent.cloud import Cloud, encode
from explorer.core.lru import LRU
from explorer.core.projections.layout import Computed, Layout
from explorer.runtime.projection_fit import Fit, FitState, key

LAYOUT = Layout("tsne", (("perplexity", 5.0), ("samples", 100)))


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    iris = load_dataset("iris")
    return encode(models.create("vae", shape=iris.shape, latent=4, width=0.25).eval(), iris)


class Clock:
    """Seconds that pass only when somebody looks."""

    def __init__(self, step: float = 1.0) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_a_fit_places_every_code_and_is_kept(cloud: Cloud) -> None:
    known: LRU[Computed] = LRU(2)
    told = []
    fit = Fit(LAYOUT, cloud, None, lambda: told.append((fit.state, fit.fraction)), Clock())
    assert (fit.state, fit.active, fit.seconds_left) == (FitState.WAITING, True, None)
    computed = fit.run(known)
    assert (fit.state, fit.fraction, fit.active) == (FitState.DONE, 1.0, False)
    assert computed.of(cloud)
    np.testing.assert_allclose(computed.xy, computed.projection.forward(cloud.mean), rtol=1e-6)
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    assert len(fractions) > 20
    assert known.get(fit.key) is computed
    again = Fit(LAYOUT, cloud, None, told.clear)
    assert again.run(known) is computed
    assert told, "nothing is reported of what is not done"


def test_time_left_goes_by_what_has_passed(cloud: Cloud) -> None:
    clock = Clock(0.0)
    fit = Fit(LAYOUT, cloud, None, lambda: None, clock)
    fit._state = FitState.RUNNING
    clock.now, fit.fraction = 3.0, 0.25
    assert (fit.seconds, fit.seconds_left) == (3.0, pytest.approx(9.0))


def test_reports_come_no_faster_than_an_eye_follows(cloud: Cloud) -> None:
    told = []
    Fit(LAYOUT, cloud, None, lambda: told.append(1), lambda: 0.0).run(LRU(2))
    assert len(told) == 1  # that it began


@pytest.mark.parametrize("at", [0.0, 0.3, 0.91])
def test_a_cancelled_fit_gives_nothing_and_keeps_nothing(cloud: Cloud, at: float) -> None:
    known: LRU[Computed] = LRU(2)
    fit = Fit(LAYOUT, cloud, None, lambda: fit.cancel() if fit.fraction >= at else None, Clock())
    assert fit.run(known) is None
    assert fit.state is FitState.CANCELLED
    assert fit.fraction >= at
    assert len(known) == 0


def test_what_cannot_be_fitted_has_failed(cloud: Cloud) -> None:
    fit = Fit(Layout("tsne", (("perplexity", 60.0),)), cloud, None, lambda: None)
    with pytest.raises(ExplorerError, match="perplexity of 60"):
        fit.run(LRU(2))
    assert (fit.state, fit.active) == (FitState.FAILED, False)


def test_equal_keys_are_equal_maps(cloud: Cloud) -> None:
    later = replace(cloud, stamp=replace(cloud.stamp, version=9))
    assert key(cloud, LAYOUT) == key(cloud, Layout("tsne", LAYOUT.knobs))
    assert key(cloud, LAYOUT) != key(later, LAYOUT)
    assert key(cloud, LAYOUT) != key(cloud, Layout("umap"))
    assert key(cloud, LAYOUT) != key(cloud, Layout("tsne"))
