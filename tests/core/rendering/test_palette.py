"""Colours can be seen, and told apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from explorer.core.errors import UnknownName
from explorer.core.rendering import palette
from tests.colour_difference import EYES, ciede2000, cielab, seen

THEMES = ["light", "dark"]

# Demands on ten classes: least difference (CIEDE2000) with normal and with deficient colour vision, and
# lightness (L*) on each background.
APART = {"normal": 20, "deuteranopic": 13, "protanopic": 13, "tritanopic": 13}
LIGHTNESS = {"light": (30, 70), "dark": (45, 100)}


def closest(colours, eyes="normal"):
    places = palette.oklab(seen(palette.linear(colours), eyes))
    return min(np.linalg.norm(a - b) for a, b in combinations(places, 2))


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_stands_out_from_the_background(theme):
    for colour in (
        *palette.categorical(palette.MOST, theme),
        *palette.sequential(theme),
        *palette.grades(7, theme),
        palette.context(theme),
    ):
        assert palette.contrast(colour, palette.BACKGROUND[theme]) >= palette.CONTRAST


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("eyes", "apart"), APART.items())
def test_ten_classes_are_told_apart_by_all_eyes(theme, eyes, apart):
    places = cielab(seen(palette.linear(palette.categorical(10, theme)), eyes))
    one, other = (places[list(rows)] for rows in zip(*combinations(range(10), 2), strict=True))
    assert ciede2000(one, other).min() >= apart


@pytest.mark.parametrize("theme", THEMES)
def test_ten_classes_are_neither_faint_nor_dark_nor_grey(theme):
    light = palette.linear(palette.categorical(10, theme))
    low, high = LIGHTNESS[theme]
    lightness = cielab(light)[:, 0]
    assert low <= lightness.min()
    assert lightness.max() <= high
    assert np.linalg.norm(palette.oklab(light)[:, 1:], axis=1).min() >= 0.09


def test_a_class_has_one_hue_in_both_themes():
    hues = []
    for theme in THEMES:
        _, a, b = palette.oklab(palette.linear(palette.categorical(10, theme))).T
        hues.append(np.degrees(np.arctan2(b, a)))
    turned = (hues[1] - hues[0] + 180) % 360 - 180
    assert np.abs(turned).max() < 2  # what eight bits a channel round


@pytest.mark.parametrize("theme", THEMES)
def test_many_classes_have_colours_of_their_own(theme):
    assert closest(palette.categorical(24, theme)) >= 0.07
    assert closest(palette.categorical(palette.MOST, theme)) >= 0.025


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("count", [0, 1, 3, 10, 50, palette.MOST, 100])
def test_there_is_a_colour_for_each_class_and_it_stays_when_classes_are_added(theme, count):
    colours = palette.categorical(count, theme)
    assert len(colours) == count
    assert colours == palette.categorical(count + 1, theme)[:count]
    assert all(colours[i] == colours[i % palette.MOST] for i in range(count))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eyes", EYES)
def test_numbers_run_from_faint_to_strong_without_colour_vision(theme, eyes):
    places = palette.oklab(seen(palette.linear(palette.sequential(theme)), eyes))
    steps = np.diff(places[:, 0]) * (-1 if theme == "light" else 1)
    assert len(places) == 256
    assert steps.min() > -0.002  # a step of sRGB's last bit
    assert abs(places[-1, 0] - places[0, 0]) > 0.4


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("count", [3, 7, 20])
def test_grades_run_from_faint_to_strong_without_colour_vision(theme, eyes, count):
    steps = np.diff(cielab(seen(palette.linear(palette.grades(count, theme)), eyes))[:, 0])
    steps *= -1 if theme == "light" else 1
    assert steps.min() > 0.5 * steps.mean()


@pytest.mark.parametrize("theme", THEMES)
def test_more_grades_than_colours_share_them_by_neighbours(theme):
    few, many = palette.grades(palette.MOST, theme), palette.grades(256, theme)
    assert [few.index(colour) for colour in many] == sorted(few.index(colour) for colour in many)
    assert (many[0], many[-1]) == (few[0], few[-1])
    assert palette.of_classes(5, theme, ordered=True) == palette.grades(5, theme)
    assert palette.of_classes(5, theme) == palette.categorical(5, theme)


def test_contrast_is_that_of_wcag():
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert palette.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert palette.contrast("#123456", "#123456") == 1


def test_light_and_srgb_are_inverse():
    every = [f"#{step:02x}{255 - step:02x}{step // 2:02x}" for step in range(256)]
    np.testing.assert_allclose(palette.to_srgb(palette.linear(every)), palette.srgb(every), atol=1e-5)


def test_oklab_of_white_is_its_own():
    np.testing.assert_allclose(palette.oklab(np.ones((1, 3))), [[1, 0, 0]], atol=1e-4)


def test_an_unknown_theme_is_answered_with_the_known_ones():
    with pytest.raises(UnknownName, match="light, dark"):
        palette.categorical(3, "sepia")
