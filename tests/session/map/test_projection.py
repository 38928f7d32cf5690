"""Every projection in a session: knobs at once, embeddings when asked for, what is held, how far it errs."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

import models
from explorer.core import projections
from explorer.core.columns.own_columns import DISTORTION
from explorer.core.datasets import Dataset, Split, load_dataset
from explorer.core.latent.cloud import Cloud, encode
from explorer.runtime.base import Base
from explorer.runtime.projection_fit import FitState
from explorer.runtime.run import Snapshot
from explorer.services import Services
from explorer.session import Session
from explorer.session.map.hold import holds
from tests.endless import endless_fits
from tests.session.tab import Tab, held, served


def small(dataset: Dataset, n: int = 250) -> Dataset:
    return replace(
        dataset,
        train=Split(dataset.train.x[:n], dataset.train.y[:n]),
        test=Split(dataset.test.x[:50], dataset.test.y[:50]),
    )


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return small(load_dataset("digits"))


@pytest.fixture
def base(services: Services, digits: Dataset) -> Base:
    """Digits in six untrained dimensions: none of them is like another, and no map of it is kept."""
    services.computed._values.clear()
    return services.bases.given(digits, models.create("vae", shape=digits.shape, latent=6, width=0.25))


def choose(tab: Tab, name: str, **knobs: object) -> Session:
    tab.session.projection.knobs(name).param.update(**knobs)
    tab.session.state.projection = name
    tab.rest()
    return tab.session


def computed(tab: Tab, name: str = "tsne", **knobs: object) -> Session:
    session = choose(tab, name, **knobs)
    session.projection.compute()
    tab.until(lambda: session.state.scene.projection.name == name and session.projection.complete, "the map")
    tab.rest()
    return session


def frame_at(tab: Tab, xy: tuple[float, float]):
    tab.session.state.cursor = None
    tab.session.state.cursor = xy
    tab.rest()
    frame = tab.session.decoder.frame.read()[1]
    assert frame.stamp == tab.session.state.scene.key
    return frame


# -- what there is to choose -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "latent", "offered"),
    [
        ("vae", 2, ["identity", "pca"]),
        ("vae", 3, ["pca", "rotation", "slice", "tsne", "umap"]),
        ("vae", 10, ["pca", "slice", "tsne", "umap"]),
        (
            "sphere-vae",
            3,
            ["orthographic", "stereographic", "cylindrical", "pca", "rotation", "slice", "tsne", "umap"],
        ),
    ],
)
def test_all_that_suits_is_offered_and_the_first_is_shown(
    services: Services,
    digits: Dataset,
    opened: Callable[..., Tab],
    model: str,
    latent: int,
    offered: list[str],
) -> None:
    made = models.create(model, shape=digits.shape, latent=latent, width=0.25)
    tab = opened(services.bases.given(digits, made)).rest()
    assert tab.session.state.param.projection.objects == offered
    assert tab.session.state.projection == tab.session.state.scene.projection.name == offered[0]


def test_every_map_with_a_formula_is_there_at_once(services: Services, opened: Callable[..., Tab]) -> None:
    iris = load_dataset("iris")
    made = models.create("sphere-ae", shape=iris.shape, latent=3, width=0.25)
    tab = opened(services.bases.given(iris, made)).rest()
    for name in tab.session.state.param.projection.objects:
        if projections.family(name).exact:
            session = choose(tab, name)
            assert session.state.scene.projection.name == name
            assert session.view.image.read()[1].scene == session.state.scene.key
            frame = frame_at(tab, (0.1, 0.1))
            assert "exact" in frame.how or frame.point is not None
    assert tab.session.state.error == ""


def test_a_knob_of_a_cheap_map_is_heard_at_once(tab: Tab) -> None:
    session = tab.session
    before = session.state.scene
    session.projection.knobs("pca").param.update(across=3, up=1)
    tab.rest()
    assert session.state.scene is not before
    assert session.state.scene.projection.axis_labels[0].startswith("PC 3")
    choose(tab, "slice", across=4, up=6)
    np.testing.assert_array_equal(session.state.scene.xy, session.state.scene.cloud.mean[:, [3, 5]])
    choose(tab, "pca")
    assert session.state.scene.projection.axis_labels[0].startswith("PC 3"), "knobs are kept by name"


def test_knobs_of_one_session_are_not_those_of_another(opened: Callable[..., Tab]) -> None:
    one, two = opened().rest(), opened().rest()
    one.session.projection.knobs("pca").across = 4
    one.rest()
    two.rest()
    assert two.session.projection.knobs("pca").across == 1
    assert two.session.state.scene.projection.across == 1


def test_knobs_that_cannot_be_leave_the_map(tab: Tab) -> None:
    session, scene = tab.session, tab.session.state.scene
    session.projection.knobs("pca").across = 2
    tab.rest()
    assert "principal components 2 and 2" in session.state.error
    assert "\n" not in session.state.error
    assert session.state.scene is scene
    session.state.error = ""
    tab.rest()
    assert session.state.error == "", "it is said once"
    session.projection.knobs("pca").up = 1
    tab.rest()
    assert session.state.scene is not scene


# -- maps that are computed when asked for ---------------------------------------------------------------


def test_an_embedding_is_not_begun_unasked(tab: Tab) -> None:
    scene = tab.session.state.scene
    session = choose(tab, "tsne")
    assert session.projection.fit is None
    assert session.state.scene is scene
    assert session.projection.drawn.name == "pca"
    assert not session.projection.complete


@pytest.mark.parametrize("name", ["tsne", "umap"])
def test_a_computed_map_shows_every_code_and_decodes(tab: Tab, name: str) -> None:
    session = computed(tab, name, samples=200)
    scene = session.state.scene
    assert session.projection.fit.state is FitState.DONE
    assert scene.xy.shape == (300, 2)
    assert session.view.image.read()[1].scene == scene.key
    assert len(scene.projection.fitted.codes) == 200
    fitted = scene.projection.fitted.rows[7]
    frame = frame_at(tab, tuple(scene.xy[fitted].tolist()))
    np.testing.assert_allclose(frame.code, scene.cloud.mean[fitted], atol=1e-4)
    assert frame.how == f"a guess: error {frame.error:.2f} of the cloud's spread"
    assert 0 < frame.error < 2
    assert session.hold.guess.median == pytest.approx(
        np.median(scene.projection.error(scene.cloud.mean)), rel=1e-6
    )
    assert session.state.error == ""


def test_coming_back_is_at_once_and_others_share_it(opened: Callable[..., Tab]) -> None:
    tab, other = opened().rest(), opened().rest()
    session = computed(tab, perplexity=5)
    scene, fit = session.state.scene, session.projection.fit
    choose(tab, "pca")
    choose(tab, "tsne")
    assert session.state.scene is scene
    choose(other, "tsne", perplexity=5)
    assert other.session.state.scene is scene
    assert session.projection.fit is fit
    assert other.session.projection.fit is None
    choose(other, "tsne", perplexity=6)
    assert other.session.state.scene is scene, "what was on the map stays until the other is computed"
    assert not other.session.projection.complete


def test_progress_grows_and_is_told(tab: Tab) -> None:
    session = choose(tab, "tsne")
    session.projection.compute()
    fit, seen = session.projection.fit, []

    def looked() -> bool:
        if not seen or fit.fraction > seen[-1]:
            seen.append(fit.fraction)
        return not fit.active

    tab.until(looked, "its end").rest()
    assert len(seen) > 5
    assert seen[-1] == 1.0
    assert fit.state is FitState.DONE


def test_cancelling_leaves_the_map_and_it_can_be_computed_again(tab: Tab) -> None:
    session = choose(tab, "tsne")
    scene = session.state.scene
    with endless_fits():
        session.projection.compute()
        fit = session.projection.fit
        tab.until(lambda: fit.fraction > 0.06, "it to be under way")
    session.projection.cancel()
    assert not fit.active
    assert fit.state is FitState.CANCELLED
    began = time.monotonic()
    served(session.services.fits)
    assert time.monotonic() - began < 5.0  # its worker too stops where it is
    tab.rest()
    assert session.state.scene is scene
    assert session.state.error == ""
    assert fit.state is FitState.CANCELLED
    computed(tab)
    assert session.state.scene.projection.name == "tsne"


def test_a_computation_that_waits_can_be_cancelled(services: Services, tab: Tab) -> None:
    session = choose(tab, "tsne")
    with held(services.fits):
        session.projection.compute()
        fit = session.projection.fit
        assert fit.state is FitState.WAITING
        session.projection.cancel()
        assert fit.state is FitState.CANCELLED
    served(services.fits)
    tab.rest()
    assert session.state.scene.projection.name == "pca"


def test_closing_cancels_and_lets_go(services: Services, base: Base) -> None:
    tab = Tab(services, base).rest()
    session = choose(tab, "tsne")
    with endless_fits():
        session.projection.compute()
        fit = session.projection.fit
        tab.until(lambda: fit.fraction > 0.06, "it to be under way")
    tab.close()
    served(services.fits)
    assert fit.state is FitState.CANCELLED
    gone = weakref.ref(session)
    del session, tab
    gc.collect()
    assert gone() is None


def given(services: Services, digits: Dataset, codes: np.ndarray) -> Base:
    """A base whose codes are these, whatever its model says."""
    model = models.create("vae", shape=digits.shape, latent=codes.shape[1], width=0.25)
    cloud = encode(model.eval(), digits)
    return services.bases.given(digits, model, replace(cloud, mean=codes.astype(np.float32)))


@pytest.mark.parametrize(
    ("name", "knobs", "codes", "sentence"),
    [
        (
            "tsne",
            {"perplexity": 150.0},
            None,
            "a perplexity of 150 needs at least 451 different codes, got 300",
        ),
        ("tsne", {}, np.ones((300, 4)), "got 1"),
        ("umap", {"neighbours": 20}, np.repeat(np.eye(10, 4), 30, axis=0), "keeps 20 neighbours needs"),
    ],
)
def test_what_cannot_be_computed_is_one_sentence(
    services: Services,
    digits: Dataset,
    opened: Callable[..., Tab],
    base: Base,
    name: str,
    knobs: dict[str, object],
    codes: np.ndarray | None,
    sentence: str,
) -> None:
    tab = opened(base if codes is None else given(services, digits, codes)).rest()
    session = choose(tab, name, **knobs)
    scene = session.state.scene
    session.projection.compute()
    tab.until(lambda: session.state.error, "the sentence").rest()
    assert sentence in session.state.error
    assert "\n" not in session.state.error
    assert session.projection.fit.state is FitState.FAILED
    assert session.state.scene is scene


def test_constant_columns_and_duplicates_are_embedded_all_the_same(
    services: Services, digits: Dataset, opened: Callable[..., Tab]
) -> None:
    codes = np.random.default_rng(0).normal(size=(150, 5)) * [1, 1, 1, 0, 0]
    tab = opened(given(services, digits, np.repeat(codes, 2, axis=0))).rest()
    session = computed(tab, perplexity=10)
    np.testing.assert_array_equal(session.state.scene.xy[::2], session.state.scene.xy[1::2])
    assert np.isfinite(session.state.scene.xy).all()


def moved(tab: Tab, services: Services) -> Cloud:
    """Let the base's codes move on a little, as they do with an epoch of training."""
    session = tab.session
    snapshot = session.state.base.snapshot.read()[1]
    cloud = snapshot.cloud
    noise = np.random.default_rng(0).normal(0, 0.05 * cloud.mean.std(), cloud.mean.shape)
    mean = (cloud.mean + noise).astype(np.float32)
    later = replace(cloud, mean=mean, stamp=replace(cloud.stamp, version=snapshot.version + 1))
    session.state.base.snapshot.post(Snapshot(snapshot.model, later, None, snapshot.version + 1))
    session.tasks.ring()
    tab.until(lambda: session.state.scene.cloud is later, "the new codes")
    tab.rest()
    served(services.placings)
    tab.rest()
    return later


