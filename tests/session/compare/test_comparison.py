"""Two sides on one plane: the run is followed, places correspond, the hand means the same on every map."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

import models
from explorer.core.comparison.side import Side
from explorer.core.comparison.triptych import AFTER, BEFORE, CHOSEN, Triptych
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.latent.cloud import encode
from explorer.core.quality import bootstrap, class_measures
from explorer.core.scene.viewport import Viewport
from explorer.core.selection.brush import Box, Lasso
from explorer.runtime.base import Choice
from explorer.runtime.run import Job, RunState
from explorer.services import Services
from explorer.session import Session
from explorer.session.compare.comparison import Comparison
from explorer.session.compare.measures import PLACES, SELECTED, WORST
from models import Autoencoder
from tests.endless import EPOCHS, endless
from tests.session.tab import PATIENCE, Tab, held


@pytest.fixture(scope="module", autouse=True)
def _few_draws() -> Iterator[None]:
    """How sure the figures are is tested where they are made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "RESAMPLES", 20)
        patch.setattr(class_measures, "_DEALT", 500)
        yield


def train(tab: Tab, epochs: int = 3, **plan: object) -> None:
    session = tab.session
    session.settings.plan.param.update(**{"epochs": epochs, "batch_size": 32, **plan})
    session.train()
    tab.until(lambda: session.state.run.state.over, "the end of the run").rest()


def settle(tab: Tab) -> Tab:
    """Until the pair is that of the newest map and nothing is measured any more."""
    comparison = tab.session.comparison
    tab.until(lambda: comparison.pair is not None, "a pair").rest()
    tab.until(lambda: not comparison.measures.busy and comparison.measures.examples is not None, "figures")
    return tab.rest()


@pytest.fixture
def trained(tab: Tab) -> Tab:
    """A session whose run is over, with the comparison open."""
    train(tab)
    tab.session.comparison.shown = True
    return settle(tab)


def image(session: Session) -> Triptych:
    return session.comparison.image.read()[1]


def morph(comparison: Comparison, fraction: float, sequence: int) -> None:
    everything = Viewport(-1, 1, -1, 1, 320, 320)
    comparison.look(everything, home=True, sequence=sequence, fraction=fraction, draft=True)


