"""Presses on the legend act on the classes that its rows stood for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import models
from explorer.core.datasets import load_dataset
from explorer.core.rendering.colouring import Colouring
from explorer.runtime import base_models
from explorer.services import Services
from explorer.views.map.map_controls import MapControls
from tests.session.tab import Tab


@pytest.fixture
def tab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tab]:
    monkeypatch.setattr(base_models, "SMALL", 0)
    iris = load_dataset("iris")
    services = Services(home=tmp_path)
    tab = Tab(services, services.bases.given(iris, models.create("vae", shape=iris.shape, width=0.25)))
    yield tab.rest()
    tab.close()
    services.close()


def test_a_row_of_classes_that_have_left_the_map_does_nothing(tab: Tab) -> None:
    state, controls = tab.session.state, MapControls(tab.session)
    controls.refresh()
    legend = controls._legend
    assert (legend.title, len(legend.entries)) == (state.colouring.title, 3)
    stale = {"kind": "emphasise", "index": 2, "title": legend.title}
    legend._handle_msg(stale)
    assert state.emphasised == 2
    labels = state.colouring
    state.colour(Colouring("split", labels.labels % 2, ("training", "held out")))
    assert state.emphasised is None
    for kind in ("emphasise", "toggle", "isolate", "select"):
        legend._handle_msg(stale | {"kind": kind})
    assert (state.emphasised, state.hidden, state.selection.count) == (None, frozenset(), 0)
    controls.refresh()
    legend._handle_msg({"kind": "toggle", "index": 1, "title": "split"})
    assert state.hidden == {1}


def test_other_classes_of_the_same_column_are_all_shown(tab: Tab) -> None:
    state, controls = tab.session.state, MapControls(tab.session)
    controls.refresh()
    former = state.colouring
    for kind, index in (("toggle", 2), ("emphasise", 1)):
        controls._legend._handle_msg({"kind": kind, "index": index, "title": former.title})
    assert (state.hidden, state.emphasised) == ({2}, 1)
    state.colour(Colouring(former.title, former.labels % 2, ("a", "b")))
    assert (state.hidden, state.emphasised) == (frozenset(), None)
    controls._legend._handle_msg({"kind": "emphasise", "index": 2, "title": former.title})
    assert state.emphasised is None