def test_when_the_cloud_moves_on_the_map_places_it_and_says_so(services: Services, tab: Tab) -> None:
    session = computed(tab)
    before, fit = session.state.scene, session.projection.fit
    moved(tab, services)
    assert session.projection.fit is fit, "nothing is computed unasked"
    assert session.state.scene.projection is before.projection
    assert session.projection.stale
    assert not session.projection.complete
    np.testing.assert_allclose(
        session.state.scene.xy, before.projection.forward(session.state.scene.cloud.mean), rtol=1e-5
    )
    spread = before.xy.std()
    assert np.median(np.linalg.norm(session.state.scene.xy - before.xy, axis=1)) < 0.2 * spread
    assert session.hold.guess.samples == 300
    computed(tab)
    assert not session.projection.stale
    # Computed again it lies as it lay.
    assert abs(np.corrcoef(session.state.scene.xy[:, 0], before.xy[:, 0])[0, 1]) > 0.5


def test_another_model_starts_with_a_map_that_is_there(services: Services, digits: Dataset, tab: Tab) -> None:
    session = computed(tab)
    other = services.bases.given(digits, models.create("ae", shape=digits.shape, latent=6, width=0.25))
    session.state.base = other
    session.tasks.ring()
    tab.until(lambda: session.state.scene.model.name == "ae", "the other model").rest()
    assert session.state.projection == session.state.scene.projection.name == "pca"
    assert session.projection.drawn.computed is None


