"""Training in a real browser: the map moves, the figures stream, Stop stops, hovering goes on."""

from __future__ import annotations

from explorer.runtime.training import RunState
from tests.browser.tab import App, Tab, until


def _epochs(tab: Tab, epochs: int) -> None:
    tab.page.get_by_text("Epochs, batch size").click()
    box = tab.page.locator(".lx-epochs input")
    box.fill(str(epochs))
    box.press("Enter")


def test_training_moves_the_map_and_stop_stops_it(tab: Tab, app: App) -> None:
    session = app.session()
    before = session.scene.xy
    _epochs(tab, 2000)
    until(lambda: session.training.plan.epochs == 2000, "the plan")
    maps = tab.maps
    tab.page.locator(".lx-train").click()
    until(lambda: session.training.run and session.training.run.state is RunState.RUNNING, "the run")
    until(lambda: tab.maps > maps + 1 and session.scene.xy is not before, "the map to move")
    until(lambda: "epoch" in tab.text("lx-progress") and "samples/s" in tab.text("lx-progress"), "progress")
    until(lambda: len(session.training.run.steps) > 3, "steps")
    frames = tab.frames
    tab.page.mouse.move(*tab.at(0.4, 0.5))
    tab.page.mouse.move(*tab.at(0.5, 0.5))
    until(lambda: tab.frames > frames, "frames while it trains")
    tab.page.locator(".lx-stop").click()
    until(lambda: session.training.run.state is RunState.STOPPED, "the end of the run", seconds=10)
    until(lambda: tab.text("lx-progress").startswith("Stopped"), "the page to say so")
    assert session.training.run.snapshot.version > 0, "what had been learned is kept"
    assert tab.page.locator(".lx-metrics canvas").first.is_visible()
    tab.page.locator(".lx-revert").click()
    until(lambda: (session.scene.xy == before).all(), "the model before the training")


def test_training_on_a_selection_takes_only_its_training_samples(tab: Tab, app: App) -> None:
    session = app.session()
    _epochs(tab, 2)
    until(lambda: session.training.plan.epochs == 2, "the plan")
    tab.page.locator(".lx-train-on").get_by_text("selection").click()
    until(lambda: session.training.on == "selection", "the choice")
    tab.page.locator(".lx-train").click()
    tab.page.locator(".lx-error").wait_for()
    assert "training sample" in tab.text("lx-error")
    tab.press_select(4)
    until(lambda: session.selecting.current.count > 0, "the selection")
    tab.page.locator(".lx-train").click()
    until(
        lambda: session.training.run and session.training.run.state is RunState.DONE,
        "the run's end",
    )
    labels = session.scene.dataset.train.y[session.training.run.job.indices]
    assert set(labels.tolist()) == {4}
    assert len(labels) == int((session.scene.dataset.train.y == 4).sum())


def test_diverging_training_says_so_and_keeps_the_map(tab: Tab, app: App) -> None:
    session = app.session()
    before = session.scene.xy
    session.training.plan.param.learning_rate.bounds = None
    session.training.plan.learning_rate = 1e12
    tab.page.locator(".lx-train").click()
    tab.page.locator(".lx-error").wait_for(timeout=60_000)
    assert session.training.run.state is RunState.FAILED
    assert session.scene.xy.shape == before.shape
