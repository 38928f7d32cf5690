"""Every way to select gives exactly the samples that it names."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.core.errors import BadSelection
from explorer.core.selection.brush import Box, Lasso
from explorer.runtime.base import Base
from explorer.services import Services
from explorer.session import Session
from tests.session.tab import Tab


def star(xy: np.ndarray) -> np.ndarray:
    """A star whose line crosses itself, over the middle of the points."""
    middle, radius = np.median(xy, axis=0), 1.5 * xy.std(axis=0)
    angles = np.arange(5) * 2 * 2 * np.pi / 5
    return (middle + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)).astype(float)


def inside(xy: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Even-odd by its definition: for each point, the edges that a ray to the right crosses."""
    found = []
    for x, y in xy.astype(float):
        crossings = 0
        for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            if min(y0, y1) <= y < max(y0, y1) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
                crossings += 1
        found.append(crossings % 2 == 1)
    return np.array(found)


def test_a_lasso_selects_exactly_what_lies_inside(tab: Tab) -> None:
    session, xy = tab.session, tab.session.state.scene.xy
    corners = star(xy)
    wanted = inside(xy, corners)
    assert 10 < wanted.sum() < 140
    before = session.view.image.read()[1]
    session.selection.brush(Lasso(corners))
    tab.rest()
    np.testing.assert_array_equal(session.state.selected, wanted)
    assert session.view.image.read()[1].pixels != before.pixels  # the rest is dimmed
    assert session.view.image.read()[1].points == 150  # and stays


def test_a_brush_does_not_reach_hidden_classes(tab: Tab) -> None:
    session, xy = tab.session, tab.session.state.scene.xy
    session.state.hidden = frozenset({0, 2})
    session.selection.brush(Lasso(star(xy)))
    tab.rest()
    wanted = inside(xy, star(xy)) & (session.state.scene.cloud.labels == 1)
    assert wanted.any()
    np.testing.assert_array_equal(session.state.selected, wanted)


def test_strokes_join_in_the_way_that_was_chosen_and_none_is_lost(tab: Tab) -> None:
    session, xy = tab.session, tab.session.state.scene.xy
    (x0, y0), (x1, y1) = xy.min(axis=0).tolist(), xy.max(axis=0).tolist()
    x, y = np.median(xy, axis=0).tolist()
    session.selection.how = "add"
    session.selection.brush(Box(x0, y0, x, y))  # two in a row: the second must not replace the first
    session.selection.brush(Box(x, y, x1, y1))
    tab.rest()
    lower, upper = (xy <= [x, y]).all(axis=1), (xy >= [x, y]).all(axis=1)
    np.testing.assert_array_equal(session.state.selected, lower | upper)
    session.selection.how = "remove"
    session.selection.brush(Box(x0, y0, x, y))
    tab.rest()
    np.testing.assert_array_equal(session.state.selected, upper & ~lower)


def test_an_expression_is_over_the_columns_in_their_own_units(tab: Tab) -> None:
    session = tab.session
    session.selection.where("`petal length (cm)` > 4.5 and label == 'virginica'")
    table = session.state.scene.dataset.table
    wanted = (table["petal length (cm)"] > 4.5).to_numpy() & (session.state.scene.dataset.y == 2)
    assert 10 < wanted.sum() < 50
    np.testing.assert_array_equal(session.state.selected, wanted)
    session.selection.how = "intersect"
    session.selection.where("split == 'test'")
    np.testing.assert_array_equal(
        session.state.selected, wanted & (np.arange(150) >= len(session.state.scene.dataset.train))
    )


@pytest.mark.parametrize("text", ["", "weight > 3", "1 +", "__import__('os').getcwd()", "z1"])
def test_a_bad_expression_is_said_and_the_selection_stays(tab: Tab, text: str) -> None:
    session = tab.session
    session.selection.random(7, seed=1)
    before = session.state.selection
    session.selection.where(text)
    said = session.selection.expression
    assert said.message
    assert said.answer.refused
    assert "\n" not in said.message
    assert session.state.error == ""  # the page's banner is for what has no place of its own
    assert session.state.selection is before
    session.selection.where("z1 > 0")
    assert said.message == ""
    assert not said.answer.refused


