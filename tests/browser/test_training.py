"""Training in a real browser: the map moves, the figures stream, Stop stops, hovering goes on."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext

from explorer.runtime.training.slot import Run, RunState
from explorer.session import Session
from tests.browser.tab import App, Tab, until
from tests.endless import endless

# What a test needs to cut a page off its server: the page's connections.
SOCKETS = """
  window.sockets = []
  window.WebSocket = class extends window.WebSocket {
    constructor(...given) {
      super(...given)
      window.sockets.push(this)
    }
  }
"""


def _epochs(tab: Tab, epochs: int) -> None:
    tab.unfold("Epochs, batch size")
    box = tab.page.locator(".lx-epochs input")
    box.fill(str(epochs))
    box.press("Enter")


def _heights(tab: Tab) -> list[float]:
    heights = []
    for handle in ("lx-stop", "lx-progress"):
        boxes: list[dict[str, float]] = []
        # A text that changes has no box for a moment.
        until(lambda at=handle, found=boxes: _box(tab, at, found), f"a place of {handle}")
        heights.append(boxes[0]["y"])
    return heights


def _box(tab: Tab, handle: str, found: list[dict[str, float]]) -> bool:
    box = tab.page.locator(f".{handle}").bounding_box()
    found.extend([] if box is None else [box])
    return box is not None


def test_training_moves_the_map_and_stop_stops_it(tab: Tab, app: App) -> None:
    session = app.session()
    before = session.state.scene.xy
    box = tab.page.locator(".lx-train").bounding_box()
    assert box["y"] + box["height"] <= tab.page.viewport_size["height"], "in sight without scrolling"
    endless(session)
    maps, idle = tab.maps, _heights(tab)
    tab.page.locator(".lx-train").click()
    until(lambda: session.state.run and session.state.run.state is RunState.RUNNING, "the run")
    until(lambda: tab.maps > maps + 1 and session.state.scene.xy is not before, "the map to move")
    until(lambda: "epoch" in tab.text("lx-progress") and "samples/s" in tab.text("lx-progress"), "progress")
    until(lambda: len(session.state.run.steps) > 3, "steps")
    assert _heights(tab) == idle, "nothing has moved under the hand"
    frames = tab.frames
    tab.page.mouse.move(*tab.at(0.4, 0.5))
    tab.page.mouse.move(*tab.at(0.5, 0.5))
    until(lambda: tab.frames > frames, "frames while it trains")
    tab.page.locator(".lx-stop").click()
    until(lambda: session.state.run.state is RunState.STOPPED, "the end of the run", seconds=10)
    until(lambda: tab.text("lx-progress").startswith("Stopped"), "the page to say so")
    assert session.state.run.snapshot.version > 0, "what had been learned is kept"
    assert tab.page.locator(".lx-metrics canvas").first.is_visible()
    tab.page.locator(".lx-revert").click()
    until(lambda: (session.state.scene.xy == before).all(), "the model before the training")


def test_the_help_of_train_is_as_wide_as_its_words(tab: Tab) -> None:
    tab.page.locator(".lx-train").hover()
    box = tab.page.get_by_role("tooltip").bounding_box()
    assert box["width"] > 2 * box["height"]
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 300, "within the sidebar"


def test_a_help_that_lies_over_stop_leaves_it_its_press(tab: Tab, app: App) -> None:
    session, page = app.session(), tab.page
    endless(session)
    page.locator(".lx-train").click()
    page.locator(".lx-map").hover()
    until(lambda: "samples/s" in tab.text("lx-progress") and "waits" in tab.text("lx-train-what"), "the run")
    page.locator(".lx-train").hover()
    help_of_train = page.locator(".MuiTooltip-popper")
    help_of_train.wait_for()
    over, stop = help_of_train.bounding_box(), page.locator(".lx-stop").bounding_box()
    x = (stop["x"] + min(over["x"] + over["width"], stop["x"] + stop["width"])) / 2
    assert over["x"] < stop["x"] < x, "it lies over a part of Stop"
    page.mouse.move(x, stop["y"] + stop["height"] / 2, steps=10)
    page.mouse.down()
    page.mouse.up()
    until(lambda: session.state.run.state is RunState.STOPPED, "the end of the run", seconds=10)


def test_training_on_a_selection_takes_only_its_training_samples(tab: Tab, app: App) -> None:
    session = app.session()
    _epochs(tab, 2)
    until(lambda: session.settings.plan.epochs == 2, "the plan")
    tab.page.locator(".lx-train-on").get_by_text("selection").click()
    until(lambda: session.settings.on == "selection", "the choice")
    tab.page.locator(".lx-train").click()
    tab.page.locator(".lx-error").wait_for()
    assert "training sample" in tab.text("lx-error")
    tab.press_select(4)
    until(lambda: session.state.selection.count > 0, "the selection")
    tab.page.locator(".lx-train").click()
    until(
        lambda: session.state.run and session.state.run.state is RunState.DONE,
        "the run's end",
    )
    labels = session.state.scene.dataset.train.y[session.state.run.job.indices]
    assert set(labels.tolist()) == {4}
    assert len(labels) == int((session.state.scene.dataset.train.y == 4).sum())


def test_diverging_training_says_so_and_keeps_the_map(tab: Tab, app: App) -> None:
    session = app.session()
    before = session.state.scene.xy
    session.settings.plan.param.learning_rate.bounds = None
    session.settings.plan.learning_rate = 1e12
    tab.page.locator(".lx-train").click()
    tab.page.locator(".lx-error").wait_for(timeout=60_000)
    assert session.state.run.state is RunState.FAILED
    assert session.state.scene.xy.shape == before.shape


def _long(tab: Tab, session: Session) -> Run:
    """Begin a training that ends when it is told to."""
    endless(session)
    tab.page.locator(".lx-train").click()
    until(lambda: session.state.run and len(session.state.run.steps) > 3, "the run")
    return session.state.run


def test_fine_tuning_on_selected_digits_says_what_it_does_and_the_rest_counts(tab: Tab, app: App) -> None:
    session = app.session()
    training = session.training
    until(lambda: "on all 1,438 samples" in tab.text("lx-train-what"), "the sentence")
    _epochs(tab, 2)
    tab.page.locator(".lx-train-on").get_by_text("selection").click()
    until(lambda: tab.text("lx-train-what").startswith("Select training samples"), "what is missing")
    tab.press_select(4)
    rest = tab.page.locator(".lx-train-rest input[type=range]")
    rest.focus()
    for _ in range(4):
        tab.page.keyboard.press("ArrowRight")
    until(lambda: round(training.settings.rest, 2) == 0.2, "a fifth")
    chosen = int((session.state.scene.dataset.train.y == 4).sum())
    said = f"on {chosen} selected samples, the rest counting 0.2."
    wanted = f"Fine-tunes the model on the map with its optimizer's state {said}"
    until(lambda: tab.text("lx-train-what") == wanted, "the sentence")
    assert tab.page.locator(".lx-train").get_by_text("Fine-tune", exact=True).is_visible()
    tab.page.locator(".lx-train").click()
    until(lambda: training.run and training.run.state is RunState.DONE, "the end")
    job = training.run.job
    assert set(session.state.scene.dataset.train.y[job.indices].tolist()) == {4}
    assert (job.rest, job.start is not None, job.start.epoch) == (0.2, True, 0)
    record = app.services.store.find(training.run.kept)
    assert record.trained_on == f"{chosen} selected samples, the rest counting 0.2"
    first = training.run
    tab.page.locator(".lx-train-way").get_by_text("From scratch").click()
    until(lambda: "fresh weights (seed 1)" in tab.text("lx-train-what"), "the other way")
    tab.page.locator(".lx-train").get_by_text("From scratch", exact=True).wait_for()
    tab.page.locator(".lx-train").click()
    until(lambda: training.run is not first and training.run.snapshot.version, "the other training")
    until(lambda: session.state.scene.model.config["seed"] == 1, "a model with fresh weights on the map")


def test_who_waits_sees_the_queue_and_moves_and_cancels_their_own(context: BrowserContext, app: App) -> None:
    first = Tab(context.new_page()).open(app.url)
    one = app.session()
    running = _long(first, one)
    second = Tab(context.new_page()).open(app.url)
    training = app.session().training
    second.page.locator(".lx-train").click()
    until(lambda: training.run is not None, "the first that waits")
    second.page.locator(".lx-train").get_by_text("Queue", exact=True).wait_for()
    second.page.locator(".lx-train").click()
    until(lambda: len(training.queued) == 1, "the second that waits")
    rows = second.page.locator(".lx-queue li")
    until(lambda: rows.count() == 3, "the queue")
    assert [text.split("\n")[:2] for text in rows.all_inner_texts()] == [
        ["trains", "digits, everything (another session's)"],
        ["place 1", "digits, everything (yours)"],
        ["place 2", "digits, everything (yours)"],
    ]
    assert rows.nth(0).locator("button").count() == 0, "nobody else's can be touched"
    waiting, behind = training.run, training.queued[0]
    second.page.locator(".lx-queue-up").nth(1).press("Enter")
    until(lambda: (waiting.position, behind.position) == (2, 1), "them to change places")
    until(lambda: "place 2 in the queue" in second.text("lx-progress"), "the page to say so")
    second.page.locator(".lx-queue-cancel").nth(1).click()
    until(lambda: waiting.state is RunState.STOPPED, "it to be taken out")
    until(lambda: rows.count() == 2, "the queue without it")
    first.page.locator(".lx-stop").click()
    until(lambda: running.state.over and behind.state is not RunState.QUEUED, "the next to have its turn")
    until(lambda: rows.count() == 0, "an empty queue")
    behind.stop()
    assert first.problems == second.problems == []


def test_a_page_that_is_loaded_anew_finds_its_training(
    context: BrowserContext, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.services.tabs, "_grace", 90.0)
    context.add_init_script(SOCKETS)
    tab = Tab(context.new_page()).open(app.url)
    session = app.session()
    run = _long(tab, session)
    tab.page.reload()
    tab.wait_for_map()
    until(lambda: _follows(app, run, session), "the run in the next session")
    until(lambda: tab.text("lx-progress").startswith("epoch"), "its progress on the page")
    session = app.session()
    maps = tab.maps
    until(lambda: tab.maps > maps, "the map to move")

    tab.page.evaluate("() => window.sockets.forEach((socket) => socket.close())")
    until(lambda: _follows(app, run, session), "the run in the session of the new connection")
    until(lambda: tab.text("lx-progress").startswith("epoch"), "its progress on the page")
    assert not run.stopping
    other = Tab(context.new_page()).open(app.url)
    assert _session_of(app, other).training.run is None, "another tab is another's"
    tab.page.locator(".lx-stop").click()
    until(lambda: run.state is RunState.STOPPED, "the end")
    assert other.problems == []


def _follows(app: App, run: Run, before: Session) -> bool:
    """Tell whether a newer session than another one has the run: older ones may not have ended yet."""
    newer = (session for session in app.services.sessions if session.token > before.token)
    return any(session.state.run is run for session in newer)


def _session_of(app: App, tab: Tab) -> Session:
    """The session of a tab, whichever was opened last: a lost connection opens one at its own time."""
    name = tab.page.evaluate(
        """() => Bokeh.documents.flatMap((document) => [...document._all_models.values()])
            .map((model) => String(model.name)).find((name) => name.startsWith("lx-map-"))"""
    )
    [session] = [found for found in app.services.sessions if name == f"lx-map-{found.token}"]
    return session
