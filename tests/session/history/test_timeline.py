"""Looking back: map, frame and training at an epoch of the run, and the way to the newest again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
import torch

import models
from explorer.core.datasets import Dataset
from explorer.core.latent.cloud import weights_token
from explorer.core.projections import Aligned
from explorer.runtime.base import Base
from explorer.runtime.run import Run
from explorer.runtime.store import writer
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.training import loop
from explorer.services import Services
from explorer.session import Session
from tests.endless import endless
from tests.session.tab import PATIENCE, Tab, held

EPOCHS = 4


def train(tab: Tab, epochs: int = EPOCHS) -> Run:
    """Train to the end, until its epochs are offered and the map shows the last."""
    session = tab.session
    session.settings.plan.param.update(epochs=epochs, batch_size=32, learning_rate=0.02)
    session.train()
    run = session.state.run
    assert run.join(PATIENCE)
    newest = run.snapshot.read()[1]
    tab.until(lambda: session.state.scene.model is newest.model, "the trained map")
    tab.until(lambda: session.timeline.last == epochs, "the kept epochs").rest()
    return run


def go(tab: Tab, epoch: int) -> None:
    """Move to an epoch, and wait until it is on the map."""
    session, timeline = tab.session, tab.session.timeline
    timeline.move(epoch, rest=True)
    state = tab.session.state
    tab.until(lambda: state.origin is not None and state.origin[1] == epoch, f"epoch {epoch}").rest()
    assert session.view.image.read()[1].at is None


@pytest.fixture(autouse=True)
def _every_epoch_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs as short as these would have no places but at the end."""
    monkeypatch.setattr(loop, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(loop, "SHARE", 1.0)


@pytest.fixture
def kept(tab: Tab, services: Services) -> KeptRun:
    run = train(tab)
    return KeptRun(services.store, services.store.find(run.kept))


def test_nothing_is_offered_before_two_epochs_are_kept(tab: Tab) -> None:
    timeline = tab.session.timeline
    assert not timeline.offered
    timeline.move(1.0, rest=True)
    assert timeline.at is None
    train(tab, epochs=1)
    assert timeline.offered  # where it started from, and one epoch
    assert timeline.position == 1.0


def test_the_map_goes_back_to_an_epoch_and_decodes_with_its_weights(tab: Tab, kept: KeptRun) -> None:
    session, dataset = tab.session, tab.session.state.scene.dataset
    session.selection.random(20, seed=1)
    session.state.hidden = frozenset({1})
    session.decoder.pick_index(3)
    session.state.cursor = (0.3, -0.2)
    tab.rest()
    newest, mask = session.state.scene, session.state.selected
    go(tab, 2)
    scene = session.state.scene
    assert weights_token(scene.model) == weights_token(kept.model(2))
    np.testing.assert_allclose(scene.cloud.mean, kept.codes(2))
    frame = session.decoder.frame.read()[1]
    assert frame.stamp == scene.key
    assert isinstance(scene.projection, Aligned)
    # What is decoded is the place before the turn, by the weights of that epoch.
    code = scene.projection.alignment.inverse().apply(np.array([[0.3, -0.2]]))
    np.testing.assert_allclose(frame.code, code[0], atol=1e-6)
    with torch.inference_mode():
        wanted = kept.model(2).eval().decode(torch.tensor(code, dtype=torch.float32))[0].numpy()
    np.testing.assert_allclose(frame.sample, wanted, atol=1e-5)
    # A sample under the cursor is decoded from its own code.
    index = 7
    place = scene.projection.inverse(scene.xy[index : index + 1])
    np.testing.assert_allclose(place[0], kept.codes(2)[index], atol=1e-4)
    np.testing.assert_array_equal(session.state.selected, mask)
    assert session.state.hidden == frozenset({1})
    assert session.state.picked.index == 3
    assert session.timeline.epoch == 2
    assert "turned to match epoch 4" in session.timeline.note

    session.timeline.newest()
    tab.until(lambda: session.state.scene.cloud is newest.cloud, "the newest").rest()
    assert session.timeline.epoch is None
    assert session.state.origin is None
    np.testing.assert_array_equal(session.state.scene.xy, newest.xy)
    assert dataset is session.state.scene.dataset


def test_without_the_turn_the_map_is_that_of_the_codes(tab: Tab, kept: KeptRun) -> None:
    session = tab.session
    go(tab, 1)
    turned = session.state.scene.xy
    session.timeline.aligned = False
    tab.rest()
    np.testing.assert_allclose(session.state.scene.xy, kept.codes(1))
    assert not np.allclose(session.state.scene.xy, turned)
    assert session.timeline.note == ""


def test_where_it_started_is_encoded_anew(tab: Tab, kept: KeptRun) -> None:
    session = tab.session
    assert kept.codes(0) is None
    go(tab, 0)
    encoded = session.state.scene.cloud.mean
    with torch.inference_mode():
        x = torch.from_numpy(session.state.scene.dataset.x.copy())
        wanted = kept.model(0).eval().encode(x).mean.numpy()
    np.testing.assert_allclose(encoded, wanted, atol=1e-5)
    assert session.timeline.share == 1.0


def test_on_the_way_points_are_between_epochs_and_the_epoch_is_decoded(tab: Tab, kept: KeptRun) -> None:
    session, timeline = tab.session, tab.session.timeline
    session.state.cursor = (0.1, 0.1)
    timeline.warm()
    tab.until(lambda: timeline.share == 1.0, "the epochs").rest()
    scene, view = session.state.scene, session.view.viewport
    timeline.move(1.4)
    tab.until(lambda: tab.session.state.passing is not None, "the weights").rest()
    image = session.view.image.read()[1]
    assert image.at == 1.4
    assert image.scene == scene.key
    assert session.state.scene is scene  # no scene is laid out on the way
    assert weights_token(tab.session.state.passing.model) == weights_token(kept.model(1))
    frame = session.decoder.frame.read()[1]
    assert frame.stamp == scene.key
    assert frame.sample != pytest.approx(scene.model.decode(torch.tensor(frame.code[None]))[0].detach())
    assert session.state.passage.moment.points().shape == scene.xy.shape
    # Everything that the run passes through is in view, at one scale.
    wide = session.view.viewport
    timeline.move(3.2)
    tab.rest()
    assert session.view.viewport == wide
    assert view is not wide
    timeline.newest()
    tab.rest()
    assert session.view.image.read()[1].at is None
    assert tab.session.state.passing is None


def test_training_from_an_epoch_starts_with_its_weights(tab: Tab, kept: KeptRun, services: Services) -> None:
    session = tab.session
    go(tab, 1)
    session.settings.plan.epochs = 2
    session.train()
    run = session.state.run
    assert (run.job.parent, run.job.parent_epoch) == (kept.record.id, 1)
    assert weights_token(run.job.model) == weights_token(kept.model(1))
    assert run.join(PATIENCE)
    tab.until(lambda: session.timeline.last == 2, "the new run's epochs").rest()
    assert session.timeline.at is None
    again = KeptRun(services.store, services.store.find(run.kept))
    assert weights_token(again.model(0)) == weights_token(kept.model(1))


def test_while_it_trains_the_end_grows_and_the_map_stays_where_it_is_looked_at(
    tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "WEIGHTS_BYTES", 1 << 50)  # enough for every epoch of so long a run
    session, timeline = tab.session, tab.session.timeline
    endless(session, batch_size=4)
    session.train()
    tab.until(lambda: timeline.last >= 2 and timeline.offered, "two epochs")
    timeline.move(1, rest=True)
    tab.until(lambda: tab.session.state.origin is not None, "the epoch")
    scene, last = session.state.scene, timeline.last
    tab.until(lambda: timeline.last > last + 2, "more epochs")
    assert session.state.scene.cloud is scene.cloud
    assert timeline.epoch == 1
    timeline.newest()
    tab.until(lambda: session.state.scene.cloud is not scene.cloud, "the newest")
    newest = session.state.scene
    tab.until(lambda: session.state.scene is not newest, "what comes")
    session.stop()
    assert session.state.run.join(PATIENCE)


def test_another_model_leaves_the_epochs_behind(
    tab: Tab, kept: KeptRun, services: Services, iris: Dataset
) -> None:
    session = tab.session
    go(tab, 1)
    session.state.return_to(services.bases.given(iris, models.create("ae", shape=iris.shape, width=0.25)))
    session.state.run = None
    tab.until(lambda: session.state.scene.model.name == "ae", "the other model").rest()
    assert session.timeline.at is None
    assert not session.timeline.offered
    image = session.view.image.read()[1]
    assert (image.at, image.scene) == (None, session.state.scene.key)


def test_another_projection_and_draws_hold_at_an_epoch(
    services: Services, opened: Callable[..., Tab], iris: Dataset
) -> None:
    base = services.bases.given(iris, models.create("vae", shape=iris.shape, latent=3, width=0.25))
    tab = opened(base).rest()
    train(tab, epochs=3)
    session = tab.session
    session.state.projection = "pca"
    tab.rest()
    go(tab, 2)
    assert session.state.scene.projection.name == "pca"
    session.state.projection = "rotation"
    tab.until(lambda: session.state.scene.projection.name == "rotation", "the other map").rest()
    assert session.timeline.epoch == 2
    assert session.timeline.track.evolution.turns
    session.timeline.move(1.5)
    tab.rest()
    assert session.view.image.read()[1].at == 1.5
    go(tab, 1)
    assert session.state.scene.cloud.spread is None
    session.state.draws = 2
    tab.until(lambda: session.state.scene.cloud.spread is not None, "the posteriors").rest()
    assert session.view.image.read()[1].points == 2 * len(iris)


def test_an_epoch_that_is_coloured_by_kl_has_its_posteriors(tab: Tab, kept: KeptRun) -> None:
    session = tab.session
    session.state.colour_by = "kl"
    tab.rest()
    go(tab, 1)
    assert session.state.colour_by == "kl"
    np.testing.assert_array_equal(session.state.colouring.values, session.state.scene.cloud.kl)


def test_a_base_of_a_kept_run_offers_its_epochs(
    tab: Tab, kept: KeptRun, services: Services, opened: Callable[..., Tab], iris: Dataset
) -> None:
    def opened_from_store() -> Base:
        base = services.bases.given(iris, kept.model(2))
        base.kept = (kept.record.id, 2)
        return base

    other = opened(opened_from_store())
    session = other.session
    other.until(lambda: session.timeline.offered, "the run").rest()
    assert session.timeline.position == 2.0
    assert session.timeline.epoch is None
    go(other, 4)
    assert weights_token(session.state.scene.model) == weights_token(kept.model(4))
    assert session.timeline.position == 4.0
    go(other, 3)
    assert session.timeline.epoch == 3


def test_a_run_that_was_removed_leaves_the_map(tab: Tab, kept: KeptRun, services: Services) -> None:
    session = tab.session
    for epoch in kept.epochs:
        if epoch.weights is not None:
            (services.store.of(kept.record.id) / epoch.weights).unlink()
    shown: Session = session
    scene = shown.state.scene
    shown.timeline.move(1, rest=True)
    tab.until(lambda: shown.state.error, "the sentence").rest()
    assert shown.state.scene is scene


def test_a_film_is_of_what_the_slider_passes_through(tab: Tab, kept: KeptRun, tmp_path: Path) -> None:
    session, filming = tab.session, tab.session.film
    session.make_film("gif", "small", fps=4, speed=2.0)
    assert filming.share == 0.0
    tab.until(lambda: filming.share is None, "the film")
    name, content = filming.done
    assert name == f"iris-{kept.record.id}.gif"
    (tmp_path / name).write_bytes(content)
    assert imageio.imread(tmp_path / name, index=None).shape == (2 * EPOCHS + 1, 420, 480, 3)
    assert session.state.error == ""
    session.make_film("gif", "small", fps=4, speed=8.0)
    tab.until(lambda: session.state.error, "the sentence")
    assert "epochs per second" in session.state.error
    assert filming.share is None


def test_a_film_that_is_cancelled_is_none(tab: Tab, kept: KeptRun, services: Services) -> None:
    filming = tab.session.film
    with held(services.films):
        tab.session.make_film("mp4", "small", fps=20, speed=1.0)
        filming.cancel()
    tab.until(lambda: filming.share is None, "the end")
    assert filming.done is None
    assert tab.session.state.error == ""
