from __future__ import annotations

import pytest

import models
from explorer.core.datasets import load_dataset
from explorer.runtime.run import Job, Run, RunState
from models import Step


def run_at(now: list[float]) -> Run:
    iris = load_dataset("iris")
    return Run(Job(models.create("ae", shape=iris.shape), iris), clock=lambda: now[0])


def step(seen: int, seconds: float, of: int = 1_000) -> Step:
    return Step(1 + seen // 100, 10, seen, of, {"loss": 1.0}, None, seen % 100 == 0, seconds)


def test_before_the_first_step_there_is_no_progress() -> None:
    assert run_at([0.0]).progress is None


def test_speed_is_that_of_the_recent_seconds_and_the_time_left_that_of_more() -> None:
    now = [0.0]
    run = run_at(now)
    for seen, seconds in ((100, 10.0), (200, 20.0), (250, 21.0), (300, 22.0), (400, 27.0)):
        now[0] = seconds
        run.report(step(seen, seconds))
    progress = run.progress
    assert progress is not None
    assert (progress.epoch, progress.epochs, progress.fraction) == (5, 10, 0.4)
    # Five seconds back lies the step at 22 s: 100 samples since. Thirty back is the start: 400 in 27 s.
    assert progress.samples_per_second == pytest.approx(100 / 5)
    assert progress.seconds_left == pytest.approx(600 / (400 / 27))


def test_the_time_left_runs_on_between_two_steps_and_not_below_nothing() -> None:
    now = [10.0]
    run = run_at(now)
    run.report(step(900, 9.0))
    for now[0], left in ((10.0, 1.0), (10.75, 0.25), (99.0, 0.0)):
        progress = run.progress
        assert progress is not None
        assert progress.seconds_left == pytest.approx(left)


def test_a_run_that_is_over_has_no_time_left_but_its_speed() -> None:
    run = run_at([1.0])
    run.report(step(500, 1.0))
    run.enter(RunState.STOPPED, None)
    progress = run.progress
    assert progress is not None
    assert progress.seconds_left is None
    assert progress.samples_per_second == 500
    assert progress.fraction == 0.5


def test_a_step_in_no_time_divides_by_nothing() -> None:
    run = run_at([0.0])
    run.report(step(10, 0.0))
    progress = run.progress
    assert progress is not None
    assert (progress.samples_per_second, progress.seconds_left) == (0.0, None)


def test_a_notify_that_fails_is_logged_and_the_run_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    iris = load_dataset("iris")

    def notify() -> None:
        raise RuntimeError("the page is gone")

    run = Run(Job(models.create("ae", shape=iris.shape), iris), notify)
    run.report(step(10, 1.0))
    assert len(run.steps) == 1
    assert "the page is gone" in caplog.text


def test_states_that_are_over() -> None:
    assert [state.name for state in RunState if state.over] == ["DONE", "STOPPED", "FAILED"]
