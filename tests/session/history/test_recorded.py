"""A stored run on the charts: the steps that the store has, and what was forgotten since it began."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import models
from explorer.core.datasets import Dataset
from explorer.core.diagnostics.forgetting import baseline
from explorer.runtime.run import Job, RunState
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.records import RunRecord
from explorer.runtime.training import headless
from explorer.services import Services
from explorer.session.training.monitor import trained_on
from tests.session.tab import Tab


@pytest.fixture
def services(tmp_path: Path) -> Services:
    services = Services(home=tmp_path / "home")
    yield services
    services.close()


def kept(services: Services, data: Dataset, *, model: str = "vae", **more: object) -> RunRecord:
    made = models.create(model, shape=data.shape, width=0.25)
    job = Job(made, data, **{"epochs": 4, "batch_size": 32, "name": "first light", "source": "iris", **more})
    run = headless.begin(services.store, job)
    list(run)
    return services.store.find(run.run)


def test_the_curves_of_a_stored_run_are_those_that_were_recorded(
    services: Services, opened: Callable[..., Tab], iris: Dataset
) -> None:
    record = kept(services, iris)
    tab = opened().rest()
    assert tab.session.reported is None
    tab.session.history.open_run.open(record.id, 3)
    tab.until(lambda: tab.session.shown_run.recorded is not None, "its steps")
    run = tab.session.reported
    table = KeptRun(services.store, record).steps()
    steps = run.steps.since(0)
    assert [step.epoch for step in steps] == [1, 2, 3, 4]
    assert [step.terms["loss"] for step in steps] == list(table["loss"])
    assert [step.held_out["loss"] for step in steps] == list(table["held_out_loss"])
    assert run.state is RunState.DONE
    assert run.join(0)
    tab.session.monitor.shown = True
    tab.until(lambda: len(tab.session.monitor.of(run).rates) == 4, "a point for each epoch")
    tab.until(lambda: tab.session.monitor.of(run).activity is not None, "what its axes say")


def test_a_training_that_begins_takes_the_place_of_the_stored_run(
    services: Services, opened: Callable[..., Tab], iris: Dataset
) -> None:
    record = kept(services, iris)
    tab = opened().rest()
    tab.session.history.open_run.open(record.id)
    tab.until(lambda: tab.session.reported is not None, "its steps").rest()
    stored = tab.session.reported
    tab.session.settings.plan.param.update(epochs=1, batch_size=64)
    tab.session.train()
    tab.until(lambda: tab.session.training.run.join(0), "the training").rest()
    assert tab.session.reported is tab.session.training.run is not stored
    assert tab.session.shown_run.recorded is None


def test_what_a_stored_run_on_a_selection_has_forgotten_is_measured_from_its_start(
    services: Services, opened: Callable[..., Tab], iris: Dataset
) -> None:
    record = kept(services, iris, indices=np.arange(40), epochs=2)
    tab = opened().rest()
    tab.session.history.open_run.open(record.id)
    tab.until(lambda: tab.session.shown_run.recorded is not None, "its steps")
    run = tab.session.reported
    tab.session.monitor.shown = True
    report = tab.session.monitor.of(run)
    tab.until(lambda: report.forgetting is not None, "the errors then and now")
    assert np.array_equal(run.job.indices, np.arange(40))
    started = baseline(KeptRun(services.store, record).model(0), iris, trained_on(run))
    change = report.forgetting.unselected
    assert change.before == pytest.approx(started.errors[~started.selected].mean(), rel=1e-4)
    assert change.now != pytest.approx(change.before, rel=1e-4)


def test_another_run_of_the_same_data_is_offered_beside(
    services: Services, opened: Callable[..., Tab], iris: Dataset
) -> None:
    record, other = kept(services, iris), kept(services, iris, name="second", epochs=2)
    tab = opened().rest()
    tab.session.history.open_run.open(record.id)
    tab.until(lambda: tab.session.shown_run.recorded is not None, "its steps")
    run, beside = tab.session.reported, tab.session.run_beside
    tab.until(lambda: beside.offered(run) == [(other.id, "second")], "the other one")
    beside.choose(other.id)
    tab.until(lambda: beside.chosen is not None, "its steps")
    assert (beside.chosen.name, len(beside.chosen.steps)) == ("second", 2)
    assert beside.chosen.convention == run.job.model.convention
    beside.choose("")
    assert beside.chosen is None
