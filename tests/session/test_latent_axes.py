"""Axes and traversals follow the map, the pick and the hand, and only while somebody looks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

import models
from explorer.core.datasets import Dataset
from explorer.core.latent.axes import measure
from explorer.runtime.base import Choice
from explorer.runtime.run import RunState
from explorer.services import Services
from explorer.session import Session
from tests.session.tab import Tab


@pytest.fixture
def deep(services: Services, opened: Callable[..., Tab], iris: Dataset) -> Tab:
    """A session on four dimensions that has come to rest."""
    return opened(services.bases.given(iris, models.create("vae", shape=iris.shape, latent=4))).rest()


def decoded(session: Session, code: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return session.state.scene.model.decode(torch.tensor(code[None]))[0].numpy()


def test_nothing_is_computed_until_somebody_looks(deep: Tab) -> None:
    inspecting = deep.session.latent_axes
    deep.session.decoder.pick_index(3)
    deep.rest()
    assert inspecting.axes is None
    assert inspecting.frame.version == 0
    inspecting.shown = "axes"
    deep.rest()
    assert inspecting.axes.latent == 4
    assert inspecting.traversal is None
    inspecting.shown = "traversals"
    deep.rest()
    assert inspecting.traversal.values.shape[0] == 4


def test_bars_begin_at_the_mean_code_and_then_at_the_picked_sample(deep: Tab) -> None:
    session, inspecting = deep.session, deep.session.latent_axes
    inspecting.shown = "axes"
    deep.rest()
    cloud = session.state.scene.cloud
    assert inspecting.start.index is None
    np.testing.assert_allclose(inspecting.code, cloud.mean.mean(0), atol=1e-6)
    session.decoder.pick_index(42)
    deep.rest()
    assert inspecting.start.index == 42
    np.testing.assert_array_equal(inspecting.code, cloud.mean[42])
    frame = inspecting.frame.read()[1]
    np.testing.assert_allclose(frame.sample, decoded(session, cloud.mean[42]), atol=1e-6)
    assert frame.stamp == session.state.scene.key
    assert frame.distance == pytest.approx(0.0, abs=1e-6)


def test_a_moved_bar_is_decoded_and_goes_back(deep: Tab) -> None:
    session, inspecting = deep.session, deep.session.latent_axes
    inspecting.shown = "axes"
    session.decoder.pick_index(42)
    deep.rest()
    inspecting.move(1, 2.5)
    inspecting.move(3, -1.0)
    deep.rest()
    began = session.state.scene.cloud.mean[42]
    np.testing.assert_array_equal(inspecting.code, [began[0], np.float32(2.5), began[2], np.float32(-1.0)])
    frame = inspecting.frame.read()[1]
    np.testing.assert_allclose(frame.sample, decoded(session, inspecting.code), atol=1e-6)
    inspecting.reset(3)
    np.testing.assert_array_equal(inspecting.code, [began[0], np.float32(2.5), began[2], began[3]])
    inspecting.reset()
    deep.rest()
    np.testing.assert_array_equal(inspecting.code, began)
    np.testing.assert_array_equal(inspecting.frame.read()[1].code, began)


def test_what_no_hand_can_do_changes_nothing(deep: Tab) -> None:
    inspecting = deep.session.latent_axes
    inspecting.move(0, 1.0)  # before anything is measured
    inspecting.reset()
    inspecting.take(0, 0)
    inspecting.shown = "traversals"
    deep.rest()
    code = inspecting.code
    for gesture in (
        lambda: inspecting.move(9, 1.0),
        lambda: inspecting.move(0, float("nan")),
        lambda: inspecting.reset(-1),
        lambda: inspecting.take(4, 0),
        lambda: inspecting.take(0, 99),
    ):
        gesture()
    deep.rest()
    assert inspecting.code is code
    assert deep.session.state.error == ""


def test_a_cell_becomes_the_code_and_the_frame(deep: Tab) -> None:
    session, inspecting = deep.session, deep.session.latent_axes
    inspecting.shown = "traversals"
    session.decoder.pick_index(7)
    deep.rest()
    grid = inspecting.traversal
    assert grid.start.index == 7
    inspecting.take(2, 8)
    deep.rest()
    np.testing.assert_array_equal(inspecting.code, grid.codes[2, 8])
    frame = session.decoder.frame.read()[1]
    np.testing.assert_allclose(frame.sample, grid.samples[2, 8], atol=1e-6)
    assert frame.stamp == session.state.scene.key
    assert inspecting.frame.read()[1] is frame


def test_traversals_are_made_anew_for_another_pick_and_once_for_each(deep: Tab) -> None:
    session, inspecting = deep.session, deep.session.latent_axes
    inspecting.shown = "traversals"
    deep.rest()
    first = inspecting.traversal
    inspecting.shown = "axes"
    inspecting.shown = "traversals"
    session.state.projection = "slice"
    deep.rest()
    assert inspecting.traversal is first  # another map of the same codes
    inspecting.shown = ""
    session.decoder.pick_index(9)
    deep.rest()
    assert inspecting.traversal is first  # nobody looks
    inspecting.shown = "traversals"
    deep.rest()
    assert inspecting.traversal.start.index == 9


def test_while_a_model_trains_the_hand_keeps_its_code_and_the_rest_follows(deep: Tab) -> None:
    session, inspecting = deep.session, deep.session.latent_axes
    inspecting.shown = "axes"
    session.decoder.pick_index(42)
    deep.rest()
    inspecting.move(0, 1.25)
    deep.rest()
    code, axes, frame = inspecting.code, inspecting.axes, inspecting.frame.read()[1]
    session.settings.plan.epochs = 2
    session.train()
    deep.until(lambda: session.state.run.state is RunState.DONE, "the end of the run").rest()
    deep.until(lambda: inspecting.current and inspecting.axes is not axes, "the axes of the new model").rest()
    np.testing.assert_array_equal(inspecting.code, code)
    np.testing.assert_array_equal(inspecting.start.code, session.state.scene.cloud.mean[42])
    assert inspecting.frame.read()[1].stamp == session.state.scene.key != frame.stamp
    inspecting.reset()
    np.testing.assert_array_equal(inspecting.code, session.state.scene.cloud.mean[42])


def test_another_data_set_begins_anew(deep: Tab) -> None:
    session, inspecting = deep.session, deep.session.latent_axes
    inspecting.shown = "axes"
    deep.rest()
    inspecting.move(0, 1.25)
    session.model_choice.choose(Choice("digits"))
    deep.until(lambda: session.state.scene.dataset.name == "digits", "digits").rest()
    assert inspecting.current
    assert inspecting.axes.latent == session.state.scene.cloud.latent == len(inspecting.code)
    np.testing.assert_array_equal(inspecting.code, inspecting.start.code)


def test_on_the_sphere_a_moved_code_stays_on_it(
    services: Services, opened: Callable[..., Tab], iris: Dataset
) -> None:
    model = models.create("sphere-vae", shape=iris.shape, latent=3)
    tab = opened(services.bases.given(iris, model)).rest()
    inspecting = tab.session.latent_axes
    inspecting.shown = "axes"
    tab.rest()
    for axis, value in ((0, 0.9), (2, -0.5), (1, 1.0)):
        inspecting.move(axis, value)
        assert np.linalg.norm(inspecting.code) == pytest.approx(1.0, abs=1e-6)
        assert inspecting.code[axis] == np.float32(value)


def test_nothing_is_measured_for_a_session_that_has_gone(deep: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    stops: list[Callable[[], bool]] = []

    def kept(*args: object, stop: Callable[[], bool], **more: object) -> object:
        stops.append(stop)
        return measure(*args, stop=stop, **more)

    monkeypatch.setattr("explorer.session.latent_axes.measure", kept)
    deep.session.latent_axes.shown = "axes"
    deep.rest()
    assert [stop() for stop in stops] == [False]
    deep.session.close()
    assert [stop() for stop in stops] == [True]
