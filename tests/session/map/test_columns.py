"""Columns by name: at once where they are at hand, on a worker where they take time."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import numpy as np
import pytest

from explorer.core.columns import columns
from explorer.runtime.base import Base
from explorer.services import Services
from explorer.session import Session
from tests.session.tab import Tab, held


def test_every_column_can_be_asked_for_by_name(tab: Tab) -> None:
    session, scene = tab.session, tab.session.state.scene
    assert session.columns.names() == columns.names(scene)
    assert tuple(session.columns.described()) == session.columns.names()
    for name in session.columns.names():
        found = []
        session.columns.values(name, found.append, asker="grid")
        tab.until(lambda found=found: found, name)
        assert found[0].tolist() == columns.values(scene, name).tolist(), name
        again = []
        session.columns.values(name, again.append, asker="grid")
        assert again[0].tolist() == found[0].tolist()  # at once, by now
        assert not session.columns.busy("grid")


def test_the_latest_request_of_an_asker_holds_and_others_are_not_touched(
    tab: Tab, services: Services
) -> None:
    columns_, given = tab.session.columns, []
    services.columns = type(services.columns)()  # nothing is kept
    with held(services.extras):
        columns_.values("error", lambda values: given.append(("grid", "error")), asker="grid")
        columns_.values("error", lambda values: given.append(("list", "error")), asker="list")
        columns_.values("agreement", lambda values: given.append(("grid", "agreement")), asker="grid")
        assert columns_.busy("grid")
        assert given == []
    tab.rest()
    assert sorted(given) == [("grid", "agreement"), ("list", "error")]
    with held(services.extras):
        columns_.values("density", lambda values: given.append("never"), asker="grid")
        columns_.forget("grid")
    tab.rest()
    assert "never" not in given


def test_the_same_column_of_the_next_map_is_computed_too(tab: Tab) -> None:
    # A training brings maps faster than a slow column comes: none of them may stop the one after it.
    columns_, begun, go_on = tab.session.columns, Event(), Event()
    given, stopped = [], []

    def of_first_map(scene, stop, progress):
        begun.set()
        return 1

    def of_second_map(scene, stop, progress):
        assert go_on.wait(60)
        stopped.append(stop())
        return 2

    columns_.compute(("error",), of_first_map, given.append, asker="grid")
    assert begun.wait(60)
    columns_.compute(("error",), of_second_map, given.append, asker="grid")
    tab.until(lambda: given == [1], "the first")
    go_on.set()
    tab.until(lambda: given == [1, 2], "the second")
    assert stopped == [False]
    assert not columns_.busy("grid")


def test_what_cannot_be_computed_is_said_to_the_asker(
    tab: Tab, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentences: list[str] = []
    tab.session.columns.values("no such", lambda values: None, asker="grid", failed=sentences.append)
    tab.rest()
    assert "unknown column 'no such'" in sentences[0]
    assert tab.session.state.error == ""
    tab.session.columns.values("no such", lambda values: None)
    tab.rest()
    assert "unknown column" in tab.session.state.error


def test_progress_is_said_while_it_is_computed(tab: Tab, services: Services) -> None:
    said: list[str] = []
    columns_ = tab.session.columns

    def work(scene, stop, progress):
        for share in (0.25, 0.5):
            progress(share)
            said.append(columns_.progress("grid"))
        return 1

    services.columns = type(services.columns)()
    columns_._told = 0.0
    columns_.compute(("error", "agreement", "z1"), work, lambda result: None, asker="grid")
    tab.rest()
    assert said[0] == "computing error and agreement: 25%"
    assert columns_.progress("grid") == ""


def test_nothing_goes_on_for_a_session_that_was_closed(
    services: Services, base: Base, opened: Callable[..., Tab]
) -> None:
    tab = opened().rest()
    stopped = []

    def work(scene, stop, progress):
        tab.session.close()
        stopped.append(stop())

    tab.session.columns.compute(("error",), work, lambda result: None, asker="grid")
    opened().rest()
    assert stopped == [True]


def test_before_there_is_a_map_there_are_no_columns(services: Services, base: Base) -> None:
    session = Session(services, base)
    assert session.columns.names() == ()
    assert session.columns.described() == {}
    session.columns.values("error", pytest.fail)
    session.close()


def test_values_that_a_column_has_are_known_without_computing_it(tab: Tab, services: Services) -> None:
    services.columns = type(services.columns)()
    known = tab.session.columns.classes
    assert known("label") == ("setosa", "versicolor", "virginica")
    assert known("split") == ("train", "test")
    assert known("nearest_label") == known("label")
    assert known("z1") == known("error") == known("no such") == ()
    assert tab.session.columns.missing(("nearest_label",))


def test_colours_of_a_slow_column_say_their_progress_and_come(tab: Tab, services: Services) -> None:
    services.columns = type(services.columns)()
    session, before = tab.session, tab.session.state.colouring
    with held(services.extras):
        session.state.colour_by = "agreement"
        assert session.state.colouring is before
        assert session.columns.busy("colours")
    tab.rest()
    assert session.state.colouring.title.startswith("agreement: share of the 10 nearest")
    np.testing.assert_array_equal(
        session.state.colouring.values, columns.values(session.state.scene, "agreement")
    )
    assert session.colours.progress == ""