# -- what is held ----------------------------------------------------------------------------------------


def test_the_default_holds_the_residual_of_the_nearest(tab: Tab) -> None:
    scene = tab.session.state.scene
    assert tab.session.state.param["projection"].objects[0] == "pca"
    assert tab.session.hold.hold == "nearest"
    row = 17
    frame = frame_at(tab, tuple(scene.xy[row].astype(float).tolist()))
    np.testing.assert_allclose(frame.code, scene.cloud.mean[row], atol=1e-5)
    assert frame.how == f"exact, residual of sample #{row} held"
    near = scene.xy[row] + np.float32(1e-4)
    frame = frame_at(tab, tuple(near.astype(float).tolist()))
    np.testing.assert_allclose(scene.projection.forward(frame.code[None])[0], near, atol=1e-5)


@pytest.mark.parametrize("name", ["pca", "slice"])
def test_what_is_held_is_what_is_decoded(tab: Tab, name: str) -> None:
    session = choose(tab, name)
    mean = session.state.scene.cloud.mean
    session.decoder.pick_index(42)
    tab.rest()
    xy = (0.02, -0.01)
    held_codes = {"mean": mean.mean(axis=0), "zero": np.zeros(6), "picked": mean[42]}
    for hold, code in held_codes.items():
        session.hold.hold = hold
        frame = frame_at(tab, xy)
        projection = session.state.scene.projection
        np.testing.assert_allclose(projection.forward(frame.code[None])[0], xy, atol=1e-5)
        # Off the plane it is the held code's: what is left of their difference lies on the plane.
        apart = (frame.code - code)[None].astype(float)
        origin = np.zeros((1, 6))
        along = projection.inverse(projection.forward(apart) - projection.forward(origin) + [[1.0, 1.0]])
        along = along - projection.inverse(np.array([[1.0, 1.0]]))
        np.testing.assert_allclose(apart, along, atol=1e-5)
        assert {"mean": "mean", "zero": "origin", "picked": "#42"}[hold] in frame.how


