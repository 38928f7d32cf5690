"""What the tab says of the runs, and what it makes of the browser's messages, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import models
from explorer.core.datasets import load_dataset
from explorer.runtime.run import Job
from explorer.runtime.store.archive import export_run
from explorer.runtime.training import headless
from explorer.services import Services
from explorer.views.history import history as module
from explorer.views.history.history import HistoryView
from tests.session.tab import Tab


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = Services(home=tmp_path / "home")
    yield services
    services.close()


@pytest.fixture
def run(services: Services) -> str:
    iris = load_dataset("iris")
    model = models.create("vae", shape=iris.shape, width=0.25)
    run = headless.begin(services.store, Job(model, iris, epochs=2, name="first light", source="iris"))
    list(run)
    return run.run


@pytest.fixture
def tab(services: Services) -> Iterator[Tab]:
    iris = load_dataset("iris")
    tab = Tab(services, services.bases.given(iris, models.create("ae", shape=iris.shape, width=0.25)))
    yield tab
    tab.close()


def shown(tab: Tab) -> HistoryView:
    view = HistoryView(tab.session)
    view.unfold()
    tab.until(lambda: tab.session.history.listing.version, "a look")
    view.refresh()
    return view


def test_nothing_is_made_before_the_tab_is_opened(tab: Tab, run: str) -> None:
    view = HistoryView(tab.session)
    view.refresh()
    assert len(view.panel) == 0
    view.unfold()
    assert len(view.panel) == 1


def test_losses_name_their_convention(tab: Tab, run: str, services: Services) -> None:
    view = shown(tab)
    [row] = view._tree.tree["rows"]
    last = services.store.last_epochs()[run]
    assert (row["loss"], row["held"]) == (f"{last.terms['loss']:.2f}", f"{last.held_out['loss']:.2f}")
    assert row["convention"] == "Gaussian"
    assert (row["epochs"], row["samples"], row["data"]) == ("2 / 2", "120", "iris, vae 2-D")
    view._on_message({"kind": "choose", "run": run})
    tab.until(lambda: tab.session.history.chosen is not None, "the chosen run")
    view.refresh()
    facts = dict(view._tree.detail["facts"])
    assert facts["Likelihood"] == "Gaussian"
    assert facts["From"] == "scratch"
    assert facts["Data"] == "iris, 120 of 120 training samples"


def test_a_file_comes_in_pieces(tab: Tab, run: str, services: Services, tmp_path: Path) -> None:
    content = export_run(services.store, run, tmp_path / "run.zip").read_bytes()
    view, size = shown(tab), len(content)
    for at in range(0, size, size // 3):
        piece = content[at : at + size // 3]
        view._on_message({"kind": "import", "name": "../run.zip", "size": size, "at": at, "bytes": piece})
    tab.until(lambda: tab.session.history.chosen is not None, "the copy")
    assert [record.name for record in services.store.records()] == ["first light", "first light"]


def test_too_large_a_file_is_refused_before_it_is_sent(
    tab: Tab, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_SENT", 10)
    view = shown(tab)
    view._on_message({"kind": "import", "name": "run.zip", "size": 11, "at": 0, "bytes": b"0123456789a"})
    assert "use: latent-explorer runs import FILE" in tab.session.state.error
    view._on_message({"kind": "nothing of this kind"})
