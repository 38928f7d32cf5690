"""A real browser on the real app: one server for all tests, a page a test."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import panel as pn
import pytest
from playwright.sync_api import Browser, BrowserContext

import models
from explorer.runtime.base import Base, Choice
from explorer.services import Services
from explorer.views.page.page import pages
from tests.browser.tab import App, Tab, at_rest, until
from tests.chromium import chromium

GRACE = 1.0  # seconds that a training outlives its page


def _without_frames(record: logging.LogRecord) -> bool:
    record.exc_info = None
    return True


# A tab that closes while something is sent to it is logged with its traceback, whose frames hold the
# document: as long as pytest keeps the record, no session of a closed tab could be collected.
for _name in ("asyncio", "bokeh.server.protocol_handler", "tornado.application"):
    logging.getLogger(_name).addFilter(_without_frames)


@pytest.fixture(scope="session", autouse=True)
def short_first_trainings() -> Iterator[None]:
    """Train what is trained before a test begins for a few epochs: what is tested needs no good model."""
    suiting = models.default_plan
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            models, "default_plan", lambda n: replace(suiting(n), epochs=min(25, suiting(n).epochs))
        )
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Choice], App]]:
    """Serve a choice on loopback; sessions of closed tabs are given up after two seconds, runs after four."""
    running: list[tuple[object, Services]] = []

    def start(
        choice: Choice | None = None,
        data_folder: Path | None = None,
        given: Callable[[Services], Base] | None = None,
    ) -> App:
        home = tmp_path_factory.mktemp("home")
        services = Services(home=home, data_folder=data_folder, start=choice, grace=GRACE)
        base = given(services) if given is not None else None
        services.warm_up(base)
        port = _free_port()
        server = pn.serve(
            {"/": pages(services, base)},
            port=port,
            address="127.0.0.1",
            threaded=True,
            show=False,
            verbose=False,
            check_unused_sessions_milliseconds=200,
            unused_session_lifetime_milliseconds=1500,
        )
        running.append((server, services))
        until(lambda: _listens(port), "the server to listen")
        return App(f"http://127.0.0.1:{port}/", services)

    yield start
    for server, services in running:
        server.stop()
        services.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def app(serve: Callable[..., App]) -> App:
    """The app as it opens with no argument: digits, its model trained before the first test."""
    app = serve()
    until(lambda: at_rest(app.services.first), "the first training")
    return app


# What is logged of a tab that goes while something is sent to it, or before its socket is open.
GONE = ("ClosedError", "Uncaught exception GET /ws")


@pytest.fixture(autouse=True)
def _nothing_is_logged_as_an_error(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail on whatever the server logs as an error: it is a defect too."""
    yield
    said = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert [sentence for sentence in said if not any(gone in sentence for gone in GONE)] == []


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context
    context.close()


@pytest.fixture
def tab(context: BrowserContext, app: App) -> Iterator[Tab]:
    """The app in a tab of 1280x800; no error and no other host may have been seen at the end."""
    tab = Tab(context.new_page()).open(app.url)
    yield tab
    assert tab.problems == []


@pytest.fixture(scope="module")
def lasting_tab(browser: Browser, app: App) -> Iterator[Tab]:
    """One page for all tests of a module: a person does not load it anew either."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    tab = Tab(context.new_page()).open(app.url)
    yield tab
    context.close()
    assert tab.problems == []
