"""A range of the colour scale is a selection, and is counted before it is made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from explorer.core.rendering.distribution import CELLS
from tests.session.tab import Tab


def test_the_cells_of_a_range_select_as_many_as_they_count(tab: Tab) -> None:
    session = tab.session
    assert session.colour_range.distribution is None  # classes have no scale
    session.state.colour_by = "kl"
    tab.rest()
    counts = session.colour_range.distribution.counts
    assert counts.sum() == 150
    for start, stop in ((0, CELLS), (100, 180), (0, 20), (200, CELLS)):
        session.selection.clear()
        session.colour_range.select_cells(start, stop)
        assert session.state.selection.count == counts[start:stop].sum()
    session.selection.how = "remove"
    session.selection.invert()
    before = session.state.selected.copy()
    session.colour_range.select_cells(CELLS, 100)  # drawn from right to left
    assert (session.state.selected <= before).all()


def test_a_range_is_selected_on_what_it_was_drawn_on(tab: Tab) -> None:
    session = tab.session
    session.state.colour_by = "z1"
    tab.rest()
    drawn_on, number = session.colour_range.distribution, session.colour_range.number
    colouring = session.state.colouring
    session.state.colour(replace(colouring, values=colouring.values[::-1].copy()))  # an epoch later
    tab.rest()
    assert session.colour_range.number == number + 1
    session.colour_range.select_cells(64, CELLS, number)
    np.testing.assert_array_equal(session.state.selected, drawn_on.mask(colouring.values, 64, CELLS))
    session.colour_range.select_cells(64, CELLS, 999)
    np.testing.assert_array_equal(session.state.selected, drawn_on.mask(colouring.values, 64, CELLS)[::-1])


def test_numbers_select_the_samples_between_them(tab: Tab) -> None:
    session = tab.session
    session.state.colour_by = "petal length (cm)"
    tab.rest()
    session.colour_range.select_between(5.0, 4.5)
    lengths = session.state.scene.dataset.table["petal length (cm)"]
    np.testing.assert_array_equal(session.state.selected, lengths.between(np.float32(4.5), 5.0))


def test_another_colouring_has_another_distribution(tab: Tab) -> None:
    session = tab.session
    session.state.colour_by = "z1"
    tab.rest()
    first = session.colour_range.distribution
    session.state.theme = "dark"
    tab.rest()
    assert session.colour_range.distribution is first
    session.state.colour_by = "z2"
    tab.rest()
    assert session.colour_range.distribution is not first
    session.state.colour_by = "label"
    tab.rest()
    assert session.colour_range.distribution is None
    session.colour_range.select_cells(0, CELLS)
    session.colour_range.select_between(0, 1)
    assert session.state.selected is None
