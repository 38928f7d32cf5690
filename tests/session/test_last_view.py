"""The view that a user last had of a data set comes back, to that user alone, after a restart too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import models
from explorer.core.datasets import Dataset
from explorer.core.scene.viewport import Viewport
from explorer.runtime.base import Choice
from explorer.runtime.run import Job
from explorer.runtime.store.records import RunRecord
from explorer.runtime.training import headless
from explorer.services import Services
from tests.session.tab import Tab


@contextmanager
def started(home: Path) -> Iterator[Services]:
    services = Services(home=home, start=Choice("iris"))
    try:
        yield services
    finally:
        services.close()


def kept(services: Services, data: Dataset, name: str, **model: object) -> RunRecord:
    made = models.create("vae", shape=data.shape, **model)
    job = Job(made, data, epochs=2, batch_size=32, name=name, source="iris")
    run = headless.begin(services.store, job)
    list(run)
    return services.store.find(run.run)


def on_map(tab: Tab) -> tuple[str, int] | None:
    return tab.session.state.shown.kept


def test_choices_selection_and_place_come_back_after_a_restart(tmp_path: Path) -> None:
    with started(tmp_path) as services:
        tab = Tab(services, user="ada").rest()
        session = tab.session
        session.state.choose_projection("pca")
        session.state.colour_by = "split"
        tab.until(lambda: session.state.scene.projection.name == "pca", "the projection").rest()
        mask = np.arange(150) % 7 == 0
        session.selection.add(mask)
        session.state.hide(frozenset({1}))
        session.view.look(Viewport.of_ranges((-0.5, 0.7), (0.0, 1.0), 600, 500), home=False)
        session.last_view.tab = "axes"
        tab.rest().close()
    with started(tmp_path) as services:
        tab = Tab(services, user="ada").rest()
        session = tab.session
        assert session.state.projection == session.state.scene.projection.name == "pca"
        assert session.state.colour_by == session.state.colouring.title == "split"
        assert np.array_equal(session.state.selected, mask)
        assert session.state.hidden == {1}
        assert session.view.jump.read()[1] is None  # the size of the screen is not known yet
        session.view.look(Viewport.of_ranges((-9, 9), (-9, 9), 300, 200), home=True)
        jump = session.view.jump.read()[1].viewport
        assert (jump.width, jump.height, session.view.at_home) == (300, 200, False)
        assert ((jump.x0 + jump.x1) / 2, (jump.y0 + jump.y1) / 2) == pytest.approx((0.1, 0.5))
        assert (jump.x1 - jump.x0) / jump.width == pytest.approx(1.2 / 600)
        assert session.last_view.tab == "axes"
        other = Tab(services, user="bob").rest()
        assert other.session.state.selected is None
        assert other.session.state.colour_by == "label"
        nobody = Tab(services).rest()
        assert nobody.session.state.selected is None
        for one in (tab, other, nobody):
            one.close()


def test_the_first_map_is_laid_out_as_the_last_one_was(tmp_path: Path) -> None:
    with started(tmp_path) as services:
        tab = Tab(services, user="ada").rest()
        tab.session.state.choose_projection("pca")
        tab.rest().close()
        again = Tab(services, user="ada")
        again.until(lambda: again.session.state.scene is not None, "a scene")
        assert again.session.state.scene.projection.name == "pca"
        again.close()


def test_the_last_run_comes_back_unless_a_newer_one_was_finished(tmp_path: Path, iris: Dataset) -> None:
    with started(tmp_path) as services:
        first = kept(services, iris, "first", latent=3)
        newest = kept(services, iris, "newest")
        tab = Tab(services, user="ada").rest()
        assert on_map(tab) == (newest.id, 2)
        tab.session.history.open_run.open(first.id, 1)
        tab.until(lambda: on_map(tab) == (first.id, 1), "the other run").rest().close()
    with started(tmp_path) as services:
        tab = Tab(services, user="ada").rest()
        assert on_map(tab) == (first.id, 1)
        assert tab.session.state.scene.model.latent == 3
        other = Tab(services, user="bob").rest()
        assert on_map(other) == (newest.id, 2)
        tab.close()
        other.close()
        after = kept(services, iris, "after")
        again = Tab(services, user="ada").rest()
        assert on_map(again) == (after.id, 2)
        again.close()


def test_a_model_that_was_asked_for_is_not_replaced_by_the_last_run(tmp_path: Path, iris: Dataset) -> None:
    with started(tmp_path) as services:
        first = kept(services, iris, "first", latent=3)
        tab = Tab(services, user="ada").rest()
        tab.session.history.open_run.open(first.id)
        tab.until(lambda: on_map(tab) == (first.id, 2), "the run").rest().close()
    services = Services(home=tmp_path, start=Choice("iris", latent=4))
    try:
        tab = Tab(services, user="ada").rest()
        assert tab.session.state.scene.model.latent == 4
        tab.close()
    finally:
        services.close()


def test_views_of_other_data_with_the_same_name_are_not_brought_back(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    rows = [f"{i},{i * i % 7},{'ab'[i % 2]}" for i in range(40)]
    table.write_text("\n".join(["x,y,label", *rows]))
    for more in ("", "\n3,4,a"):
        table.write_text(table.read_text() + more)
        services = Services(home=tmp_path / "home", start=Choice(str(table)))
        try:
            tab = Tab(services, user="ada").rest()
            assert tab.session.state.selected is None
            tab.session.selection.random(5)
            tab.rest().close()
        finally:
            services.close()
