"""A layout is what a projection's knobs ask for, and places a cloud as they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import models
from explorer.core import projections
from explorer.core.datasets import load_dataset
from explorer.core.errors import ExplorerError
from explorer.core.latent.cloud import Cloud, encode
from explorer.core.projections.layout import Computed, Layout, shown_knobs
from explorer.core.projections.turnable.orientation import Orientation


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    iris = load_dataset("iris")
    return encode(models.create("vae", shape=iris.shape, latent=4, width=0.25).eval(), iris)


def test_knobs_at_their_defaults_are_the_name_alone() -> None:
    for name in projections.names():
        assert Layout.of(projections.create(name)) == Layout(name)
    assert Layout.of(projections.create("pca", across=3)) == Layout("pca", (("across", 3),))
    assert Layout.of(projections.create("tsne", perplexity=9, seed=1)).create().perplexity == 9


def test_what_a_gesture_sets_is_no_knob() -> None:
    assert shown_knobs(projections.PCA) == ("across", "up")
    assert shown_knobs(projections.Rotation) == ()
    turned = projections.create("rotation", orientation=Orientation(0.5, 0.5, 0.5, 0.5))
    assert Layout.of(turned) == Layout("rotation")


def test_a_layout_with_a_formula_is_fitted_to_each_cloud(cloud: Cloud) -> None:
    projection, xy = Layout("slice", (("across", 4),)).place(cloud)
    np.testing.assert_array_equal(xy, cloud.mean[:, [3, 1]])
    assert projection.across == 4
    with pytest.raises(ExplorerError, match="identity"):
        Layout("identity").place(cloud)


def test_one_that_was_computed_keeps_its_places_and_places_other_codes(cloud: Cloud) -> None:
    done = projections.create("tsne", perplexity=5).fit(cloud.mean)
    xy = done.forward(cloud.mean).astype(np.float32)
    layout = Layout("tsne", (("perplexity", 5),), Computed(done, cloud.stamp, xy))
    assert layout.place(cloud)[1] is xy
    later = replace(
        cloud, mean=cloud.mean[::-1].copy(), stamp=replace(cloud.stamp, version=cloud.stamp.version + 1)
    )
    assert not layout.computed.of(later)
    projection, placed = layout.place(later)
    assert projection is done
    np.testing.assert_allclose(placed, xy[::-1], atol=1e-4)
