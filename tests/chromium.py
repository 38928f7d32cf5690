"""The browser of the tests, as a process of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

FLAGS = [
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


SLOW = 300  # milliseconds that each action takes longer where a person watches


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a Chromium: the one in EXPLORER_BROWSER, else the system's.

    It has no window, unless EXPLORER_HEADED is set: then it has one, and each action is slowed down.
    """
    executable = os.environ.get("EXPLORER_BROWSER", "/usr/bin/chromium")
    flags = FLAGS + (["--no-sandbox"] if os.geteuid() == 0 else [])
    headed = bool(os.environ.get("EXPLORER_HEADED"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=flags, headless=not headed, slow_mo=SLOW if headed else 0
        )
        yield browser
        browser.close()
