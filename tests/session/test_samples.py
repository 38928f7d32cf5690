"""The list of samples: those that are selected, else those in view, in the order that was asked for."""

from __future__ import annotations

import numpy as np
import pytest

import models
from explorer.core.datasets import Dataset
from explorer.core.scene.viewport import Viewport
from explorer.core.selection.brush import Box
from explorer.services import Services
from explorer.session.samples import DISTANCE, ROW, SampleList
from tests.session.tab import Tab


@pytest.fixture
def shown(tab: Tab) -> Tab:
    tab.session.samples.shown = True
    tab.until(lambda: tab.session.samples.listed.version, "a list").rest()
    return tab


def listed(tab: Tab) -> SampleList:
    found = tab.rest().session.samples.listed.read()[1]
    assert found is not None
    return found


def test_nothing_is_listed_before_the_tab_is_open(tab: Tab) -> None:
    tab.session.selection.random(5)
    assert tab.rest().session.samples.listed.read()[1] is None


def test_the_selected_samples_are_listed_else_those_in_view(shown: Tab) -> None:
    session, scene = shown.session, shown.session.state.scene
    everything = listed(shown)
    assert not everything.selected
    assert np.array_equal(everything.rows, np.arange(150))
    assert everything.counts == tuple((name, 50, 50) for name in scene.dataset.classes)
    mask = np.arange(150) % 11 == 0
    session.selection.add(mask)
    chosen = listed(shown)
    assert chosen.selected
    assert np.array_equal(chosen.rows, np.flatnonzero(mask))
    assert [n for _, n, _ in chosen.counts] == list(np.bincount(scene.dataset.y[mask], minlength=3))
    session.selection.clear()
    session.state.hide(frozenset({0}))
    shown.rest()
    x, y = (float(v) for v in np.median(scene.places, axis=0))
    rows = shown.session.samples.listed.read()[0]
    session.view.look(Viewport.of_ranges((x, x + 9), (y - 9, y + 9), 500, 500), home=False)
    shown.until(lambda: session.samples.listed.read()[0] > rows, "the list of what is in view by now")
    seen = (scene.places[:, 0] >= x) & (np.abs(scene.places[:, 1] - y) <= 9) & (scene.dataset.y != 0)
    assert np.array_equal(listed(shown).rows, np.flatnonzero(seen))


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", ["error", "agreement", "sepal length (cm)", "label", "z2"])
def test_they_are_sorted_by_any_column(shown: Tab, order: str, descending: bool) -> None:
    session = shown.session
    mask = np.arange(150) % 3 == 0
    session.selection.add(mask)
    names = session.columns.names()
    order = next(name for name in names if name.startswith(order.split(" (")[0]))
    session.samples.sort(order, descending=descending)
    shown.until(lambda: listed(shown).order == order, "the order")
    found = listed(shown)
    assert sorted(found.rows) == list(np.flatnonzero(mask))
    values = list(found.values)
    assert values == sorted(values, reverse=descending)
    column = []
    session.columns.values(order, column.append)
    assert values == list(column[0].iloc[found.rows])


def test_equal_values_stay_in_the_order_of_the_data_and_missing_ones_come_last(shown: Tab) -> None:
    session = shown.session
    for descending in (False, True):
        session.samples.sort("split", descending=descending)
        shown.until(lambda now=descending: session.samples.descending is now, "the order")
        found = listed(shown)
        for split in ("train", "test"):
            rows = [row for row, value in zip(found.rows, found.values, strict=True) if split in str(value)]
            assert rows == sorted(rows)


def test_they_are_sorted_by_the_distance_to_the_code_under_the_cursor(shown: Tab) -> None:
    session = shown.session
    session.samples.sort(DISTANCE, descending=False)
    assert "Move over the map first" in session.state.error
    assert session.samples.order != DISTANCE
    at = tuple(float(v) for v in session.state.scene.cloud.mean[7])
    session.state.point_at(at)
    session.samples.sort(DISTANCE, descending=False)
    shown.until(lambda: listed(shown).order == DISTANCE, "the order")
    codes = session.state.scene.cloud.mean
    expected = np.argsort(np.linalg.norm(codes - codes[7], axis=1), kind="stable")
    assert listed(shown).rows[0] == 7
    assert np.array_equal(listed(shown).rows, expected)


def test_a_sample_is_taken_out_of_the_selection_and_comes_back_by_undo(shown: Tab) -> None:
    session = shown.session
    session.selection.add(np.arange(150) < 3)
    session.samples.remove(1)
    assert list(listed(shown).rows) == [0, 2]
    session.samples.remove(149)  # not selected: nothing changes, and nothing is there to undo
    session.undo.undo()
    assert list(listed(shown).rows) == [0, 1, 2]


def test_a_sample_is_reconstructed_and_picked(shown: Tab) -> None:
    session = shown.session
    session.samples.reconstruct(4)
    shown.until(lambda: session.samples.reconstructed.version, "the reconstruction")
    found = session.samples.reconstructed.read()[1]
    assert found.index == 4
    assert np.array_equal(found.original, session.state.scene.dataset.x[4])
    session.samples.reconstruct(150)
    session.samples.pick(-1)
    session.samples.pick(5)
    shown.until(lambda: session.state.picked is not None and session.state.picked.index == 5, "the pick")


def test_a_distance_is_measured_from_no_code_that_another_model_does_not_have(
    shown: Tab, services: Services, iris: Dataset
) -> None:
    session = shown.session
    session.state.point_at((0.1, 0.2))
    session.samples.sort(DISTANCE, descending=False)
    shown.until(lambda: listed(shown).order == DISTANCE, "the order")
    other = services.bases.given(iris, models.create("vae", shape=iris.shape, latent=5, width=0.25))
    session.state.request(other)
    session.tasks.ring()
    shown.until(lambda: session.state.scene.cloud.latent == 5, "the other model")
    assert listed(shown).order == ROW
    assert np.array_equal(listed(shown).rows, np.arange(150))


def test_the_list_follows_each_part_of_a_shape_that_is_drawn(shown: Tab) -> None:
    session, places = shown.session, shown.session.state.scene.places
    x = np.sort(places[:, 0])
    for rank in (30, 90, 20, 120, 60):
        shape = Box(float(x[0]) - 1, -99.0, float(x[rank]), 99.0)
        session.selection.draw(shape, 1)
        assert np.array_equal(listed(shown).rows, np.flatnonzero(shape.mask(places)))
