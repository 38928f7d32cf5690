"""Changes are taken back in their order and made again, each with what it belongs to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import param
import pytest
import torch

from explorer.core.scene.scene import Scene
from explorer.core.selection.brush import Box
from explorer.core.settings.training import TrainingMode
from explorer.runtime.base import Choice
from explorer.runtime.run import RunState
from explorer.session import undo as module
from explorer.session.undo import DEPTH, NOTHING_TO_REDO, NOTHING_TO_UNDO, Piece, Undo
from tests.session.tab import Tab

EVERYTHING = Box(-99.0, -99.0, 99.0, 99.0)


class Knobs(param.Parameterized):
    a = param.Integer(0)
    b = param.Integer(0)


def piece(knobs: Knobs, name: str, **more: object) -> Piece:
    def write(value: int) -> None:
        setattr(knobs, name, value)

    return Piece(name, lambda: getattr(knobs, name), write, **more)


def values(knobs: Knobs) -> tuple[int, int]:
    return knobs.a, knobs.b


# -- the mechanism -------------------------------------------------------------------------------------------


def test_changes_are_taken_back_and_made_again_in_their_order() -> None:
    knobs = Knobs()
    undo = Undo([piece(knobs, "a", watched=(knobs, "a")), piece(knobs, "b")], lambda: None)
    seen = [(0, 0)]
    for name, value in (("a", 1), ("b", 2), ("a", 3), ("a", 4)):
        setattr(knobs, name, value)
        undo.follow()
        seen.append(values(knobs))
    for there in reversed(seen[:-1]):
        undo.undo()
        assert values(knobs) == there
    assert (undo.next_undo, undo.next_redo) == ("", "a")
    undo.undo()
    assert (values(knobs), undo.said) == ((0, 0), NOTHING_TO_UNDO)
    for there in seen[1:]:
        undo.redo()
        assert values(knobs) == there
    undo.redo()
    assert (values(knobs), undo.said) == ((3 + 1, 2), NOTHING_TO_REDO)


def test_what_changes_in_one_turn_is_one_step_and_what_is_watched_is_a_step_each_time() -> None:
    knobs = Knobs()
    polled = Undo([piece(knobs, "a"), piece(knobs, "b")], lambda: None)
    watched = Undo([piece(knobs, "a", watched=(knobs, "a"))], lambda: None)
    knobs.a, knobs.b = 1, 1
    knobs.a = 2
    watched.undo()
    assert knobs.a == 1
    polled.undo()
    assert values(knobs) == (0, 0)
    assert polled.said == "Undone: a, b."


def test_a_new_change_leaves_nothing_to_redo() -> None:
    knobs = Knobs()
    undo = Undo([piece(knobs, "a", watched=(knobs, "a"))], lambda: None)
    knobs.a = 1
    undo.undo()
    knobs.a = 5
    undo.redo()
    assert (knobs.a, undo.said) == (5, NOTHING_TO_REDO)
    undo.undo()
    assert knobs.a == 0


def test_a_slider_is_one_change_and_one_that_returns_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(module, "perf_counter", lambda: clock[0])
    knobs = Knobs()
    undo = Undo([piece(knobs, "a", watched=(knobs, "a"), steady=True)], lambda: None)
    for value in range(1, 9):
        clock[0] += 0.5
        knobs.a = value
    clock[0] += 5
    for value in (9, 10, 9, 8):
        clock[0] += 0.5
        knobs.a = value
    undo.undo()
    assert (knobs.a, undo.next_undo) == (0, "")
    knobs.a = 3  # at once, and still a change of its own
    undo.undo()
    assert knobs.a == 0


def test_a_change_together_with_what_it_belongs_to_is_not_the_user_s() -> None:
    knobs, place = Knobs(), ["here"]
    undo = Undo([piece(knobs, "a", context=lambda: place[0])], lambda: None)
    knobs.a = 1
    undo.follow()
    knobs.a, place[0] = 2, "there"
    undo.follow()
    assert undo.next_undo == ""
    undo.undo()
    assert knobs.a == 2
    knobs.a, place[0] = 1, "here"
    undo.follow()
    assert undo.next_undo == "", "what it belonged to had gone when it was asked for"


def test_what_is_under_way_is_one_change_when_it_is_over() -> None:
    knobs, busy = Knobs(), [True]
    undo = Undo([piece(knobs, "a", watched=(knobs, "a"), under_way=lambda: busy[0])], lambda: None)
    for value in (1, 2, 3):
        knobs.a = value
        undo.follow()
    assert undo.next_undo == ""
    busy[0] = False
    knobs.a = 4
    undo.undo()
    assert knobs.a == 0


def test_no_more_is_kept_than_can_be_held() -> None:
    knobs = Knobs()
    undo = Undo([piece(knobs, "a", watched=(knobs, "a"))], lambda: None)
    for value in range(1, DEPTH + 6):
        knobs.a = value
    for _ in range(DEPTH + 6):
        undo.undo()
    assert knobs.a == 5


# -- the pieces of a session ---------------------------------------------------------------------------------


def test_what_a_user_changes_is_undone_and_redone(tab: Tab) -> None:
    session = tab.session
    state, settings = session.state, session.settings
    before = state.colour_by
    session.selection.random(20)
    tab.rest()
    state.hide(frozenset({1}))
    state.keeps_scale = True
    settings.plan.epochs += 3
    settings.mode = TrainingMode.FROM_SCRATCH
    session.draft.knobs.beta = 2.0
    tab.rest()
    for name in ("the model's options", "the weights that a training starts from", "the epochs"):
        assert session.undo.next_undo == name
        session.undo.undo()
        tab.rest()
    assert (settings.mode, session.draft.knobs.beta) == (TrainingMode.FINE_TUNE, 1.0)
    session.undo.undo()
    assert not state.keeps_scale
    session.undo.undo()
    assert (state.hidden, state.selection.count) == (frozenset(), 20)
    session.undo.undo()
    assert state.selected is None
    session.undo.undo()
    assert session.undo.said == NOTHING_TO_UNDO
    while session.undo.next_redo:
        session.undo.redo()
        tab.rest()
    assert (state.selection.count, state.hidden, state.colour_by) == (20, frozenset({1}), before)
    assert (settings.mode, session.draft.knobs.beta) == (TrainingMode.FROM_SCRATCH, 2.0)


def test_other_colours_are_undone_in_one_step_though_they_show_all_classes(tab: Tab) -> None:
    session = tab.session
    session.state.hide(frozenset({1}))
    labels = session.state.colouring.title
    session.state.colour_by = "split"
    tab.until(lambda: session.state.colouring.title != labels, "the splits").rest()
    assert session.state.hidden == frozenset()
    session.undo.undo()
    assert session.state.colour_by == "label"
    tab.until(lambda: session.state.colouring.title == labels, "the labels").rest()
    assert session.undo.next_undo == "the hidden classes"


def test_a_lasso_is_one_step_however_it_is_drawn(tab: Tab) -> None:
    session = tab.session
    session.selection.random(7)
    for right in (0.0, 0.3, 99.0):
        session.selection.draw(Box(-99.0, -99.0, right, 99.0), 1)
        tab.rest()
    assert session.state.selection.count == 150
    session.selection.brush(EVERYTHING)
    tab.rest()
    session.undo.undo()
    assert session.state.selection.count == 7
    session.undo.undo()
    assert session.state.selection.count == 0
    session.selection.draw(EVERYTHING, 2)
    tab.rest()
    session.selection.cancel_stroke()
    tab.rest()
    assert session.undo.next_undo == ""


def trained(tab: Tab, epochs: int = 2) -> None:
    session = tab.session
    session.settings.plan.param.update(epochs=epochs, batch_size=50)
    session.train()
    tab.until(lambda: session.state.run.state.over, "the training").rest()
    assert session.state.run.state is RunState.DONE


def test_a_training_is_undone_and_redone_with_its_model(tab: Tab) -> None:
    session, first = tab.session, tab.session.state.scene.model
    trained(tab)
    run, model = session.state.run, session.state.scene.model
    assert model is not first
    session.undo.undo()
    tab.rest()
    assert session.state.run is None
    assert session.state.scene.model is first
    session.undo.redo()
    tab.rest()
    assert session.state.run is run
    assert session.state.scene.model is model


def test_a_reverted_training_stays_in_the_comparison_until_it_is_brought_back(tab: Tab) -> None:
    session = tab.session
    trained(tab)
    run, model = session.state.run, session.state.scene.model
    session.comparison.shown = True
    tab.rest()
    session.revert()
    tab.rest()
    pair = session.comparison.pair
    assert pair.after.side.model is model
    assert pair.after.side.name == "After epoch 2, reverted"
    assert session.state.reverted is run
    session.bring_back()
    tab.rest()
    assert session.state.scene.model is model
    assert session.state.reverted is None
    assert session.comparison.pair.after.side.name == "After epoch 2"
    session.undo.undo()  # of bringing back
    tab.rest()
    assert session.state.reverted is run


def test_another_training_takes_the_place_of_a_reverted_one(tab: Tab) -> None:
    session = tab.session
    trained(tab)
    session.revert()
    tab.rest()
    trained(tab, 1)
    assert session.state.reverted is None
    assert session.state.latest_run is session.state.run


def test_other_data_leave_nothing_to_undo(tab: Tab) -> None:
    session = tab.session
    session.selection.random(20)
    session.model_choice.choose(Choice("digits"))
    tab.until(lambda: session.state.scene.dataset.name == "digits", "digits").rest()
    assert (session.undo.next_undo, session.undo.next_redo) == ("", "")
    session.undo.undo()
    assert session.state.selected is None


def decoded(scene: Scene, code: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return scene.model.decode(torch.from_numpy(code[None])).numpy()[0]


def test_pins_are_undone_and_decoded_by_the_model_on_the_map(tab: Tab) -> None:
    session = tab.session
    for x in (0.1, 0.2):
        session.pins.pin((x, 0.0))
        tab.rest()
    before = session.pins.pins
    session.pins.clear()
    trained(tab)
    while session.pins.pins == ():
        session.undo.undo()
        tab.rest()
    assert [pin.number for pin in session.pins.pins] == [1, 2]
    scene = session.state.scene
    for pin, former in zip(session.pins.pins, before, strict=True):
        np.testing.assert_array_equal(pin.code, former.code)
        np.testing.assert_allclose(pin.sample, decoded(scene, pin.code), atol=1e-6)


def test_two_sessions_undo_their_own(opened: Callable[..., Tab]) -> None:
    one, other = opened().rest(), opened().rest()
    one.session.selection.random(3)
    assert other.session.undo.next_undo == ""
