"""What is pinned stays at its code, whatever is done with the map."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

import models
from explorer.core.datasets import Dataset
from explorer.core.errors import BadSelection
from explorer.runtime.base import Choice
from explorer.services import Services
from explorer.session.map import pins
from tests.session.tab import Tab


@pytest.fixture
def globe(opened: Callable[..., Tab], services: Services, iris: Dataset) -> Tab:
    model = models.create("sphere-vae", shape=iris.shape, latent=3, width=0.25)
    return opened(services.bases.given(iris, model)).rest()


def numbers(tab: Tab) -> list[int]:
    return [pin.number for pin in tab.session.pins.pins]


def test_a_pin_is_what_the_decoder_makes_of_its_place(globe: Tab) -> None:
    session = globe.session
    session.pins.pin((0.3, -0.2))
    globe.rest()
    [pin] = session.pins.pins
    np.testing.assert_allclose(pin.code, session.decoder.code_at((0.3, -0.2)))
    with torch.inference_mode():
        decoded = session.state.scene.model.decode(torch.tensor(pin.code[None]))[0].numpy()
    np.testing.assert_allclose(pin.sample, decoded, atol=1e-6)
    in_units = session.state.scene.dataset.drawing.to_units(decoded)
    np.testing.assert_allclose(session.pins.samples()[0], in_units, rtol=1e-5)
    frame = session.pins.table()
    assert list(frame.columns) == ["pin", "z1", "z2", "z3"]
    np.testing.assert_allclose(frame.iloc[0, 1:].to_numpy(float), pin.code)


def test_it_stays_where_it_is_through_a_turn_and_a_change_of_map(globe: Tab) -> None:
    session = globe.session
    session.pins.pin((0.3, -0.2))
    globe.rest()
    code = session.pins.pins[0].code
    session.orientation.step(1, 1)
    session.state.projection = "cylindrical"
    globe.rest()
    assert session.pins.pins[0].code is code
    place = session.state.scene.projection.forward(code[None])[0]
    np.testing.assert_allclose(session.decoder.code_at(tuple(place.tolist())), code, atol=1e-6)


def test_the_tool_makes_a_click_a_pin_and_without_it_a_click_picks(globe: Tab) -> None:
    session = globe.session
    session.pins.tool = True
    session.point_out((0.1, 0.1))
    globe.rest()
    assert (numbers(globe), session.state.picked) == ([1], None)
    session.pins.tool = False
    session.point_out((0.1, 0.1))
    globe.rest()
    assert numbers(globe) == [1]
    assert session.state.picked is not None


def test_removing_can_be_undone_and_numbers_are_never_used_again(globe: Tab) -> None:
    pins = globe.session.pins
    for x in (0.1, 0.2, 0.3):
        pins.pin((x, 0.0))
        globe.rest()
    pins.remove(2)
    assert numbers(globe) == [1, 3]
    pins.pin((0.4, 0.0))
    globe.rest()
    assert numbers(globe) == [1, 3, 4]
    undo = globe.session.undo
    undo.undo()
    undo.undo()
    assert numbers(globe) == [1, 2, 3]
    undo.redo()
    undo.redo()
    assert numbers(globe) == [1, 3, 4]
    pins.clear()
    assert numbers(globe) == []
    with pytest.raises(BadSelection, match="nothing is pinned yet"):
        pins.table()
    undo.undo()
    assert numbers(globe) == [1, 3, 4]


def test_another_model_decodes_pins_anew_and_another_space_has_no_place_for_them(
    globe: Tab, services: Services, iris: Dataset
) -> None:
    session = globe.session
    session.pins.pin((0.3, -0.2))
    globe.rest()
    before = session.pins.pins[0]
    session.settings.plan.epochs = 1
    session.train()
    globe.until(lambda: session.state.run.state.name == "DONE", "the training").rest()
    after = session.pins.pins[0]
    assert (after.number, after.code is before.code) == (1, True)
    assert np.abs(after.sample - before.sample).max() > 0
    session.model_choice.choose(Choice("iris", "vae", 2))
    globe.until(lambda: session.state.scene.model.latent == 2, "the other model").rest()
    assert numbers(globe) == []


def test_only_so_many_can_be_pinned(globe: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "MOST", 1)
    for _ in range(2):
        globe.session.pins.pin((0.1, 0.1))
        globe.rest()
    assert numbers(globe) == [1]
    assert "1 samples are pinned, which is all there can be" in globe.session.state.error
