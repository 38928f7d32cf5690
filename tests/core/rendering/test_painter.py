"""Points are prepared once for each style, and only as many are kept as was said."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.latent.cloud import encode
from explorer.core.projections.turnable.orientation import Orientation
from explorer.core.rendering import painter as module
from explorer.core.rendering.colouring import Colouring, colouring
from explorer.core.rendering.graticule import graticule
from explorer.core.rendering.painter import MapRequest, Painter, Style
from explorer.core.rendering.panning import Panning
from explorer.core.rendering.points import Points
from explorer.core.rendering.shade import Counts
from explorer.core.scene.scene import Scene, lay_out
from explorer.core.scene.viewport import Viewport


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return load_dataset("iris")


@pytest.fixture(scope="module")
def scene(iris: Dataset) -> Scene:
    return new_scene(iris)


@pytest.fixture(scope="module")
def label(scene: Scene) -> Colouring:
    return colouring(scene, "label")


@pytest.fixture
def shaded(monkeypatch: pytest.MonkeyPatch) -> list[Points]:
    """The points of each map that is painted from here on; how they are shaded is another test's matter."""
    seen: list[Points] = []

    def paint(counts: Counts, points: Points, *style: object) -> np.ndarray:
        seen.append(points)
        return np.zeros((*counts.counts.shape[:2], 4), dtype=np.uint8)

    monkeypatch.setattr(module, "paint", paint)
    return seen


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of points that were put into order, each time that was done."""
    sizes: list[int] = []
    real = Points.of

    class Counted:
        @staticmethod
        def of(xy: np.ndarray, *rest: object, **further: object) -> Points:
            sizes.append(len(xy))
            return real(xy, *rest, **further)

    monkeypatch.setattr(module, "Points", Counted)
    return sizes


def new_scene(dataset: Dataset, family: str = "vae") -> Scene:
    model = models.create(family, shape=dataset.shape, width=0.25).eval()
    return lay_out(dataset, model, encode(model, dataset), "identity")


def request(scene: Scene, style: Style, **changes: object) -> MapRequest:
    return MapRequest(scene, style, Viewport.around(scene.xy, 40, 30), True, 7, **changes)


def test_a_dragged_map_is_the_same_picture_and_counts_only_what_came_into_view(
    scene: Scene, label: Colouring, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = request(scene, Style(label))
    across, upwards = first.viewport.pixel
    then = replace(first, viewport=first.viewport.panned(5 * across, -3 * upwards))
    expected = Painter().paint(then).pixels
    monkeypatch.setattr(module, "Panning", partial(Panning, 0))
    painter = Painter()
    painter.paint(first)
    monkeypatch.setattr("explorer.core.rendering.panning.aggregate", pytest.fail)
    assert painter.paint(then).pixels == expected


def test_a_map_carries_what_it_answers(scene: Scene, label: Colouring) -> None:
    asked = request(scene, Style(label))
    image = Painter().paint(asked)
    assert len(image.pixels) > 0
    assert (image.viewport, image.home, image.sequence, image.scene) == (asked.viewport, True, 7, scene.key)
    assert image.points == len(scene.cloud)
    assert image.value_range is None
    again = Painter().paint(request(scene, Style(label, theme="dark")))
    assert again.pixels != image.pixels
    by_number = Painter().paint(request(scene, Style(colouring(scene, "kl"))))
    low, high = np.percentile(scene.cloud.kl, (1, 99))
    assert by_number.value_range == pytest.approx((low, high), rel=1e-4)


def test_one_style_is_prepared_once(
    scene: Scene, label: Colouring, shaded: list[Points], prepared: list[int]
) -> None:
    painter = Painter()
    for theme in ("light", "dark", "light"):
        painter.paint(request(scene, Style(label, theme=theme)))
    assert prepared == [150]
    assert shaded[0] is shaded[1] is shaded[2]
    painter.paint(request(scene, Style(colouring(scene, "split"))))
    painter.paint(request(scene, Style(label)))
    assert prepared == [150, 150]


def test_another_selection_or_hidden_class_sorts_nothing_again(
    scene: Scene, label: Colouring, shaded: list[Points], prepared: list[int]
) -> None:
    painter = Painter()
    mask = scene.xy[:, 0] > np.median(scene.xy[:, 0])
    other = ~mask
    styles = [
        Style(label),
        Style(label, selected=mask),
        Style(label, selected=other),
        Style(label, hidden=frozenset({1})),
        Style(label, selected=mask, hidden=frozenset({1})),
    ]
    for style in styles:
        painter.paint(request(scene, style))
    assert prepared == [150]
    assert all(points.grid.order is shaded[0].grid.order for points in shaded)
    for style, points in zip(styles, shaded, strict=True):
        fresh = Points.of(scene.xy, label.labels, label.classes, selected=style.selected, hidden=style.hidden)
        assert points.frame.equals(fresh.frame)
    painter.paint(request(scene, styles[1]))
    assert shaded[-1] is shaded[1]


def test_draws_multiply_the_points_and_look_like_their_sample(
    scene: Scene, label: Colouring, shaded: list[Points]
) -> None:
    painter = Painter()
    mask = np.zeros(150, dtype=bool)
    mask[:10] = True
    assert painter.paint(request(scene, Style(label, draws=4))).points == 600
    assert painter.paint(request(scene, Style(label, selected=mask, draws=4))).points == 600
    drawn, selected = shaded
    owners = drawn.grid.order // 4
    np.testing.assert_array_equal(drawn.labels, label.labels[owners])
    places = scene.projection.forward(scene.cloud.draws(4).mean)
    np.testing.assert_allclose(drawn.frame[["x", "y"]], places[drawn.grid.order], rtol=1e-5)
    shown = selected.frame["category"].cat.codes.to_numpy() < 3
    context = selected.frame["category"].cat.codes.to_numpy() == selected.columns - 2
    np.testing.assert_array_equal(context, owners >= 10)
    np.testing.assert_array_equal(shown, owners < 10)


def test_a_model_without_spread_draws_its_means(iris: Dataset, shaded: list[Points]) -> None:
    plain = new_scene(iris, "ae")
    assert Painter().paint(request(plain, Style(colouring(plain, "label"), draws=5))).points == 150


def test_capacity_evicts_what_was_used_longest_ago(
    scene: Scene, label: Colouring, shaded: list[Points], prepared: list[int]
) -> None:
    painter = Painter(capacity=450)
    kinds = [label, *(colouring(scene, name) for name in ("split", "kl", "density"))]
    for kind in kinds[:3]:
        painter.paint(request(scene, Style(kind)))
    painter.paint(request(scene, Style(kinds[0])))  # used again, so it is not the oldest
    painter.paint(request(scene, Style(kinds[3])))  # one too many: the second goes
    assert prepared == [150] * 4
    for kind in (kinds[0], kinds[2], kinds[3]):
        painter.paint(request(scene, Style(kind)))
    assert prepared == [150] * 4
    painter.paint(request(scene, Style(kinds[1])))
    assert prepared == [150] * 5


def test_what_is_on_the_map_is_kept_whatever_its_number(
    scene: Scene, label: Colouring, shaded: list[Points], prepared: list[int]
) -> None:
    painter = Painter(capacity=1)
    for threshold in range(5):
        mask = np.arange(150) > threshold
        painter.paint(request(scene, Style(label, selected=mask)))
    assert prepared == [150]


def test_maps_of_a_training_let_go_of_its_models(iris: Dataset, shaded: list[Points]) -> None:
    # Some thousand snapshots of small data fit the capacity; their models must not stay with them.
    painter = Painter(entries=3)
    models_made, points_made = [], []
    for _ in range(5):
        scene = new_scene(iris)
        painter.paint(request(scene, Style(colouring(scene, "label"))))
        models_made.append(weakref.ref(scene.model))
        points_made.append(weakref.ref(shaded.pop().frame))
    del scene
    gc.collect()
    assert [made() for made in models_made] == [None] * 5
    assert [made() is not None for made in points_made] == [False, False, True, True, True]


@pytest.fixture(scope="module")
def globe(iris: Dataset) -> Scene:
    model = models.create("sphere-vae", shape=iris.shape, latent=3, width=0.25).eval()
    return lay_out(iris, model, encode(model, iris), "orthographic")


@pytest.fixture(scope="module")
def solid(iris: Dataset) -> Scene:
    model = models.create("vae", shape=iris.shape, latent=3, width=0.25).eval()
    return lay_out(iris, model, encode(model, iris), "rotation")


def test_a_globe_is_painted_as_it_is_turned_with_its_net(globe: Scene) -> None:
    painter, style = Painter(), Style(colouring(globe, "label"))
    turned = Orientation(1, 2, 3, 4)
    viewport = Viewport.around(globe.home, 80, 60)
    at_home = painter.paint(MapRequest(globe, style, viewport, True, 1))
    image = painter.paint(MapRequest(globe, style, viewport, True, 2, turned))
    assert image.projection.orientation == turned
    assert image.pixels != at_home.pixels
    assert image.front is None
    assert image.points == len(globe.cloud)
    lines = graticule(globe.projection.turned(turned))
    assert len(image.net) == len(lines) + 1
    np.testing.assert_array_equal(image.net[0], lines[0])
    back = painter.paint(MapRequest(globe, Style(style.colouring, dims=True), viewport, True, 2, turned))
    assert back.pixels != image.pixels


def test_a_cloud_in_space_says_what_is_in_front(solid: Scene) -> None:
    viewport = Viewport.around(solid.home, 80, 60)
    image = Painter().paint(
        MapRequest(solid, Style(colouring(solid, "label")), viewport, True, 1, Orientation())
    )
    xy, depth = solid.projection.see(solid.cloud.mean)
    nearest = int(depth.argmax())
    assert image.front.under(tuple(xy[nearest].tolist()), within=0) == nearest
    assert image.net == ()


def test_while_a_hand_turns_very_many_points_a_quarter_of_the_pixels_do(
    solid: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewport, style = Viewport.around(solid.home, 81, 60), Style(colouring(solid, "label"))
    for many, size in ((10**6, (81, 60)), (10, (41, 30))):
        monkeypatch.setattr("explorer.core.scene.viewport._DRAFT_FROM", many)
        image = Painter().paint(MapRequest(solid, style, viewport, True, 1, Orientation(), draft=True))
        assert (image.viewport.width, image.viewport.height) == size
        assert image.viewport.x_range == viewport.x_range


def test_turning_sorts_nothing_again(solid: Scene, prepared: list[int]) -> None:
    painter, style = Painter(), Style(colouring(solid, "label"))
    viewport = Viewport.around(solid.home, 40, 30)
    for angle in range(4):
        turned = Orientation.about((0, 1, 0), angle)
        painter.paint(MapRequest(solid, style, viewport, True, angle, turned))
    assert prepared == [150]


def test_another_emphasis_counts_and_sorts_nothing_again(
    scene: Scene, label: Colouring, prepared: list[int]
) -> None:
    painter = Painter()
    plain = painter.paint(request(scene, Style(label))).pixels
    one = painter.paint(request(scene, Style(label, emphasised=1))).pixels
    assert prepared == [150]
    assert painter.ready == 1
    assert len({plain, one, painter.paint(request(scene, Style(label, emphasised=2))).pixels}) == 3
    assert painter.paint(request(scene, Style(label))).pixels == plain


def test_names_stand_where_their_classes_are_drawn(
    scene: Scene, globe: Scene, solid: Scene, label: Colouring
) -> None:
    assert Painter().paint(request(scene, Style(label))).names == ()
    names = Painter().paint(request(scene, Style(label, named=True, hidden=frozenset({1})))).names
    assert [name for _, _, name in names] == ["setosa", "virginica"]
    np.testing.assert_allclose(names[0][:2], np.median(scene.xy[label.labels == 0], axis=0), atol=1e-6)
    by_number = Painter().paint(request(scene, Style(colouring(scene, "kl"), named=True)))
    assert by_number.names == ()
    painter, style = Painter(), Style(colouring(solid, "label"), named=True)
    turned = Orientation(1, 2, 3, 4)
    for where in (None, turned):
        image = painter.paint(request(solid, style, orientation=where))
        codes = [np.median(solid.cloud.mean[label.labels == k], axis=0) for k in range(3)]
        expected = image.projection.forward(np.array(codes))
        np.testing.assert_allclose([place[:2] for place in image.names], expected, atol=1e-5)


def test_the_prior_is_drawn_with_the_map_where_there_is_one(
    iris: Dataset, scene: Scene, globe: Scene, solid: Scene, label: Colouring
) -> None:
    painter = Painter()
    inner, outer = painter.paint(request(scene, Style(label))).prior
    assert np.abs(inner).max() == pytest.approx(1, abs=1e-3)
    assert np.abs(outer).max() == pytest.approx(2, abs=1e-3)
    turned = painter.paint(
        request(solid, Style(colouring(solid, "label")), orientation=Orientation(1, 2, 3, 4))
    )
    centre = turned.projection.forward(np.zeros((1, 3), np.float32))[0]
    np.testing.assert_allclose(np.linalg.norm(turned.prior[1] - centre, axis=1), 2, atol=1e-4)
    assert painter.paint(request(globe, Style(colouring(globe, "label")))).prior == ()
    plain = new_scene(iris, "ae")
    assert painter.paint(request(plain, Style(colouring(plain, "label")))).prior == ()


def test_a_first_view_says_how_many_points_are_outside(iris: Dataset, label: Colouring) -> None:
    model = models.create("vae", shape=iris.shape, width=0.25).eval()
    codes = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
    codes[:2] = [[90, 0], [0, -400]]
    labels = (np.arange(1000) == 0).astype(np.int64)
    cloud = replace(encode(model, iris), mean=codes, spread=None, kl=None, labels=labels, classes=("a", "b"))
    scene = lay_out(iris, model, cloud, "identity")
    style = Style(Colouring("kind", labels, ("a", "b")))
    first = MapRequest(scene, style, Viewport.around(scene.home, 40, 30), True, 1)
    painter = Painter()
    assert painter.paint(first).outside == 2
    assert painter.paint(replace(first, style=replace(style, hidden=frozenset({1})))).outside == 1
    everything = replace(first, viewport=Viewport.around(scene.xy, 40, 30))
    assert painter.paint(everything).outside == 0
    assert painter.paint(replace(first, home=False)).outside == 0
