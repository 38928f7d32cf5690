"""The field for an expression: what it says while one types, and what it selects."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from explorer.core.columns.columns import columns, values
from explorer.core.columns.own_columns import OWN
from explorer.core.selection.brush import Box
from explorer.core.selection.suggestions import written
from explorer.services import Services
from explorer.session.map import expression as module
from explorer.session.map.expression import Expression
from tests.session.tab import Tab, held


@pytest.fixture
def field(tab: Tab, services: Services) -> Expression:
    """The field of a session for which no slow column is kept."""
    services.columns = type(services.columns)()
    return tab.session.selection.expression


def test_an_expression_over_every_column_selects_what_the_column_says(tab: Tab, field: Expression) -> None:
    scene = tab.session.state.scene
    for name, column in columns(scene).items():
        found = values(scene, name)
        if pd.api.types.is_numeric_dtype(found.dtype):
            middle = float(np.median(found))
            text, wanted = f"{written(name)} > {middle!r}", (found > middle).to_numpy()
        else:
            text, wanted = f"{written(name)} == '{found[0]}'", (found == found[0]).to_numpy()
        tab.session.selection.clear()
        field.select(text)
        tab.until(lambda: not field.busy, name)
        assert field.message == "", column
        assert 0 < wanted.sum() < 150, name
        np.testing.assert_array_equal(tab.session.state.selected, wanted, err_msg=name)


def test_only_the_columns_that_it_names_are_computed(
    tab: Tab, field: Expression, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in OWN:
        monkeypatch.setitem(OWN, name, _counted(name, made := []))
    monkeypatch.setitem(OWN, "error", _counted("error", made))
    field.select("z1 > 0 and `sepal width (cm)` > 0")
    tab.rest()
    assert tab.session.state.selected is not None
    assert made == []
    field.select("error > 0")
    tab.until(lambda: not field.busy, "the errors")
    assert made == ["error"]
    field.select("error > 0 and nonsense > 3")
    field.select("error > 'text'")
    tab.rest()
    assert made == ["error"]


def _counted(name: str, made: list[str]) -> object:
    own = OWN[name]
    return replace(own, compute=lambda *given: (made.append(name), own.compute(*given))[1])


def test_a_slow_column_is_never_computed_on_the_session_s_thread(
    tab: Tab, field: Expression, services: Services
) -> None:
    with held(services.extras):
        field.select("error > 0")
        assert tab.session.state.selected is None
        assert field.busy
        assert field.message == "computing …"
    tab.rest()
    assert tab.session.state.selection.count == 150
    assert field.message == ""


def test_the_count_while_typing_is_what_enter_selects(tab: Tab, field: Expression) -> None:
    field.type("z1 > 0", 6, typed=4)
    count = int(field.answer.message.removesuffix(" would match"))
    assert field.answer.typed == 4
    assert tab.session.state.selected is None
    field.select("z1 > 0")
    assert tab.session.state.selection.count == count > 0
    field.type("", 0)
    assert field.message == ""


def test_a_slow_column_is_announced_while_typing_and_counted_once_it_is_there(
    tab: Tab, field: Expression
) -> None:
    field.type("agreement < 2", 13)
    assert field.message == "Enter computes agreement, and selects"
    field.select("agreement < 2")
    tab.until(lambda: not field.busy, "the agreement")
    field.type("agreement < 2", 13)
    assert field.message == "150 would match"


def test_of_very_many_samples_a_worker_counts(
    tab: Tab, field: Expression, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 10)
    with held(services.extras):
        field.type("z1 > -99", 8)
        assert field.message == "counting …"
        field.type("z1 > 99", 7)
    tab.rest()
    assert field.message == "0 would match"
    with held(services.extras):
        field.type("z1 > -99", 8)
        field.type("", 0)
    tab.rest()
    assert field.message == ""
    field.select("z1 > -99")
    tab.rest()
    assert tab.session.state.selection.count == 150


def test_what_is_wrong_is_a_hint_while_typing_and_refused_at_enter(field: Expression) -> None:
    field.type("lable == 'x'", 12)
    assert "did you mean label" in field.message
    assert not field.answer.refused
    field.select("lable == 'x'")
    assert "did you mean label" in field.message
    assert field.answer.refused
    field.type("label == 'x'", 12)
    assert not field.answer.refused


def test_names_and_values_are_suggested(field: Expression) -> None:
    field.type("sepal", 5)
    assert [each.text for each in field.answer.suggestions] == ["`sepal length (cm)`", "`sepal width (cm)`"]
    field.type("label == v", 10)
    assert [each.text for each in field.answer.suggestions] == ['"versicolor"', '"virginica"']
    field.select("label == 'virginica'")
    assert field.answer.suggestions == ()


def test_the_last_five_are_kept_for_each_data_set(tab: Tab, field: Expression) -> None:
    for least in range(7):
        field.select(f"z1 > -{least + 1}")
    field.select("z1 > -3")
    field.select("nonsense")
    assert field.recent == ("z1 > -3", "z1 > -7", "z1 > -6", "z1 > -5", "z1 > -4")


def test_ready_made_selections_are_what_they_say(tab: Tab, field: Expression) -> None:
    session, scene = tab.session, tab.session.state.scene
    field.select(module.NEIGHBOURS_OF_ANOTHER_CLASS, remember=False)
    tab.until(lambda: not field.busy, "the neighbours")
    wanted = values(scene, "nearest_label").to_numpy() != values(scene, "label").to_numpy()
    assert 0 < wanted.sum() < 150
    np.testing.assert_array_equal(session.state.selected, wanted)
    field.select_worst()
    tab.until(lambda: not field.busy, "the worst")
    errors = values(scene, "error").to_numpy()
    assert session.state.selection.count == math.ceil(0.01 * 150)
    assert errors[session.state.selected].min() >= errors[~session.state.selected].max()
    field.select(module.HELD_OUT, remember=False)
    np.testing.assert_array_equal(session.state.selected, np.arange(150) >= scene.cloud.train)
    assert field.recent == ()


def test_they_join_as_is_chosen(tab: Tab, field: Expression) -> None:
    session = tab.session
    x0, y0 = session.state.scene.xy.min(axis=0).tolist()
    session.selection.brush(Box(x0 - 1, y0 - 1, x0 + 1e6, y0 + 1e6))
    tab.rest()
    session.selection.how = "remove"
    field.select(module.HELD_OUT)
    np.testing.assert_array_equal(session.state.selected, np.arange(150) < session.state.scene.cloud.train)
