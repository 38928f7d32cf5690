"""Questions under way: never more than the window holds, and the last state is always asked for."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.views.conftest import Scripts

WINDOW = "components/request_window"


class Window:
    """A window whose questions are noted, on a page whose clock the test moves."""

    def __init__(self, scripts: Scripts, most: int) -> None:
        self.page: Page = scripts.page
        scripts.run(
            WINDOW,
            """(m, most) => {
                window.sent = []
                window.tested = new m.RequestWindow((number) => sent.push(number), most)
            }""",
            most,
        )

    @property
    def sent(self) -> list[int]:
        return self.page.evaluate("sent")

    def ask(self) -> None:
        self.page.evaluate("tested.ask()")

    def answer(self, sequence: int) -> None:
        self.page.evaluate("(n) => tested.answer(n)", sequence)

    def wait(self, milliseconds: int) -> None:
        self.page.clock.run_for(milliseconds)


@pytest.fixture
def window(clocked_scripts: Scripts, request: Any) -> Window:
    return Window(clocked_scripts, request.param)


@pytest.mark.parametrize(("window", "most"), [(1, 1), (2, 2)], indirect=["window"])
def test_no_more_are_under_way_than_the_window_holds(window: Window, most: int) -> None:
    for _ in range(5):
        window.ask()
    assert window.sent == list(range(1, most + 1))


@pytest.mark.parametrize("window", [2], indirect=True)
def test_what_waits_is_asked_once_at_the_next_answer(window: Window) -> None:
    for _ in range(5):
        window.ask()
    window.answer(1)
    assert window.sent == [1, 2, 3]
    window.answer(2)
    window.answer(3)
    assert window.sent == [1, 2, 3]


@pytest.mark.parametrize("window", [2], indirect=True)
def test_a_later_answer_supersedes_those_before_it(window: Window) -> None:
    for _ in range(3):
        window.ask()
    window.answer(2)
    window.answer(1)  # overtaken on the way
    window.ask()
    assert window.sent == [1, 2, 3, 4]
    assert window.page.evaluate("[3, 4].map((n) => tested.isNewest(n))") == [False, True]


@pytest.mark.parametrize("window", [1], indirect=True)
def test_a_full_window_holds_nothing_back_for_longer_than_two_seconds(window: Window) -> None:
    window.ask()
    window.wait(1900)
    window.ask()
    assert window.sent == [1]
    window.wait(200)
    window.ask()
    assert window.sent == [1, 2]


@pytest.mark.parametrize("window", [2], indirect=True)
def test_a_lost_answer_is_asked_for_again(window: Window) -> None:
    window.ask()
    window.wait(5100)
    assert window.sent == [1, 2]
    window.answer(2)
    window.wait(20_000)
    assert window.sent == [1, 2]


@pytest.mark.parametrize("window", [2], indirect=True)
def test_nothing_is_asked_after_the_end(window: Window) -> None:
    window.ask()
    window.page.evaluate("tested.close()")
    window.wait(20_000)
    assert window.sent == [1]


def test_what_took_longer_to_unpack_than_its_successor_is_dropped(scripts: Scripts) -> None:
    shown = scripts.run(
        WINDOW,
        """(m) => {
            const order = new m.ArrivalOrder()
            const [first, second, third] = [order.arrive(), order.arrive(), order.arrive()]
            return [second, first, third].map((number) => order.supersedes(number))
        }""",
    )
    assert shown == [True, False, True]