def test_chance_takes_as_many_as_were_asked_for(tab: Tab) -> None:
    selecting = tab.session.selection
    selecting.random(30, seed=4)
    first = tab.session.state.selected
    assert first.sum() == 30
    selecting.random(30, seed=4)
    np.testing.assert_array_equal(tab.session.state.selected, first)
    selecting.random(30, seed=5)
    assert (tab.session.state.selected != first).any()
    for n in (0, 151):
        selecting.random(n)
        assert "from 1 to 150" in tab.session.state.error
        assert tab.session.state.selection.count == 30


def test_invert_clear_and_undo(tab: Tab) -> None:
    selecting = tab.session.selection
    selecting.invert()
    assert tab.session.state.selected.all()
    selecting.random(30)
    chosen = tab.session.state.selected
    selecting.invert()
    np.testing.assert_array_equal(tab.session.state.selected, ~chosen)
    selecting.clear()
    assert tab.session.state.selected is None
    counts = []
    for _ in range(5):
        tab.session.undo.undo()
        counts.append(tab.session.state.selection.count)
    assert counts == [120, 30, 150, 0, 0]


def test_a_selection_is_a_table_of_its_rows(tab: Tab) -> None:
    session = tab.session
    session.selection.where("label == 'setosa'")
    frame = session.selection.table(session.state.selected)
    np.testing.assert_array_equal(frame.index, np.flatnonzero(session.state.scene.dataset.y == 0))
    np.testing.assert_array_equal(frame[["z1", "z2"]], session.state.scene.cloud.mean[frame.index])
    assert len(session.selection.table()) == 150


def test_before_there_is_a_map_nothing_can_be_selected(services: Services, base: Base) -> None:
    session = Session(services, base)
    session.selection.brush(Box(0.0, 0.0, 1.0, 1.0))
    session.selection.random(3)
    session.selection.where("z1 > 0")
    session.selection.invert()
    session.undo.undo()
    assert session.state.selected is None
    with pytest.raises(BadSelection, match="wait"):
        session.selection.table()
    session.decoder.pick((0.0, 0.0))
    session.close()


def test_a_shape_selects_while_it_is_drawn_and_is_one_step_to_undo(tab: Tab) -> None:
    session, places = tab.session, tab.session.state.scene.places
    x, y = (np.sort(places[:, axis]) for axis in (0, 1))
    low, top = (float(x[0]) - 1, float(y[0]) - 1), float(y[-1]) + 1
    session.selection.random(7)
    before = session.state.selection
    for rank in (30, 60, 90):
        shape = Box(*low, float(x[rank]), top)
        session.selection.draw(shape, 1)
        tab.until(lambda shape=shape: np.array_equal(session.state.selected, shape.mask(places)), "the part")
    session.selection.brush(Box(*low, float(x[120]), top))
    tab.until(lambda: session.state.selection.count > 100, "the whole")
    session.undo.undo()
    assert session.state.selected is before.mask


def test_a_shape_that_is_given_up_leaves_what_was_selected_and_its_end_selects_nothing(tab: Tab) -> None:
    session, shape = tab.session, Box(-99.0, -99.0, 99.0, 99.0)
    session.selection.random(7)
    before = session.state.selection
    session.selection.draw(shape, 1)
    tab.until(lambda: session.state.selection.count > 7, "the part")
    session.selection.cancel_stroke()
    assert session.state.selection is before
    session.selection.draw(shape, 1)
    session.selection.brush(shape)
    tab.rest()
    assert session.state.selection is before
    session.selection.brush(shape)
    tab.until(lambda: session.state.selection.count > 7, "the next shape")


def test_the_selected_samples_of_each_class_are_counted(tab: Tab) -> None:
    session = tab.session
    mask = np.arange(150) % 7 == 0
    session.selection.add(mask)
    tab.rest()
    assert session.class_counts.selected == tuple(np.bincount(session.state.scene.dataset.y[mask]))
    session.selection.clear()
    assert session.class_counts.selected == ()
