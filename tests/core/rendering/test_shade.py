"""A map counts every point, mixes their colours by count, and shows each of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.core import projections
from explorer.core.errors import ExplorerError, UnknownName
from explorer.core.latent.cloud import Cloud, Stamp
from explorer.core.rendering import palette, shade
from explorer.core.rendering.points import Points
from explorer.core.scene.viewport import Viewport

RNG = np.random.default_rng(0)
CLASSES = ("a", "b", "c")
XY = RNG.normal(size=(4000, 2)).astype(np.float32)
LABELS = RNG.integers(0, 3, 4000)
VIEW = Viewport(-2.0, 2.0, -1.0, 2.0, 64, 48)
DENSE = Viewport(-2.0, 2.0, -1.0, 2.0, 16, 12)  # several points in each pixel: no dots


def pixels_of(xy, viewport):
    """Row (from the bottom) and column of each point, by the definition; -1 outside."""
    x, y = xy.astype(float).T
    across, up = viewport.width / (viewport.x1 - viewport.x0), viewport.height / (viewport.y1 - viewport.y0)
    column = np.floor(x * across - viewport.x0 * across).astype(int)
    row = np.floor(y * up - viewport.y0 * up).astype(int)
    outside = ~viewport.contains(xy)
    row, column = np.minimum(row, viewport.height - 1), np.minimum(column, viewport.width - 1)
    row[outside] = column[outside] = -1
    return row, column


def brute_counts(xy, codes, columns, viewport):
    counts = np.zeros((viewport.height, viewport.width, columns), np.int64)
    for row, column, code in zip(*pixels_of(xy, viewport), codes, strict=True):
        if row >= 0:
            counts[row, column, code] += 1
    return counts


@given(st.floats(0.3, 40), st.floats(-3, 3), st.floats(-3, 3))
def test_counts_equal_brute_force_at_any_zoom_and_add_up(factor, x, y):
    viewport = VIEW.panned(x, y).zoomed(factor)
    points = Points.of(XY, LABELS, CLASSES)
    found = shade.aggregate(points, viewport)
    np.testing.assert_array_equal(found.counts, brute_counts(XY, LABELS, points.columns, viewport))
    assert found.visible == viewport.contains(XY).sum()


def test_pixels_hold_their_left_and_lower_edges_and_the_map_all_four():
    grid = np.arange(5, dtype=np.float32)
    xy = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    viewport = Viewport(0.0, 4.0, 0.0, 4.0, 4, 4)
    counts = shade.aggregate(Points.of(xy), viewport).counts[:, :, 0]
    # numpy's bins are half open but for the last, which is closed: the same rule.
    expected = np.histogram2d(xy[:, 1], xy[:, 0], bins=4, range=((0, 4), (0, 4)))[0]
    np.testing.assert_array_equal(counts, expected)
    assert counts.sum() == 25


def test_counting_in_two_halves_changes_nothing(monkeypatch):
    for values in (None, XY[:, 0].astype(float)):
        points = Points.of(XY, LABELS, CLASSES, values=values)
        whole = shade.aggregate(points, VIEW)
        monkeypatch.setattr(shade, "MANY", 1)
        halves = shade.aggregate(points, VIEW)
        monkeypatch.undo()
        np.testing.assert_array_equal(whole.counts, halves.counts)
        if values is not None:
            np.testing.assert_allclose(whole.sums, halves.sums, atol=1e-9)


def mixed_by_hand(counts, colours):
    """sRGB of the count-weighted mean light of each pixel, one pixel at a time, top row first."""
    light = palette.linear(colours)
    image = np.zeros((*counts.shape[:2], 3))
    for row in range(counts.shape[0]):
        for column in range(counts.shape[1]):
            n = counts[row, column, : len(colours)]
            if n.sum():
                mean = sum(k * c for k, c in zip(n, light.astype(float), strict=True)) / n.sum()
                image[-1 - row, column] = palette.to_srgb(mean) * 255
    return image


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("classes", [3, 20, 70])
def test_colours_are_mixed_as_a_loop_over_pixels_mixes_them(theme, classes):
    labels = RNG.integers(0, classes, 4000)
    points = Points.of(XY, labels, tuple(map(str, range(classes))))
    counts = shade.aggregate(points, DENSE)
    image = shade.paint(counts, points, theme)
    colours = palette.categorical(counts.colours, theme)
    np.testing.assert_allclose(image[..., :3], mixed_by_hand(counts.counts, colours), atol=1.01)
    np.testing.assert_array_equal(image[..., 3] > 0, counts.counts[::-1].sum(axis=2) > 0)


def test_numbers_take_the_ramp_s_colour_of_their_mean():
    values = XY[:, 0].astype(float) * 3 + 1
    points = Points.of(XY, LABELS, CLASSES, values=values)
    image = shade.shade(points, DENSE)
    low, high = points.value_range
    ramp = palette.srgb(palette.sequential("light")) * 255
    rows, columns = pixels_of(XY, DENSE)
    for row in range(DENSE.height):
        for column in range(DENSE.width):
            inside = values[(rows == row) & (columns == column)]
            if not len(inside):
                assert not image[-1 - row, column].any()
                continue
            step = np.clip((inside.mean() - low) / (high - low), 0, 1) * 255
            expected = ramp[[int(step), min(255, int(step) + 1)]]
            found = image[-1 - row, column, :3]
            assert (found >= expected.min(axis=0) - 1.5).all()
            assert (found <= expected.max(axis=0) + 1.5).all()


@given(st.lists(st.integers(0, 70_000), min_size=2, max_size=60))
def test_more_points_are_never_fainter_and_one_is_always_seen(totals):
    alphas = shade._alphas(np.array([totals], np.float32), shade.FAINTEST, 1.0)
    assert alphas[0] == 0
    assert (np.diff(alphas) >= 0).all()
    assert max(totals) == 0 or alphas[1] >= shade.FAINTEST
    assert alphas[-1] <= 1


def test_alpha_follows_the_count_in_the_image():
    points = Points.of(XY)
    counts = shade.aggregate(points, DENSE)
    image = shade.paint(counts, points)
    total = counts.counts[::-1].sum(axis=2)
    by_count = image[..., 3].ravel()[np.argsort(total.ravel(), kind="stable")]
    assert (np.diff(by_count.astype(int)) >= 0).all()
    assert image[..., 3].max() == 255


def test_hidden_classes_vanish():
    hidden = shade.shade(Points.of(XY, LABELS, CLASSES, hidden={"b", 2}), VIEW)
    alone = Points.of(XY[LABELS == 0], LABELS[LABELS == 0], CLASSES)
    np.testing.assert_array_equal(hidden, shade.shade(alone, VIEW))
    everything = Points.of(XY, LABELS, CLASSES, hidden={0, 1, 2}, selected=LABELS == 0)
    assert not shade.shade(everything, VIEW).any()
    assert shade.aggregate(everything, VIEW).visible == 0


def test_the_rest_of_the_cloud_stays_visible_but_dimmed_and_grey():
    selected = XY[:, 0] > 0.5
    image = shade.shade(Points.of(XY, LABELS, CLASSES, selected=selected), DENSE).astype(int)
    half = DENSE.width // 2
    rest, chosen = image[:, :half], image[:, half + 3 :]
    grey = palette.srgb([palette.context("light")])[0] * 255
    assert (rest[..., 3] > 0).all()
    assert rest[..., 3].max() <= 255 * shade.CONTEXT[1] + 1
    np.testing.assert_allclose(rest[..., :3], np.broadcast_to(grey, rest[..., :3].shape), atol=1.01)
    assert chosen[..., 3].mean() > 1.5 * rest[..., 3].mean()


def test_the_emphasised_class_keeps_its_colour_and_the_others_are_context():
    points = Points.of(XY, LABELS, CLASSES)
    counts = shade.aggregate(points, DENSE)
    image = shade.paint(counts, points, emphasised=1)
    as_selected = Points.of(XY, LABELS, CLASSES, selected=LABELS == 1)
    np.testing.assert_array_equal(image, shade.paint(shade.aggregate(as_selected, DENSE), as_selected))
    np.testing.assert_array_equal(shade.paint(counts, points), shade.shade(points, DENSE))


def test_grades_take_the_colours_of_the_scale():
    points = Points.of(XY, LABELS, CLASSES, ordered=True)
    counts = shade.aggregate(points, DENSE)
    expected = mixed_by_hand(counts.counts, palette.grades(3))
    np.testing.assert_allclose(shade.paint(counts, points)[..., :3], expected, atol=1.01)


def test_one_selected_point_is_seen_among_thousands():
    selected = np.zeros(4000, bool)
    inside = np.flatnonzero((np.abs(XY) < 0.3).all(axis=1))[0]
    selected[inside] = True
    image = shade.shade(Points.of(XY, LABELS, CLASSES, selected=selected), DENSE)
    row, column = (int(index[0]) for index in pixels_of(XY[[inside]], DENSE))
    pixel = image[-1 - row, column]
    colour = palette.srgb([palette.categorical(3)[LABELS[inside]]])[0] * 255
    np.testing.assert_allclose(pixel[:3], colour, atol=2)
    assert pixel[3] == 255


def test_up_on_the_plane_is_up_in_the_image():
    points = Points.of(np.array([[0.9, 0.9], [0.1, 0.1]], np.float32), np.array([0, 1]), CLASSES)
    image = shade.shade(points, Viewport(0.0, 1.0, 0.0, 1.0, 100, 100))
    first, second, _ = palette.srgb(palette.categorical(3)) * 255
    np.testing.assert_allclose(image[9, 90], (*first, 255), atol=1)
    np.testing.assert_allclose(image[90, 9], (*second, 255), atol=1)


def test_scattered_points_are_round_dots_and_are_counted_once():
    points = Points.of(np.array([[0.0, 0.0]], np.float32))
    viewport = Viewport(-1.0, 1.0, -1.0, 1.0, 101, 101)
    alpha = shade.shade(points, viewport)[..., 3].astype(int)
    assert shade.aggregate(points, viewport).visible == 1
    for turned in (alpha[::-1], alpha[:, ::-1], alpha.T):
        np.testing.assert_array_equal(alpha, turned)
    area = alpha.sum() / 255
    assert area == pytest.approx(np.pi * shade.LARGEST_DOT**2, rel=0.05)


def test_dots_shrink_as_points_crowd():
    views = [Viewport.around(XY, side, side) for side in (16, 60, 120, 240, 480, 960)]
    radii = [
        shade._radius(*shade._mixed(shade.aggregate(p, v), p, "light"))
        for v in views
        for p in [Points.of(XY)]
    ]
    assert radii == sorted(radii)
    assert radii[0] == 0
    assert radii[-1] >= 2


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (17, 1)])
def test_any_size_and_an_empty_view(size):
    points = Points.of(XY, LABELS, CLASSES)
    assert shade.shade(points, Viewport(-1.0, 1.0, -1.0, 1.0, *size)).shape == (size[1], size[0], 4)
    assert not shade.shade(points, Viewport(50.0, 51.0, 50.0, 51.0, *size)).any()
    assert not shade.shade(Points.of(np.zeros((0, 2), np.float32)), VIEW).any()


def cloud(latent=2, kl=True):
    codes = RNG.normal(size=(600, latent)).astype(np.float32)
    labels = RNG.integers(0, 3, 600)
    stamp = Stamp("data", "model", 0)
    return Cloud(codes, None, codes[:, 0] ** 2 if kl else None, labels, 500, CLASSES, stamp)


def test_a_cloud_is_shaded_as_its_points_are():
    some = cloud()
    expected = shade.shade(Points.of(some.mean, some.labels, CLASSES), VIEW)
    np.testing.assert_array_equal(shade.shade(some, VIEW), expected)
    by_kl = shade.shade(Points.of(some.mean, values=some.kl), VIEW)
    np.testing.assert_array_equal(shade.shade(some, VIEW, "kl"), by_kl)
    np.testing.assert_array_equal(shade.shade(some, VIEW, some.kl), by_kl)
    selected = some.labels == 1
    chosen = shade.shade(Points.of(some.mean, some.labels, CLASSES, selected=selected, hidden={"c"}), VIEW)
    np.testing.assert_array_equal(shade.shade(some, VIEW, selected=selected, hidden={"c"}), chosen)


def test_more_dimensions_are_shaded_through_a_projection_and_one_as_a_line():
    wide = cloud(latent=5)
    pca = projections.create("pca").fit(wide.mean)
    expected = shade.shade(Points.of(pca.forward(wide.mean), wide.labels, CLASSES), VIEW)
    np.testing.assert_array_equal(shade.shade(wide, VIEW, projection=pca), expected)
    # On a line, all the points are on one row of pixels and in the dots around it.
    assert not shade.shade(cloud(latent=1), VIEW)[:20].any()


def test_what_cannot_be_shaded_is_refused_in_a_sentence():
    with pytest.raises(ExplorerError, match="need a projection"):
        shade.shade(cloud(latent=3), VIEW)
    with pytest.raises(ExplorerError, match="'label', 'kl'"):
        shade.shade(cloud(kl=False), VIEW, "kl")
    with pytest.raises(ExplorerError, match="one for each"):
        shade.shade(cloud(), VIEW, np.zeros(3))
    with pytest.raises(UnknownName, match="light, dark"):
        shade.shade(cloud(), VIEW, theme="sepia")
