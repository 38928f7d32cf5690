"""Monitor a training: read as it comes, measured within its share, and only while somebody looks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

import models
from explorer.core.datasets import Dataset
from explorer.core.latent.activity import activity
from explorer.core.latent.cloud import reconstruction_errors
from explorer.runtime.run import Job, Run, RunState
from explorer.services import Services
from explorer.session.training.monitor import SHARE, Figure, Monitor, forgets, trained_on
from explorer.session.training.report import RunReport
from tests.core.diagnostics.made import events_of, rate_points_of
from tests.session.tab import PATIENCE, Tab, held


def train(tab: Tab, on: str = "everything", **plan: object) -> Run:
    """Train to the end, and wait until everybody is at rest."""
    training = tab.session.training
    training.settings.plan.param.update(**{"epochs": 3, "batch_size": 32, **plan})
    training.settings.on = on
    training.start()
    run = training.run
    assert run.join(PATIENCE)
    tab.until(lambda: tab.session.state.scene.model is run.snapshot.read()[1].model, "the trained map")
    tab.rest()
    return run


def test_nothing_is_measured_until_somebody_looks_and_then_all_is_caught_up(tab: Tab) -> None:
    monitor = tab.session.monitor
    run = train(tab)
    report = monitor.of(run)
    assert len(report.rates) == len(report.axes) == 0
    monitor.shown = True
    tab.rest()
    assert report.rates.since(0) == rate_points_of(run.steps.since(0))
    assert report.events.since(0) == events_of(run.steps.since(0))
    (point,) = report.axes.since(0)
    assert point.at == 3.0
    snapshot = run.snapshot.read()[1]
    np.testing.assert_array_equal(report.activity.kl, activity(snapshot.cloud, snapshot.model).kl)


def test_what_is_forgotten_is_told_of_what_was_not_selected(tab: Tab) -> None:
    session = tab.session
    session.monitor.shown = True
    session.selection.add(session.state.scene.dataset.y == 0)
    before, dataset = session.state.scene.model, session.state.scene.dataset
    run = train(tab, "selection", epochs=30, learning_rate=1e-2)
    report, now = session.monitor.of(run), run.snapshot.read()[1].model
    rows = np.zeros(len(dataset), bool)
    rows[run.job.indices] = True
    assert (trained_on(run) == rows).all()
    assert not rows[len(dataset.train) :].any()
    then, after = reconstruction_errors(before, dataset), reconstruction_errors(now, dataset)
    found = report.forgetting
    for group, mask in ((found.selected, rows), (found.unselected, ~rows)):
        assert group.count == mask.sum()
        assert group.before == pytest.approx(then[mask].mean(), rel=1e-5)
        assert group.now == pytest.approx(after[mask].mean(), rel=1e-5)
    assert found.selected.verdict == "better"
    assert report.errors.since(0)[-1].at == 30.0
    assert report.errors.since(0)[-1].forgetting is found


def test_the_errors_before_are_measured_once(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    session = tab.session
    measured = []
    ask = session.services.watching.ask
    session.monitor.shown = True
    session.selection.add(session.state.scene.dataset.y == 0)
    run = train(tab, "selection")
    first = session.monitor.of(run).baseline
    assert first is not None
    monkeypatch.setattr(session.services.watching, "ask", lambda *a: measured.append(a[0]) or ask(*a))
    session.monitor.shown = False
    session.monitor.shown = True
    tab.rest()
    assert session.monitor.of(run).baseline is first
    assert not [owner for owner in measured if isinstance(owner, tuple)], (
        "the same snapshot is not measured again"
    )


def test_a_run_on_everything_has_nothing_to_forget(tab: Tab) -> None:
    tab.session.monitor.shown = True
    run = train(tab)
    assert not forgets(run)
    assert trained_on(run).sum() == len(run.job.dataset.train)
    assert tab.session.monitor.of(run).forgetting is None


def test_it_is_held_against_what_was_on_the_map_and_not_against_a_fresh_start(
    tab: Tab, services: Services, iris: Dataset
) -> None:
    before = tab.session.state.scene.model
    fresh = models.create("vae", shape=iris.shape, width=0.25, seed=77)
    rows = np.arange(30)
    run = services.slot.submit(Job(fresh, iris, indices=rows, epochs=1))
    assert run.join(PATIENCE)
    tab.session.state.run = run
    assert tab.session.monitor.of(run).before is before
    other = models.create("vae", shape=iris.shape, likelihood="bernoulli")
    assert RunReport(run, other).before is fresh, "nats of another kind"
    assert RunReport(run).before is fresh


def test_going_back_and_on_takes_nothing_away(tab: Tab) -> None:
    session = tab.session
    session.monitor.shown = True
    first = train(tab)
    axes = session.monitor.of(first).axes
    second = train(tab)
    assert session.monitor.of(second).axes is not axes
    session.revert()
    tab.rest()
    assert session.model_choice.current is first
    assert session.monitor.of(first).axes is axes


def test_an_end_by_an_error_is_told(tab: Tab) -> None:
    session = tab.session
    session.monitor.shown = True
    plan = session.settings.plan
    plan.param.learning_rate.bounds = (1e-6, None)
    plan.param.update(learning_rate=1e30, epochs=3)
    session.train()
    run = session.state.run
    tab.until(lambda: run.state.over and session.state.error, "the error").rest()
    assert run.state is RunState.FAILED
    (end,) = session.monitor.of(run).events.since(0)
    assert end.kind == "end"
    assert "finite" in end.sentence


def test_a_deterministic_model_has_neither_rates_nor_units(
    services: Services, opened: Callable[..., Tab], iris: Dataset
) -> None:
    tab = opened(services.bases.given(iris, models.create("ae", shape=iris.shape, width=0.25))).rest()
    tab.session.monitor.shown = True
    report = tab.session.monitor.of(train(tab))
    assert len(report.rates) == 0
    assert report.activity.units is None


def test_figures_keep_to_their_share_and_the_last_is_always_measured(tab: Tab) -> None:
    """A clock of the test's own: what took one second may be repeated after (1 - SHARE) / SHARE more."""
    now, done = [0.0], []
    run, session = train(tab), tab.session
    snapshot = run.snapshot.read()[1]
    measuring = Figure(session.tasks, session.services.watching, "test", lambda: now[0])
    states = [RunState.RUNNING]

    class Going:
        token = -1
        state = property(lambda self: states[-1])

    def work() -> int:
        now[0] += 1.0
        return 7

    def ask(version: int, passes: int = 1) -> int:
        shot = type(snapshot)(snapshot.model, snapshot.cloud, snapshot.step, version)
        measuring.measure(Going(), shot, work, lambda shot, value: done.append(shot.version), passes=passes)
        tab.rest()
        return len(done)

    assert ask(1) == 1
    assert ask(1) == 1, "once for each snapshot"
    now[0] += 0.99 * (1 - SHARE) / SHARE
    assert ask(2) == 1, "too early"
    now[0] += 0.02 * (1 - SHARE) / SHARE
    assert ask(3) == 2
    assert ask(4) == 2
    states.append(RunState.DONE)
    assert ask(5, passes=2) == 3
    states.append(RunState.RUNNING)
    now[0] += 0.51 * (1 - SHARE) / SHARE
    assert ask(6) == 4, "the one before was twice the work"
    assert done == [1, 3, 5, 6]


