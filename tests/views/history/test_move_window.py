"""Moves of the slider: two under way, and the place at rest is always sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.views.conftest import Scripts

Play = Callable[[str], list[list[object]]]


@pytest.fixture
def play(clocked_scripts: Scripts) -> Play:
    """Do something with a window whose moves are noted; return them as [rest, number]."""
    made = "(m) => { window.sent = []; window.tested = new m.MoveWindow((...move) => sent.push(move)) }"
    clocked_scripts.run("history/move_window", made)

    def done(code: str) -> list[list[object]]:
        return clocked_scripts.page.evaluate(f"() => {{ {code}; return sent }}")

    return done


def test_a_third_move_waits_for_a_map(play: Play) -> None:
    assert play("for (let i = 0; i < 5; i++) tested.move(false)") == [[False, 1], [False, 2]]
    assert play("tested.answer()") == [[False, 1], [False, 2], [False, 3]]
    assert play("tested.answer()") == [[False, 1], [False, 2], [False, 3]]


def test_a_move_that_brought_no_map_makes_room_in_a_quarter_of_a_second(
    play: Play, clocked_scripts: Scripts
) -> None:
    play("for (let i = 0; i < 3; i++) tested.move(false)")
    clocked_scripts.page.clock.run_for(300)
    assert play("tested.move(false)") == [[False, 1], [False, 2], [False, 3]]


def test_a_place_at_rest_is_sent_at_once(play: Play) -> None:
    play("tested.move(false); tested.move(false); tested.move(false)")
    assert play("tested.move(true)")[-1] == [True, 3]
    assert play("tested.answer()")[-1] == [True, 3]