def test_what_is_held_follows_the_pick_and_is_kept_by_projection(tab: Tab) -> None:
    session = choose(tab, "slice")
    assert list(session.hold.param.hold.objects) == ["zero", "mean", "picked"]
    session.hold.hold = "picked"
    frame_at(tab, (0.0, 0.0))
    for index in (3, 4):
        session.decoder.pick_index(index)
        tab.rest()
        assert session.decoder.frame.read()[1].how == f"exact, through sample #{index}"
    choose(tab, "pca")
    assert session.hold.hold == "nearest"
    choose(tab, "slice")
    assert session.hold.hold == "picked"


def test_nothing_is_held_where_the_plane_is_all_there_is(
    services: Services, digits: Dataset, opened: Callable[..., Tab]
) -> None:
    flat = models.create("vae", shape=digits.shape, latent=2, width=0.25)
    tab = opened(services.bases.given(digits, flat)).rest()
    assert holds(tab.session.state.scene) == ()
    assert frame_at(tab, (0.0, 0.0)).how == "exact"


def test_until_the_nearest_can_be_asked_for_the_mean_is_held(services: Services, tab: Tab) -> None:
    with held(services.neighbours):
        tab.session.projection.knobs("pca").across = 3
        tab.until(lambda: tab.session.state.scene.projection.across == 3, "the other map")
        tab.session.state.cursor = (0.01, 0.02)
        tab.until(lambda: tab.session.decoder.frame.version, "a frame")
        assert "mean" in tab.session.decoder.frame.read()[1].how
    tab.rest()
    assert "residual" in tab.session.decoder.frame.read()[1].how


def test_a_map_that_comes_back_as_it_was_laid_out_gains_its_neighbours_again(
    services: Services, tab: Tab
) -> None:
    session = computed(tab)
    shown = session.state.scene
    with held(services.scenes):
        session.state.projection = "pca"
        session.pull()
        session.state.projection = "tsne"
        session.pull()
    tab.until(lambda: session.state.scene is not shown, "the same map anew").rest()
    assert session.state.scene.key == shown.key
    assert session.state.scene.neighbours is not None


# -- distortion ------------------------------------------------------------------------------------------


def test_distortion_is_a_colour_of_embeddings_alone(tab: Tab) -> None:
    session = tab.session
    assert DISTORTION not in session.state.param.colour_by.objects
    computed(tab)
    assert {DISTORTION, "round-trip error"} <= set(session.state.param.colour_by.objects)
    session.state.colour_by = DISTORTION
    tab.rest()
    stretch = session.state.scene.projection.distortion(session.state.scene.xy)
    np.testing.assert_allclose(session.state.colouring.values, np.log2(stretch), rtol=1e-3, atol=1e-4)
    session.state.colour_by = "round-trip error"
    tab.rest()
    errors = session.state.scene.projection.error(session.state.scene.cloud.mean)
    np.testing.assert_allclose(session.state.colouring.values, errors, rtol=1e-4)
    choose(tab, "pca")
    assert session.state.colour_by == "label"
    assert DISTORTION not in session.state.param.colour_by.objects


def test_draws_wait_for_a_map_with_a_formula(tab: Tab) -> None:
    session = tab.session
    session.state.draws = 3
    tab.rest()
    assert session.view.image.read()[1].points == 900
    computed(tab)
    assert session.view.image.read()[1].points == 300


@pytest.fixture(autouse=True)
def _none_left(services: Services) -> Iterator[None]:
    yield
    for fit in tuple(services.under_way):
        fit.cancel()
    served(services.fits)
