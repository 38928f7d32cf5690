"""The names of the classes stand in their classes, as the map is turned."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.core import projections
from explorer.core.projections.turnable.orientation import Orientation
from explorer.core.rendering import overlay
from explorer.core.rendering.overlay import class_centres, class_names

RNG = np.random.default_rng(0)


def test_a_centre_is_the_median_of_its_class() -> None:
    places, labels = RNG.normal(size=(300, 3)).astype(np.float32), RNG.integers(0, 4, 300)
    labels[labels == 2] = 0
    centres = class_centres(places, labels, 4)
    for which in (0, 1, 3):
        np.testing.assert_allclose(centres[which], np.median(places[labels == which], axis=0), atol=1e-6)
    assert np.isnan(centres[2]).all()


def test_very_many_samples_are_drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = RNG.integers(0, 2, 20_000)
    places = (RNG.normal(size=(20_000, 2)) + 10 * labels[:, None]).astype(np.float32)
    monkeypatch.setattr(overlay, "_MOST", 2_000)
    np.testing.assert_allclose(class_centres(places, labels, 2), [[0, 0], [10, 10]], atol=0.2)


def test_names_are_short_and_those_of_hidden_or_empty_classes_are_left_out() -> None:
    plane = projections.create("identity").fit(np.eye(2))
    centres = np.array([[0, 1], [2, 3], [np.nan, np.nan], [4, 5]], np.float32)
    names = class_names(centres, ("a", "b", "c", "a name that is too long"), {1}, plane)
    assert names == ((0.0, 1.0, "a"), (4.0, 5.0, "a name that i…"))


def test_on_a_globe_only_those_in_front_are_named_where_they_are_seen() -> None:
    directions = np.array([[0, 0, 1], [0, 0, -1], [0.6, 0, 0.8]], np.float32)
    globe = projections.create("orthographic").fit(directions)
    assert [name for _, _, name in class_names(directions, "abc", (), globe)] == ["a", "c"]
    turned = globe.turned(Orientation.about((0.0, 1.0, 0.0), np.pi))
    [(x, y, name)] = class_names(directions, "abc", (), turned)
    assert (x, y, name) == (pytest.approx(0, abs=1e-6), pytest.approx(0, abs=1e-6), "b")


def test_in_space_names_turn_with_the_cloud() -> None:
    codes = RNG.normal(size=(100, 3)).astype(np.float32)
    cloud = projections.create("rotation").fit(codes).turned(Orientation(1, 2, 3, 4))
    centres = class_centres(codes, RNG.integers(0, 2, 100), 2)
    found = class_names(centres, "ab", (), cloud)
    np.testing.assert_allclose([place[:2] for place in found], cloud.forward(centres), atol=1e-6)
