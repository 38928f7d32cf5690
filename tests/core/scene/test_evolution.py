"""Epochs matched to one another: what moves is the change, and what is decoded stays right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import models
from explorer.core import projections
from explorer.core.errors import ExplorerError
from explorer.core.projections import Aligned, SphereMap
from explorer.core.projections.procrustes import Alignment, align
from explorer.core.scene.evolution import Evolution, Moment

SEEDS = st.integers(0, 10_000)


def turn(random: np.random.Generator, axes: int) -> np.ndarray:
    """Any turn, mirroring ones included."""
    return np.linalg.qr(random.normal(size=(axes, axes)))[0]


def cloud(random: np.random.Generator, axes: int = 2, n: int = 200) -> np.ndarray:
    """Points that no turn leaves as they are."""
    return (random.normal(size=(n, axes)) * (3.0, 1.0, 0.4)[:axes] + random.normal(size=axes)).astype("f4")


def evolution(epochs: list[np.ndarray], name: str = "identity") -> Evolution:
    found = Evolution()
    for epoch, codes in enumerate(epochs):
        found = found.added(epoch, projections.create(name).fit(codes), codes)
    return found


@given(SEEDS)
def test_one_alignment_after_another_and_the_way_back(seed: int) -> None:
    random = np.random.default_rng(seed)
    points = random.normal(size=(5, 3))
    first, second = (
        Alignment(turn(random, 3), random.normal(size=3), random.normal(size=3), scale)
        for scale in (1.0, 2.5)
    )
    np.testing.assert_allclose(first.then(second).apply(points), second.apply(first.apply(points)), atol=1e-9)
    np.testing.assert_allclose(second.inverse().apply(second.apply(points)), points, atol=1e-9)


@pytest.mark.parametrize(("name", "axes"), [("identity", 2), ("identity", 1), ("pca", 3), ("slice", 3)])
def test_an_aligned_map_goes_there_and_back(name: str, axes: int) -> None:
    random = np.random.default_rng(3)
    codes = cloud(random, axes).astype(np.float64)
    plain = projections.create(name).fit(codes)
    flip = np.diag([-1.0, 1.0]) if axes == 1 else turn(random, 2)
    centre, target = (np.array([1.0, 0.0]), np.array([0.5, 0.0])) if axes == 1 else random.normal(size=(2, 2))
    turned = Aligned(plain, Alignment(flip, centre, target))
    places = random.normal(size=(50, 2)) * (1.0, 0.0 if axes == 1 else 1.0)
    np.testing.assert_allclose(turned.forward(turned.inverse(places)), places, atol=1e-6)
    # What lies under a sample decodes that sample's code, as it does on the map that is not turned.
    np.testing.assert_allclose(
        turned.inverse(turned.forward(codes)), plain.inverse(plain.forward(codes)), atol=1e-6
    )
    assert turned.name == plain.name
    assert turned.exact
    assert projections.plain(turned) is plain


@given(SEEDS)
def test_a_known_turn_between_epochs_moves_no_point(seed: int) -> None:
    random = np.random.default_rng(seed)
    codes = cloud(random)
    turned = [(codes @ turn(random, 2) + random.normal(size=2)).astype("f4") for _ in range(3)]
    found = evolution([codes, *turned])
    size = float(np.ptp(codes, axis=0).max())
    for at in (0, 0.5, 1, 1.7, 2, 3):
        np.testing.assert_allclose(found.points(at, 3), turned[-1], atol=2e-4 * size)
    for epoch in range(4):
        shown = found.projection(epoch, 3).forward([codes, *turned][epoch])
        np.testing.assert_allclose(shown, turned[-1], atol=2e-4 * size)
    assert not np.allclose(found.points(0, 3, aligned=False), turned[-1], atol=0.1)


def chain(epochs: list[np.ndarray], anchor: int) -> list[Alignment]:
    """Align each epoch with its neighbour, from the anchor to both ends."""
    found = {anchor: Alignment.identity(epochs[anchor].shape[1])}
    for step, ends in ((1, range(anchor + 1, len(epochs))), (-1, range(anchor - 1, -1, -1))):
        for at in ends:
            found[at] = align(epochs[at], found[at - step].apply(epochs[at - step]))
    return [found[at] for at in range(len(epochs))]


def test_it_matches_epochs_as_a_chain_does() -> None:
    random = np.random.default_rng(1)
    epochs = [cloud(random)]
    for _ in range(5):
        moved = epochs[-1] + random.normal(scale=0.05, size=epochs[-1].shape)
        epochs.append((moved @ turn(random, 2)).astype("f4"))
    for anchor in (0, 5):
        found = evolution(epochs)
        backwards = Evolution()
        for epoch in range(5, -1, -1):
            codes = epochs[epoch]
            backwards = backwards.added(epoch, projections.create("identity").fit(codes), codes)
        for alignment, (at, codes) in zip(chain(epochs, anchor), enumerate(epochs), strict=True):
            for one in (found, backwards):
                shown = one.points(at, anchor)
                np.testing.assert_allclose(shown, alignment.apply(codes), atol=2e-3)


@given(SEEDS, st.booleans())
def test_at_a_whole_epoch_the_points_are_that_epochs(seed: int, aligned: bool) -> None:
    random = np.random.default_rng(seed)
    epochs = [cloud(random) for _ in range(3)]
    found = evolution(epochs)
    np.testing.assert_allclose(found.points(2, 2, aligned), epochs[2], atol=3e-4)
    if not aligned:
        np.testing.assert_allclose(found.points(1, 2, aligned), epochs[1], atol=3e-4)
        np.testing.assert_allclose(
            found.points(0.25, 2, aligned), 0.75 * epochs[0] + 0.25 * epochs[1], atol=3e-4
        )
    np.testing.assert_allclose(found.points(9.0, 2, aligned), found.points(2, 2, aligned))


def test_an_epoch_that_is_not_placed_is_drawn_between_its_neighbours() -> None:
    random = np.random.default_rng(2)
    epochs = [cloud(random) for _ in range(3)]
    identity = projections.create("identity").fit(epochs[0])
    found = Evolution().added(0, identity, epochs[0]).added(4, identity, epochs[1])
    assert found.around(1) == (0, 4)
    np.testing.assert_allclose(found.points(1, 4, False), 0.75 * epochs[0] + 0.25 * epochs[1], atol=3e-4)
    found = found.added(1, identity, epochs[2])
    assert found.epochs == (0, 1, 4)
    np.testing.assert_allclose(found.points(1, 4, False), epochs[2], atol=3e-4)
    with pytest.raises(ExplorerError, match="no epoch has been placed"):
        Evolution().points(0.0, 0)


@pytest.mark.parametrize("name", ["orthographic", "stereographic", "cylindrical", "rotation"])
def test_in_space_maps_are_turned_about_the_centre_and_decode_rightly(name: str) -> None:
    random = np.random.default_rng(5)
    codes = cloud(random, 3).astype(np.float64)
    if name != "rotation":
        codes /= np.linalg.norm(codes, axis=1, keepdims=True)
    quarter = turn(random, 3)
    epochs = [(codes @ quarter).astype("f4"), codes.astype("f4")]
    found = evolution(epochs, name)
    shown = found.projection(0, 1)
    plain = found.projection(1, 1)
    # The same sample is drawn at the same place of both maps ...
    np.testing.assert_allclose(shown.see(epochs[0])[0], plain.see(epochs[1])[0], atol=1e-4)
    np.testing.assert_allclose(found.points(0, 1), epochs[1], atol=3e-4)
    # ... and what lies there decodes the code that it has at its own epoch.
    places = plain.forward(codes)
    seen = plain.visible(codes) if isinstance(plain, SphereMap) else np.ones(len(codes), bool)
    if isinstance(plain, SphereMap):
        back = shown.inverse(places)[seen]
        np.testing.assert_allclose(back, (codes @ quarter)[seen], atol=2e-3)
    np.testing.assert_allclose(shown.forward(shown.inverse(places)), places, atol=1e-6)
    halfway = found.points(0.5, 1)
    np.testing.assert_allclose(halfway, epochs[1], atol=1e-3)


def test_bytes_of_an_epoch_on_the_plane_are_four_a_sample() -> None:
    random = np.random.default_rng(0)
    found = evolution([cloud(random, 3, 1000) for _ in range(5)], "pca")
    assert found.nbytes == 5 * 4 * 1000


def test_home_holds_every_epoch() -> None:
    random = np.random.default_rng(0)
    found = evolution([cloud(random) * scale for scale in (1.0, 5.0, 2.0)])
    corners = found.home(2)
    for at in np.linspace(0, 2, 9):
        points = found.points(at, 2)
        inside = (points >= corners.min(0) - 1e-3) & (points <= corners.max(0) + 1e-3)
        assert np.count_nonzero(~inside.all(axis=1)) <= 0.005 * len(points)


def test_home_holds_the_prior_and_no_outliers() -> None:
    random = np.random.default_rng(0)
    small = [cloud(random, n=1000) * 0.01 for _ in range(3)]
    small[1][5] = 500
    found = evolution(small)
    model = models.create("vae", shape=(4,), latent=2, width=0.25)
    low, high = found.home(2, model=model).min(0), found.home(2, model=model).max(0)
    assert (low <= -2).all()
    assert (high >= 2).all()
    assert np.abs(found.home(2, model=model)).max() < 4
    assert np.abs(found.home(2)).max() < 1


@pytest.mark.parametrize("name", ["pca", "rotation"])
def test_the_origin_moves_with_the_points(name: str) -> None:
    # The same cloud, turned and moved: matched to each other, one origin is where the other is moved to.
    random = np.random.default_rng(6)
    codes = cloud(random, 3)
    found = evolution([codes, np.ascontiguousarray(codes @ turn(random, 3).astype("f4"))], name)
    for at in (0, 0.25, 1):
        np.testing.assert_allclose(found.origin(at, 1), found.origin(1, 1), atol=2e-3)
    still = found.origin(0, 1, aligned=False)
    assert still.shape == found.points(0, 1).shape[1:]


def test_a_moment_is_drawn_where_its_points_are() -> None:
    random = np.random.default_rng(4)
    epochs = [cloud(random), cloud(random)]
    found = evolution(epochs)
    np.testing.assert_array_equal(Moment(found, 0.3, 1).points(), found.points(0.3, 1))
    assert align(epochs[0], epochs[1]).apply(epochs[0])[0] == pytest.approx(found.points(0, 1)[0], abs=1e-3)
