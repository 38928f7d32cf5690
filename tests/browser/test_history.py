"""The runs that are kept, in a real browser; and a server that is killed in the middle of a training."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

import models
from explorer.core.datasets import load_dataset
from explorer.core.latent.cloud import weights_token
from explorer.runtime.run import Job
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.records import KeptState, RunRecord
from explorer.runtime.store.store import RUNS, RunStore
from explorer.runtime.training import headless
from tests.browser.conftest import _free_port, _listens
from tests.browser.tab import App, Tab, until

ROOT = Path(__file__).resolve().parents[2]
EPOCHS = 24

# The app, whose trainings stand still after some epochs: none ends before it is killed.
HELD = """
import threading
import models
from explorer.__main__ import main

fit = models.fit

def held(*given, **settings):
    for step in fit(*given, **settings):
        yield step
        if step.epoch_done and step.epoch == 4:
            threading.Event().wait()

models.fit = held
main()
"""

expect.set_options(timeout=60_000)  # as patient as `until`


def kept(store: RunStore, name: str, epochs: int = 2, parent: RunRecord | None = None) -> RunRecord:
    data = load_dataset("digits")
    model = models.create("vae", shape=data.shape, width=0.25)
    given = {} if parent is None else {"parent": parent.id, "parent_epoch": parent.epoch}
    job = Job(model, data, epochs=epochs, batch_size=512, name=name, source="digits", **given)
    run = headless.begin(store, job)
    list(run)
    return store.find(run.run)


@pytest.fixture(scope="module")
def runs(app: App) -> dict[str, RunRecord]:
    store = app.services.store
    root = kept(store, "first light")
    return {
        "root": root,
        "leaf": kept(store, "second dawn", parent=root),
        "other": kept(store, "quiet night"),
    }


@pytest.fixture(scope="module")
def tab(lasting_tab: Tab, runs: dict[str, RunRecord]) -> Tab:
    lasting_tab.page.locator(".lx-tab-history").click()
    return lasting_tab


def row(tab: Tab, name: str) -> Locator:
    return tab.page.locator(".lx-runs .row", has_text=name)


def choose(tab: Tab, name: str) -> None:
    row(tab, name).click()
    expect(tab.page.locator(".lx-run h2")).to_have_text(name)


def test_the_runs_are_a_tree_that_keys_go_along(tab: Tab, runs: dict[str, RunRecord]) -> None:
    press = tab.page.keyboard.press
    root, leaf = row(tab, "first light"), row(tab, "second dawn")
    expect(leaf).to_have_attribute("aria-level", "2")
    expect(root).to_have_attribute("aria-expanded", "true")
    choose(tab, "first light")
    press("ArrowDown")
    expect(leaf).to_be_focused()
    expect(tab.page.locator(".lx-run h2")).to_have_text("second dawn")
    assert "“first light”, epoch 2" in tab.page.locator(".facts").inner_text()
    press("ArrowLeft")
    expect(root).to_be_focused()
    press("ArrowLeft")
    expect(leaf).to_have_count(0)
    press("ArrowRight")
    expect(leaf).to_be_visible()
    press("End")
    expect(tab.page.locator(".lx-runs .row").last).to_be_focused()


def test_enter_opens_a_run_and_the_tree_says_that_it_is_on_the_map(
    tab: Tab, app: App, runs: dict[str, RunRecord]
) -> None:
    session = app.session()
    choose(tab, "quiet night")
    tab.page.keyboard.press("Enter")
    token = weights_token(KeptRun(app.services.store, runs["other"]).model())
    until(lambda: weights_token(session.state.scene.model) == token, "the run on the map")
    expect(row(tab, "quiet night").locator(".mark")).to_be_visible()
    box = tab.page.locator(".lx-run-epoch")
    box.fill("1")
    tab.page.locator(".lx-run-open").click()
    until(lambda: session.state.shown.kept == (runs["other"].id, 1), "its first epoch")
    assert session.state.error == ""


def test_a_name_and_a_note_are_written_in_place(tab: Tab, app: App, runs: dict[str, RunRecord]) -> None:
    store, run = app.services.store, runs["other"].id
    choose(tab, "quiet night")
    tab.page.keyboard.press("F2")
    tab.page.locator(".lx-run-rename").fill("loud day")
    tab.page.keyboard.press("Enter")
    expect(row(tab, "loud day")).to_be_focused()
    assert store.find(run).name == "loud day"
    note = tab.page.locator(".lx-run-note")
    note.fill("with a small step")
    note.press("Tab")
    expect(row(tab, "loud day")).to_contain_text("with a small step")
    tab.page.locator(".lx-runs-search").fill("small step")
    expect(tab.page.locator(".lx-runs .row")).to_have_count(1)
    tab.page.locator(".lx-runs-search").fill("")
    expect(row(tab, "first light")).to_be_visible()
    store.edit(run, name="quiet night")  # as another process would
    expect(row(tab, "quiet night")).to_be_visible()


def test_a_deleted_run_comes_back(tab: Tab, runs: dict[str, RunRecord]) -> None:
    page = tab.page
    choose(tab, "quiet night")
    page.keyboard.press("Delete")
    expect(row(tab, "quiet night")).to_have_count(0)
    page.locator(".lx-runs-undo").click()
    expect(row(tab, "quiet night")).to_be_visible()
    choose(tab, "quiet night")
    page.locator(".lx-run-delete").click()
    expect(row(tab, "quiet night")).to_have_count(0)
    page.locator(".lx-runs-deleted").click()
    choose(tab, "quiet night")
    page.locator(".lx-run-restore").click()
    expect(page.locator(".lx-runs-empty")).to_have_text("No run was deleted.")
    page.locator(".lx-runs-deleted").click()
    expect(row(tab, "quiet night")).to_be_visible()


def test_a_run_goes_out_as_one_file_and_comes_in(tab: Tab, app: App, tmp_path: Path) -> None:
    page, store = tab.page, app.services.store
    choose(tab, "quiet night")
    with page.expect_download() as download:
        page.locator(".lx-run-export").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert re.fullmatch(r"quiet-night-[0-9a-f]{12}\.zip", path.name)
    before = {record.id for record in store.records()}
    page.locator(".lx-runs-file").set_input_files(path)
    until(lambda: len(store.records()) == len(before) + 1, "the copy in the store")
    [copy] = {record.id for record in store.records()} - before
    expect(page.locator(f".lx-runs .row[data-run='{copy}']")).to_have_attribute("aria-selected", "true")
    path.write_bytes(path.read_bytes()[:-100])
    page.locator(".lx-runs-file").set_input_files(path)
    expect(page.locator(".lx-error")).to_contain_text("is not a whole run of Latent Explorer")
    page.get_by_label("Dismiss the message").click()
    store.trash(copy)
    store.sweep()


def test_on_a_phone_it_is_a_list(browser: Browser, app: App, runs: dict[str, RunRecord]) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    tab = Tab(context.new_page()).open(app.url)
    tab.page.locator(".lx-tab-history").click()
    choose(tab, "first light")
    expect(tab.page.locator(".lx-run-open")).to_be_visible()
    wide = tab.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    context.close()
    assert tab.problems == []


# -- killed ----------------------------------------------------------------------------------------------


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen, str]]]:
    """Start the app as a process of its own, at a home of its own, on a model that is at hand.

    What starts it may be given, as arguments to Python.
    """
    data = load_dataset("digits")
    checkpoint = models.save(models.create("vae", shape=data.shape, width=0.25), tmp_path / "m.safetensors")
    processes: list[subprocess.Popen] = []

    def start(*app: str) -> tuple[subprocess.Popen, str]:
        port = _free_port()
        command = [sys.executable, *(app or ("-m", "explorer")), "serve", "--no-open", "--port", str(port)]
        process = subprocess.Popen(
            [*command, "--checkpoint", str(checkpoint)],
            cwd=ROOT,
            env={**os.environ, "EXPLORER_HOME": str(tmp_path / "home")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        processes.append(process)
        until(lambda: _listens(port) or process.poll() is not None, "the server to listen")
        return process, f"http://127.0.0.1:{port}/"

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_after_a_kill_the_app_offers_to_go_on_and_loses_nothing(
    browser: Browser, started: Callable[..., tuple[subprocess.Popen, str]], tmp_path: Path
) -> None:
    store = RunStore(tmp_path / "home" / RUNS)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    process, url = started("-c", HELD)
    tab = Tab(context.new_page()).open(url)
    page = tab.page
    page.locator(".lx-tab-history").click()
    expect(page.locator(".lx-runs-empty")).to_have_text("No run is kept yet: press Train.")
    tab.unfold("Epochs, batch size")
    page.locator(".lx-epochs input").fill(str(EPOCHS))
    page.locator(".lx-epochs input").press("Enter")
    page.locator(".lx-train").click()
    until(lambda: store.folder.exists() and any(r.epoch >= 3 for r in store.records()), "some epochs")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    page.close()
    [left] = store.records()
    assert left.state is KeptState.INTERRUPTED
    assert 3 <= left.epoch < EPOCHS == left.plan["epochs"]
    committed = store.epochs(left.id)

    tab = Tab(context.new_page()).open(started()[1])
    said = f"was interrupted at epoch {left.epoch} of {EPOCHS}."
    expect(tab.page.locator(".lx-offer")).to_contain_text(said)
    expect(tab.page.locator(".lx-tab-history")).to_have_text("History (1)")
    go_on = tab.page.locator(".lx-offer-go-on")
    expect(go_on).to_be_in_viewport(ratio=1)
    box, below = go_on.bounding_box(), tab.page.locator(".lx-train-what").bounding_box()
    assert box["y"] + box["height"] <= below["y"]  # nothing lies over it
    go_on.click()
    expect(tab.page.locator(".lx-progress")).to_contain_text(
        f"Done: epoch {EPOCHS} of {EPOCHS}", timeout=120_000
    )
    expect(tab.page.locator(".lx-offer")).to_be_hidden()
    expect(tab.page.locator(".lx-tab-history")).to_have_text("History")
    [run] = store.records()
    assert (run.id, run.state, run.epoch) == (left.id, KeptState.DONE, EPOCHS)
    epochs = store.epochs(run.id)
    assert [epoch.epoch for epoch in epochs] == list(range(EPOCHS + 1))
    assert epochs[: len(committed)] == committed
    assert all(epoch.weights is not None for epoch in epochs)
    tab.page.locator(".lx-tab-history").click()
    expect(row(tab, left.name).locator(".mark")).to_be_visible()
    context.close()
    assert tab.problems == []