def decoded(model: Autoencoder, code: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return model.decode(torch.tensor(np.asarray(code, np.float32)[None]))[0].numpy()


def test_nothing_is_made_until_somebody_looks(tab: Tab) -> None:
    comparison = tab.session.comparison
    train(tab)
    assert comparison.pair is None
    assert comparison.image.version == 0
    assert comparison.measures.comparison is None
    comparison.shown = True
    settle(tab)
    assert comparison.image.version > 0


def test_before_a_training_it_says_what_to_do(tab: Tab) -> None:
    comparison = tab.session.comparison
    comparison.shown = True
    tab.rest()
    assert comparison.pair is None
    assert "Train the model" in comparison.waiting


def test_the_run_is_followed_from_what_was_on_the_map(tab: Tab) -> None:
    session, comparison = tab.session, tab.session.comparison
    began = session.state.scene
    comparison.shown = True
    train(tab)
    settle(tab)
    pair, snapshot = comparison.pair, session.state.run.snapshot.read()[1]
    assert pair.before.side.cloud is began.cloud
    assert pair.before.side.model is began.model
    assert pair.after.side.cloud is snapshot.cloud
    assert pair.after.side.name == "After epoch 3"
    assert pair.common
    assert not pair.turned
    train(tab)
    settle(tab)
    assert comparison.pair.before.side.cloud is snapshot.cloud
    session.revert()
    tab.until(lambda: comparison.pair.after.side.name == "After epoch 3, reverted", "what was reverted")
    assert comparison.pair.before.side.cloud is snapshot.cloud
    session.revert()
    tab.until(lambda: comparison.pair.before.side.cloud is began.cloud, "the run before, reverted too")
    assert comparison.pair.after.side.cloud is snapshot.cloud


def test_a_run_is_compared_with_what_it_goes_on_from_wherever_the_map_has_gone(tab: Tab) -> None:
    """As one that has waited in a queue; and one of fresh weights with what was on the map."""
    session, comparison = tab.session, tab.session.comparison
    comparison.shown = True
    began = session.state.scene
    train(tab)
    fresh = models.create("vae", shape=began.dataset.shape, width=0.25, seed=9)
    for model, turned in ((began.model, False), (fresh, True)):
        before = began if model is began.model else session.state.scene
        submit = session.services.slot.submit
        first = submit(Job(model=began.model, dataset=began.dataset, epochs=EPOCHS, batch_size=1))
        run = submit(Job(model=model, dataset=began.dataset, epochs=1), session.tasks.ring)
        session.state.run = run
        first.abandon()
        tab.until(lambda run=run: run.state.over, "the end of the run").rest()
        newest = run.snapshot.read()[1]
        tab.until(lambda newest=newest: comparison.pair.after.side.cloud is newest.cloud, "its pair")
        assert comparison.pair.before.side.cloud is before.cloud
        assert comparison.pair.turned == turned
        tab.until(lambda newest=newest: session.state.scene.cloud is newest.cloud, "its map").rest()


def test_a_run_that_is_found_again_has_its_start_encoded(tab: Tab) -> None:
    session, comparison = tab.session, tab.session.comparison
    began = session.state.scene
    run = session.services.slot.submit(Job(model=began.model.clone(), dataset=began.dataset, epochs=1))
    assert run.join(PATIENCE)
    session.state.run = run
    comparison.shown = True
    tab.until(lambda: comparison.pair is not None, "a pair")
    assert comparison.pair.before.side.model is not began.model
    np.testing.assert_allclose(comparison.pair.before.codes, began.cloud.mean, atol=1e-5)
    assert not comparison.pair.turned


def test_a_place_is_decoded_by_both_models_at_its_code(trained: Tab) -> None:
    comparison = trained.session.comparison
    pair = comparison.pair
    comparison.decoder.hover((0.4, -0.3))
    trained.rest()
    frame = comparison.decoder.frame.read()[1]
    assert frame.stamp == pair.key
    assert frame.xy == (0.4, -0.3)
    for sample, placed in ((frame.before, pair.before), (frame.after, pair.after)):
        np.testing.assert_allclose(sample, decoded(placed.side.model, np.array([0.4, -0.3])), atol=1e-6)
    assert not np.allclose(frame.before, frame.after)


def test_a_brush_means_the_same_on_every_map_and_on_the_main_one(trained: Tab) -> None:
    session, comparison = trained.session, trained.session.comparison
    box = Box(*np.percentile(session.state.scene.xy, [20, 30, 70, 80]).astype(float).tolist())
    session.selection.brush(box)
    trained.rest()
    wanted = session.state.selected
    session.selection.clear()
    comparison.brush(box, AFTER)
    trained.rest()
    np.testing.assert_array_equal(session.state.selected, wanted)
    xy = comparison.pair.before.xy
    lasso = Lasso(np.array([[-9.0, -9.0], [9.0, -9.0], [float(np.median(xy[:, 0])), 9.0]]))
    comparison.brush(lasso, BEFORE)
    trained.rest()
    np.testing.assert_array_equal(session.state.selected, lasso.mask(xy))


def test_a_brush_takes_only_what_its_map_shows(trained: Tab) -> None:
    session, comparison = trained.session, trained.session.comparison
    everything = Box(-1e3, -1e3, 1e3, 1e3)
    session.state.hidden = frozenset({1})
    comparison.brush(everything, BEFORE)
    trained.rest()
    labels = session.state.scene.cloud.labels
    np.testing.assert_array_equal(session.state.selected, labels != 1)
    chosen = np.arange(len(labels)) < 40
    session.selection.add(chosen)
    comparison.brush(everything, CHOSEN)
    trained.rest()
    np.testing.assert_array_equal(session.state.selected, chosen & (labels != 1))


def test_the_middle_map_has_the_selection_or_what_was_trained_on(tab: Tab) -> None:
    session, comparison = tab.session, tab.session.comparison
    comparison.shown = True
    session.selection.add(session.state.scene.cloud.labels == 2)
    session.settings.on = "selection"
    train(tab)
    settle(tab)
    selected = int((session.state.scene.cloud.labels == 2).sum())
    tab.until(lambda: image(session).points == (150, selected, 150), "the selected alone")
    session.selection.clear()
    indices = session.state.run.job.indices
    tab.until(lambda: image(session).points == (150, len(indices), 150), "those trained on")
    train(tab)
    comparison.compare_run()


def test_one_viewport_for_three_and_everything_at_first(trained: Tab) -> None:
    session, comparison = trained.session, trained.session.comparison
    pair = comparison.pair
    both = np.concatenate([pair.before.xy, pair.after.xy])
    assert image(session).viewport.contains(both).all()
    near = Viewport(-0.5, 0.5, -0.5, 0.5, 200, 180)
    comparison.look(near, home=False, sequence=7)
    trained.rest()
    assert image(session).viewport == near
    assert image(session).sequence == 7
    comparison.look(near, home=True, sequence=8)
    trained.rest()
    assert image(session).viewport.contains(both).all()
    assert (image(session).viewport.width, image(session).viewport.height) == (200, 180)


def test_swapped_twice_is_as_before(trained: Tab) -> None:
    session, comparison = trained.session, trained.session.comparison
    pair, before, table = comparison.pair, image(session), comparison.measures.comparison
    comparison.swap()
    settle(trained)
    swapped = comparison.pair
    assert swapped.before is pair.after
    assert swapped.after is pair.before
    assert image(session).pixels[BEFORE] == before.pixels[AFTER]
    back = comparison.measures.comparison
    for one, other in zip(table.changes, back.changes, strict=True):
        assert (one.before, one.after) == (other.after, other.before)
    comparison.swap()
    settle(trained)
    assert (comparison.pair.before, comparison.pair.after) == (pair.before, pair.after)
    assert image(session).pixels == before.pixels
    again = comparison.measures.comparison
    assert [change.change for change in again.changes] == [change.change for change in table.changes]


def test_a_morph_begins_and_ends_at_the_two_sides(trained: Tab) -> None:
    session, comparison = trained.session, trained.session.comparison
    at_end = image(session)
    morph(comparison, 0.0, 3)
    trained.rest()
    at_start = image(session)
    assert at_start.pixels[AFTER] == at_start.pixels[BEFORE]
    morph(comparison, 0.5, 4)
    trained.rest()
    between = image(session)
    assert between.sequence == 4
    assert between.pixels[AFTER] not in (at_start.pixels[AFTER], at_end.pixels[AFTER])
    assert between.pixels[BEFORE] == at_end.pixels[BEFORE]
    morph(comparison, 7.0, 5)
    trained.rest()
    assert comparison.morph == 1.0
    assert image(session).pixels == at_end.pixels


def test_arrows_lead_from_where_samples_were_to_where_they_are(trained: Tab) -> None:
    session, comparison = trained.session, trained.session.comparison
    assert len(image(session).moves) == 0
    comparison.arrows = True
    trained.rest()
    moves, pair = image(session).moves, comparison.pair
    pairs = {tuple(row) for row in np.concatenate([pair.before.xy, pair.after.xy], axis=1).tolist()}
    assert 5 < len(moves) <= 150
    assert {tuple(row) for row in moves.tolist()} <= pairs


def test_the_table_is_of_both_sides_on_held_out_data(trained: Tab) -> None:
    measuring = trained.session.comparison.measures
    assert measuring.current
    frame = measuring.comparison.frame()
    assert list(frame.columns)[:3] == ["before", "before_low", "before_high"]
    assert measuring.comparison.changes[0].before.draws is not None
    before = measuring.comparison
    measuring.measure()
    assert measuring.busy
    settle(trained)
    assert measuring.comparison is not before
    assert measuring.comparison["trustworthiness"].change == before["trustworthiness"].change


def test_measuring_can_be_cancelled_and_is_not_begun_again(trained: Tab) -> None:
    session, measuring = trained.session, trained.session.comparison.measures
    before = measuring.comparison
    with held(session.services.measures):
        measuring.measure()
        measuring.cancel()
        assert not measuring.busy
    trained.rest()
    assert measuring.comparison is before
    train(trained)
    settle(trained)
    assert measuring.current


def test_while_it_trains_the_table_says_that_it_is_of_an_earlier_epoch(trained: Tab) -> None:
    session, comparison = trained.session, trained.session.comparison
    measuring, former = comparison.measures, comparison.pair.after.side
    endless(session, batch_size=4)
    session.train()
    run = session.state.run
    assert comparison.pair.after.side is former  # until there is something of the new run to see
    trained.until(lambda: comparison.pair.before.side.cloud is former.cloud, "the new run")
    assert not comparison.at_rest
    measuring.measure()
    trained.until(lambda: not measuring.busy and measuring.comparison, "the table")
    trained.until(lambda: not measuring.current, "a newer map")
    assert measuring.comparison is not None
    session.stop()
    trained.until(lambda: run.state is RunState.STOPPED, "the end").rest()
    trained.until(lambda: measuring.current, "the table of the end")


def test_reconstructions_are_those_of_the_two_models(trained: Tab) -> None:
    session, comparison = trained.session, trained.session.comparison
    measuring = comparison.measures
    assert measuring.shown == WORST  # nothing is selected
    worst = measuring.examples
    assert len(worst.rows) == 24
    assert (worst.rows >= len(session.state.scene.dataset.train)).all()
    grown = worst.errors[:, 1] - worst.errors[:, 0]
    assert (np.diff(grown) <= 1e-5).all()
    session.selection.add(np.arange(150) < 3)
    trained.until(lambda: len(measuring.examples.rows) == 3, "the selected")
    assert measuring.shown == SELECTED
    found, x = measuring.examples, session.state.scene.dataset.x[:3]
    for made, placed, column in (
        (found.before, comparison.pair.before, 0),
        (found.after, comparison.pair.after, 1),
    ):
        with torch.inference_mode():
            codes = placed.side.model.encode(torch.tensor(x)).mean
            np.testing.assert_allclose(made, placed.side.model.decode(codes).numpy(), atol=1e-5)
            errors = models.reconstruction_error(placed.side.model, torch.tensor(x)).numpy()
        np.testing.assert_allclose(found.errors[:, column], errors, rtol=1e-4)


def side(dataset: Dataset, name: str, kind: str, **settings: object) -> Side:
    model = models.create(kind, shape=dataset.shape, **{"width": 0.25, **settings})
    return Side(name, model.eval(), encode(model, dataset))


def test_any_two_sides_can_be_compared_and_the_run_followed_again(trained: Tab, iris: Dataset) -> None:
    comparison = trained.session.comparison
    followed = comparison.pair
    one, other = side(iris, "one", "vae", seed=1), side(iris, "other", "ae", seed=2)
    comparison.compare(one, other)
    trained.until(lambda: comparison.pair.before.side is one, "the two").rest()
    assert comparison.given
    assert comparison.calls == 1
    assert comparison.pair.common
    assert comparison.pair.turned
    comparison.decoder.hover((0.2, 0.1))
    trained.rest()
    frame, placed = comparison.decoder.frame.read()[1], comparison.pair.after
    there = placed.alignment.apply(frame.codes[1][None].astype(np.float64))[0]
    np.testing.assert_allclose(there, (0.2, 0.1), atol=1e-5)
    np.testing.assert_allclose(frame.after, decoded(other.model, frame.codes[1]), atol=1e-6)
    comparison.compare_run()
    trained.until(lambda: comparison.pair.before.side is followed.before.side, "the run")
    assert not comparison.given


def test_a_sphere_beside_a_plane_does_not_correspond(trained: Tab, iris: Dataset) -> None:
    session, comparison = trained.session, trained.session.comparison
    plane, globe = side(iris, "plane", "vae"), side(iris, "globe", "sphere-vae", latent=3)
    comparison.compare(plane, globe)
    trained.until(lambda: comparison.pair.before.side is plane, "the two").rest()
    assert not comparison.pair.common
    assert comparison.pair.after.projection.sphere
    comparison.arrows = True
    morph(comparison, 0.3, 9)
    comparison.decoder.hover((0.1, 0.2))
    trained.rest()
    frame = comparison.decoder.frame.read()[1]
    assert np.linalg.norm(frame.codes[1]) == pytest.approx(1.0, abs=1e-6)
    assert len(image(session).moves) == 0
    assert session.state.error == ""


def test_sides_of_other_data_are_refused_in_a_sentence(trained: Tab) -> None:
    session, comparison = trained.session, trained.session.comparison
    pair = comparison.pair
    digits = load_dataset("digits")
    comparison.compare(pair.before.side, side(digits, "digits", "vae"))
    trained.until(lambda: session.state.error, "the sentence")
    assert "other data" in session.state.error
    assert comparison.pair is pair
    assert not comparison.given


def test_another_data_set_ends_a_comparison(trained: Tab, iris: Dataset) -> None:
    session, comparison = trained.session, trained.session.comparison
    comparison.compare(side(iris, "one", "vae"), side(iris, "other", "vae", seed=3))
    trained.rest()
    session.model_choice.choose(Choice("digits"))
    trained.until(lambda: session.state.scene.dataset.name == "digits", "digits").rest()
    assert comparison.pair is None
    assert not comparison.given
    digits = session.state.scene.dataset
    comparison.compare(side(digits, "one", "ae"), side(digits, "other", "ae", seed=3))
    trained.until(lambda: comparison.pair is not None, "digits beside digits")
    found = comparison.measures.examples
    assert found is None or found.before.shape[1:] == digits.shape
    assert comparison.measures.comparison is None


def test_a_map_of_more_dimensions_can_be_measured_on_the_plane(
    services: Services, opened: Callable[..., Tab], iris: Dataset
) -> None:
    model = models.create("vae", shape=iris.shape, latent=4, width=0.25)
    tab = opened(services.bases.given(iris, model)).rest()
    session, comparison = tab.session, tab.session.comparison
    session.state.projection = "pca"
    train(tab)
    comparison.shown = True
    settle(tab)
    assert comparison.pair.before.projection.name == "pca"
    assert comparison.pair.before.projection is comparison.pair.after.projection
    measuring = comparison.measures
    codes = measuring.comparison
    measuring.of = PLACES
    settle(tab)
    assert measuring.current
    assert measuring.comparison["trustworthiness"].after.value != codes["trustworthiness"].after.value


def test_a_globe_turns_on_all_three(services: Services, opened: Callable[..., Tab], iris: Dataset) -> None:
    tab = opened(services.bases.given(iris, models.create("sphere-vae", shape=iris.shape, latent=3))).rest()
    session, comparison = tab.session, tab.session.comparison
    train(tab)
    comparison.shown = True
    settle(tab)
    before = image(session)
    session.orientation.step(3, 1)
    tab.rest()
    assert image(session).pixels[BEFORE] != before.pixels[BEFORE]
    placed, orientation = comparison.pair.before, session.state.orientation
    comparison.decoder.hover((0.3, 0.2))
    tab.rest()
    code = placed.projection.turned(orientation).inverse(np.array([[0.3, 0.2]]))[0]
    np.testing.assert_allclose(comparison.decoder.frame.read()[1].codes[0], code, atol=1e-6)


def test_trustworthiness_colours_the_map_on_a_worker_of_its_own(tab: Tab) -> None:
    session = tab.session
    with held(session.services.extras):  # a brush need not wait for it, nor it for a brush
        session.state.colour_by = "trustworthiness"
        tab.until(lambda: session.state.colouring.values is not None, "the colours")
    assert session.state.colouring.title == "trustworthiness on this map: 10 nearest among all samples"
    assert 0 <= session.state.colouring.values.min() <= session.state.colouring.values.max() <= 1
