"""Colours can be seen, and told apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from explorer.core.errors import UnknownName
from explorer.core.rendering import palette

THEMES = ["light", "dark"]

# Machado, Oliveira and Fernandes (2009), severity 1, on linear light.
EYES = {
    "normal": np.eye(3),
    "deuteranopic": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopic": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}


def closest(colours, eyes="normal"):
    places = palette.oklab(np.clip(palette.linear(colours) @ EYES[eyes].T, 0, 1))
    return min(np.linalg.norm(a - b) for a, b in combinations(places, 2))


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_stands_out_from_the_background(theme):
    for colour in (
        *palette.categorical(palette.MOST, theme),
        *palette.sequential(theme),
        palette.context(theme),
    ):
        assert palette.contrast(colour, palette.BACKGROUND[theme]) >= palette.CONTRAST


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("eyes", "apart"), [("normal", 0.15), ("deuteranopic", 0.10), ("protanopic", 0.10)])
def test_ten_classes_are_told_apart_by_all_eyes(theme, eyes, apart):
    assert closest(palette.categorical(10, theme), eyes) >= apart


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
    places = palette.oklab(np.clip(palette.linear(palette.sequential(theme)) @ EYES[eyes].T, 0, 1))
    steps = np.diff(places[:, 0]) * (-1 if theme == "light" else 1)
    assert len(places) == 256
    assert steps.min() > -0.002  # a step of sRGB's last bit
    assert abs(places[-1, 0] - places[0, 0]) > 0.4


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