def test_while_one_is_being_measured_only_the_newest_waits(tab: Tab) -> None:
    session = tab.session
    session.monitor.shown = True
    with held(session.services.watching):
        run = train_while_held(tab)
        assert len(session.monitor.of(run).axes) == 0
    tab.rest()
    points = session.monitor.of(run).axes.since(0)
    assert points[-1].at == 3.0
    assert len(points) <= 2


def train_while_held(tab: Tab) -> Run:
    training = tab.session.training
    training.settings.plan.param.update(epochs=3, batch_size=8)
    training.start()
    assert training.run.join(PATIENCE)
    tab.until(lambda: tab.session.state.scene.model is training.run.snapshot.read()[1].model, "the map")
    return training.run


def test_brushes_do_not_wait_for_it(tab: Tab) -> None:
    session = tab.session
    with held(session.services.watching):
        got: list[int] = []
        session.tasks.send(session.services.extras, "brush", partial(int, 3), got.append)
        tab.until(lambda: got == [3], "another worker")


def test_a_closed_session_measures_no_more(tab: Tab) -> None:
    session = tab.session
    run = train(tab)
    with held(session.services.watching):
        session.monitor.shown = True
        session.pull()
        session.close()
    session.monitor.follow(run)
    assert len(session.monitor.of(run).axes) == 0
    assert isinstance(session.monitor, Monitor)
