"""The runs of the store in a session: looked through, opened, branched from, gone on with, deleted."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from threading import Event

import numpy as np
import pytest

import models
from explorer.core.comparison.side import Side
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.latent.cloud import weights_token
from explorer.core.scene.scene import Scene
from explorer.core.settings.training import TrainingMode
from explorer.runtime import base_models
from explorer.runtime.base import Base
from explorer.runtime.run import Job
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.records import KeptState, RunRecord
from explorer.runtime.store.writer import Recording
from explorer.runtime.training import headless
from explorer.services import Services
from explorer.session.history import store_tasks
from explorer.session.history.history import History
from tests.session.tab import PATIENCE, Tab


@pytest.fixture
def services(tmp_path: Path) -> Services:
    services = Services(home=tmp_path / "home")
    yield services
    services.close()


def begun(services: Services, data: Dataset, **more: object) -> headless.Headless:
    model = models.create("vae", shape=data.shape, width=0.25)
    given = {"epochs": 4, "batch_size": 32, "name": "first light", "source": "iris", **more}
    return headless.begin(services.store, Job(model, data, **given))


def kept(services: Services, data: Dataset, **more: object) -> RunRecord:
    run = begun(services, data, **more)
    list(run)
    return services.store.find(run.run)


def killed(services: Services, data: Dataset, after: int = 2, **more: object) -> RunRecord:
    """A run whose process ended without a word at the end of an epoch."""
    run = begun(services, data, **more)
    next(step for step in run if step.epoch_done and step.epoch == after)
    run._recording.close()
    return services.store.find(run.run)


def weights(services: Services, record: RunRecord, epoch: int | None = None) -> str:
    return weights_token(KeptRun(services.store, record).model(epoch))


def shows(tab: Tab, services: Services, record: RunRecord, epoch: int) -> Tab:
    token = weights(services, record, epoch)
    return tab.until(
        lambda: weights_token(tab.session.state.scene.model) == token, f"epoch {epoch} on the map"
    )


def looked(tab: Tab) -> History:
    history, version = tab.session.history, tab.session.history.listing.version
    history.look()
    tab.until(lambda: history.listing.version > version or history.listing.version, "a look")
    return history


def digits_run(services: Services, source: str = "digits") -> RunRecord:
    return kept(services, load_dataset("digits"), source=source, epochs=1, batch_size=512)


def sentence(tab: Tab) -> str:
    tab.until(lambda: tab.session.state.error, "a sentence").rest()
    error, tab.session.state.error = tab.session.state.error, ""
    assert "\n" not in error
    assert "unexpectedly" not in error
    return error


def test_a_run_comes_on_the_map_at_any_epoch_and_the_choosers_follow(
    services: Services, opened: Callable[..., Tab], iris: Dataset
) -> None:
    record = kept(services, iris)
    tab = opened(services.bases.given(iris, models.create("ae", shape=iris.shape, width=0.5))).rest()
    session, history = tab.session, tab.session.history
    before = session.state.scene
    session.selection.random(60, seed=2)
    selected = session.state.selected
    history.open_run.open(record.id, 2)
    shows(tab, services, record, 2).rest()
    assert session.state.shown.kept == history.open_run.on_map == (record.id, 2)
    assert session.state.scene.dataset is before.dataset  # the data that were on the map serve
    np.testing.assert_array_equal(session.state.selected, selected)
    assert (session.draft.model, session.draft.latent) == ("vae", 2)
    assert session.draft.knobs.settings()["width"] == 0.25
    assert session.draft.question == ""
    history.open_run.open(record.id)
    shows(tab, services, record, 4)
    assert session.state.shown.kept == (record.id, 4)
    session.revert()
    shows(tab, services, record, 2)


def test_data_that_are_not_on_the_map_are_loaded_by_name(services: Services, tab: Tab, iris: Dataset) -> None:
    digits = digits_run(services)
    tab.session.history.open_run.open(digits.id)
    shows(tab, services, digits, 1)
    assert tab.session.state.scene.dataset.name == "digits"
    assert tab.session.draft.source == "digits"


def test_what_is_trained_from_an_opened_epoch_is_its_child(
    services: Services, tab: Tab, iris: Dataset
) -> None:
    record = kept(services, iris)
    training = tab.session.training
    training.settings.plan.param.update(epochs=1, batch_size=64)
    tab.session.history.open_run.branch(record.id, 3)
    tab.until(lambda: training.run is not None and training.run.join(0), "the branch")
    child = services.store.find(training.run.kept)
    assert (child.parent, child.parent_epoch) == (record.id, 3)
    assert weights(services, child, 0) == weights(services, record, 3)
    tab.rest()
    training.start()
    assert training.run.join(PATIENCE)
    grandchild = services.store.find(training.run.kept)
    assert (grandchild.parent, grandchild.parent_epoch) == (child.id, 1)


def test_the_last_epoch_brings_its_optimizer_along(services: Services, tab: Tab, iris: Dataset) -> None:
    record, training = kept(services, iris), tab.session.training
    for epoch, said in ((2, "its optimizer starts afresh"), (4, "with its optimizer's state")):
        tab.session.history.open_run.open(record.id, epoch)
        shows(tab, services, record, epoch).rest()
        assert said in training.sentence
        assert (training.jobs.job(None, training.history).start is not None) is (epoch == 4)


def test_a_branch_goes_on_from_weights_whatever_was_chosen_before(
    services: Services, tab: Tab, iris: Dataset
) -> None:
    record, training = kept(services, iris), tab.session.training
    training.settings.mode = TrainingMode.FROM_SCRATCH
    training.settings.plan.epochs = 1
    tab.session.history.open_run.branch(record.id)
    tab.until(lambda: training.run is not None and training.run.join(0), "the branch")
    assert services.store.find(training.run.kept).mode is TrainingMode.FINE_TUNE


def test_a_new_model_is_no_child_of_what_was_open(services: Services, tab: Tab, iris: Dataset) -> None:
    record = kept(services, iris)
    session = tab.session
    session.history.open_run.open(record.id)
    shows(tab, services, record, 4).rest()
    session.settings.plan.epochs = 1
    session.draft.latent = 3
    session.model_choice.apply()
    tab.until(
        lambda: session.state.scene.model.latent == 3 and session.state.run is not None, "the new model"
    )
    assert session.state.run.join(PATIENCE)
    assert services.store.find(session.state.run.kept).parent is None


def test_an_interrupted_run_is_offered_and_goes_on_as_if_nothing_had_been(
    services: Services, opened: Callable[..., Tab], iris: Dataset
) -> None:
    whole = kept(services, iris, name="uninterrupted")
    record = killed(services, iris)
    tab = opened().rest()
    history, training = tab.session.history, tab.session.training
    tab.until(lambda: history.offers, "the offer")
    assert [offer.id for offer in history.offers] == [record.id]
    history.open_run.go_on(record.id)
    tab.until(lambda: training.run is not None and training.run.join(0), "the end")
    assert training.run.kept == record.id
    assert services.store.find(record.id).state is KeptState.DONE
    now = services.store.find(record.id)
    assert now.epoch == 4
    assert weights(services, now) == weights(services, whole)
    shows(tab, services, now, 4).rest()
    assert history.open_run.on_map == (record.id, 4)
    tab.until(lambda: not history.offers, "no offer")  # though nobody looks at the tree
    training.revert()
    shows(tab, services, now, 2)
    assert history.offers == ()


def test_not_now_holds_for_the_session(services: Services, opened: Callable[..., Tab], iris: Dataset) -> None:
    killed(services, iris)
    tab = opened().rest()
    history = tab.session.history
    tab.until(lambda: history.offers, "the offer")
    history.decline()
    looked(tab)
    assert history.offers == ()
    other = opened()
    other.until(lambda: other.session.history.offers, "the offer in another session")


def test_more_epochs_than_were_planned(services: Services, tab: Tab, iris: Dataset) -> None:
    record = kept(services, iris)
    opening, training = tab.session.history.open_run, tab.session.training
    opening.go_on(record.id)
    assert "has all of its 4 epochs" in sentence(tab)
    opening.go_on(record.id, 3)
    tab.until(lambda: training.run is not None and training.run.join(0), "the end")
    now = services.store.find(record.id)
    assert (now.epoch, now.plan["epochs"], now.state) == (7, 7, KeptState.DONE)


def test_a_run_of_another_process_is_shown_and_left_alone(
    services: Services, tab: Tab, iris: Dataset
) -> None:
    run = begun(services, iris)
    next(step for step in run if step.epoch_done)
    history = looked(tab)
    tab.until(lambda: history.listing.read()[1].running, "the run")
    history.open_run.go_on(run.run)
    assert "is being trained" in sentence(tab)
    history.delete(run.run)
    assert "is being trained" in sentence(tab)
    history.open_run.open(run.run)
    shows(tab, services, services.store.find(run.run), 1)
    run.close()


def test_data_that_are_not_found_are_named(services: Services, tab: Tab, iris: Dataset) -> None:
    hidden = [digits_run(services, source) for source in ("", "somewhere.else:load")]
    before = tab.session.state.scene
    for record in hidden:
        tab.session.history.open_run.open(record.id)
        assert "are not found by themselves" in sentence(tab)
    tab.session.history.open_run.open("nothing")
    assert "there is no run" in sentence(tab)
    assert tab.session.state.scene is before
    assert tab.session.state.base is tab.session.state.shown


def test_a_run_is_named_annotated_deleted_and_restored(services: Services, tab: Tab, iris: Dataset) -> None:
    one, two = kept(services, iris, name="one", epochs=1), kept(services, iris, name="two", epochs=1)
    history = looked(tab)
    history.choose(one.id)
    tab.until(lambda: history.chosen is not None, "the chosen one")
    history.edit(one.id, name="  first\n light ")
    history.edit(one.id, note="a note")
    tab.until(
        lambda: (history.chosen.record.name, history.chosen.record.note) == ("first light", "a note"), "both"
    )
    history.edit(one.id, name=" ")
    assert "needs a name" in sentence(tab)
    history.search = "note light"
    tab.until(lambda: [row.record.id for row in history.listing.read()[1].rows] == [one.id], "what is found")
    history.search = ""
    history.delete(one.id)
    history.delete(two.id)
    tab.until(lambda: history.listing.read()[1].trashed == 2, "both deleted")
    assert history.chosen is None
    assert history.undoable.id == two.id
    history.undo()
    tab.until(lambda: history.listing.read()[1].trashed == 1, "one of them back")
    history.open_run.open(one.id)
    assert "was deleted; restore it first" in sentence(tab)
    history.trashed = True
    tab.until(
        lambda: [row.record.id for row in history.listing.read()[1].rows] == [one.id], "the deleted one"
    )
    history.sweep()
    tab.until(lambda: history.listing.read()[1].trashed == 0, "it gone for good")
    assert not services.store.of(one.id).exists()
    assert services.store.of(two.id).exists()


def test_a_run_leaves_as_one_file_and_comes_back(services: Services, tab: Tab, iris: Dataset) -> None:
    record = kept(services, iris, name="out & in/again", epochs=1)
    history = tab.session.history
    history.export(record.id)
    tab.until(lambda: history.archive is not None, "the file")
    assert re.fullmatch(r"out-in-again-[0-9a-f]{12}\.zip", history.archive.name)
    path = services.keep_upload("run.zip", history.archive.content)
    history.sent()
    assert history.archive is None
    history.take(path)
    tab.until(lambda: history.chosen is not None, "the copy")
    assert history.chosen.record.id != record.id
    assert history.chosen.record.name == record.name
    assert not path.exists()
    bad = services.keep_upload("bad.zip", b"no zip at all")
    history.take(bad)
    assert "bad.zip is not a whole run" in sentence(tab)
    assert not bad.exists()


def test_too_large_a_run_is_not_sent(
    services: Services, tab: Tab, iris: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = kept(services, iris, epochs=1)
    monkeypatch.setattr(store_tasks, "MOST_SENT", 1_000)
    tab.session.history.export(record.id)
    assert f"runs export {record.id}" in sentence(tab)
    assert tab.session.history.archive is None


@pytest.fixture
def compared(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Side, Side, bool]]:
    """The sides that are given to be compared, and whether as related, newest last."""
    comparing, given = tab.session.comparison, []
    compare = comparing.compare

    def noting(before: Side, after: Side, *, related: bool) -> None:
        given.append((before, after, related))
        compare(before, after, related=related)

    monkeypatch.setattr(comparing, "compare", noting)
    return given


def test_any_two_are_compared_if_they_are_of_the_data_on_the_map(
    services: Services, tab: Tab, iris: Dataset, compared: list[tuple[Side, Side, bool]]
) -> None:
    record, history = kept(services, iris), tab.session.history
    history.compare(record.id, 3)
    tab.until(lambda: compared, "a comparison with the map")
    before, after, related = compared.pop()
    assert not related  # the model on the map is none of the store's
    assert before.cloud is tab.session.state.scene.cloud
    assert (after.name, weights_token(after.model)) == ("first light, epoch 3", weights(services, record, 3))
    assert after.cloud.stamp.dataset == iris.stamp
    looked(tab)
    history.mark(record.id, 1)
    history.compare(record.id, 1)
    assert "choose another one" in sentence(tab)
    history.compare(record.id, 4)
    tab.until(lambda: compared, "a comparison of two epochs")
    before, after, related = compared.pop()
    assert related
    assert (before.name, after.name) == ("first light, epoch 1", "first light, epoch 4")
    history.unmark()
    history.compare(digits_run(services).id, 1)
    assert "is of the data 'digits' and on the map are others, 'iris'" in sentence(tab)
    assert compared == []


def test_a_branch_that_begins_while_its_run_is_encoded_again_keeps_its_parent(
    services: Services, tab: Tab, iris: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, asked, encoded = kept(services, iris), Event(), Event()
    encode, lay_out, show = base_models.encode, services.lay_out, Base.show

    def late(*given: object, **more: object) -> object:
        assert asked.wait(PATIENCE)
        return encode(*given, **more)

    def shown(base: Base, *given: object) -> None:
        show(base, *given)
        if base.snapshot.version == 2:
            encoded.set()

    def laid_out(*given: object) -> Scene:  # of the stored codes, when what is encoded has come meanwhile
        asked.set()
        assert encoded.wait(PATIENCE)
        return lay_out(*given)

    monkeypatch.setattr(base_models, "encode", late)
    monkeypatch.setattr(Base, "show", shown)
    monkeypatch.setattr(services, "lay_out", laid_out)
    tab.session.training.settings.plan.param.update(epochs=1, batch_size=64)
    tab.session.history.open_run.branch(record.id, 2)
    training = tab.session.training
    tab.until(lambda: training.run is not None and training.run.join(0), "the end of the branch")
    branch = services.store.find(training.run.kept)
    assert (branch.parent, branch.parent_epoch) == (record.id, 2)


def test_a_branch_is_compared_as_a_relation_of_its_run_and_of_no_other(
    services: Services, tab: Tab, iris: Dataset, compared: list[tuple[Side, Side, bool]]
) -> None:
    record, other = kept(services, iris), kept(services, iris, seed=1)
    history, training = tab.session.history, tab.session.training
    training.settings.plan.param.update(epochs=1, batch_size=64)
    history.open_run.branch(record.id, 2)
    tab.until(lambda: training.run is not None and training.run.join(0), "the branch").rest()
    for run, related in ((record.id, True), (other.id, False), (training.run.kept, True)):
        history.compare(run, 1)
        tab.until(lambda: compared, "a comparison with the branch, which is on the map")
        assert compared.pop()[2] is related, run


def test_a_session_that_opens_where_there_is_no_store_makes_none(services: Services, tab: Tab) -> None:
    tab.until(lambda: tab.session.history.listing.version, "a look")
    assert not services.store.folder.exists()
    assert tab.session.state.error == ""


def test_a_lost_recording_is_not_listed_as_running(services: Services, tab: Tab, iris: Dataset) -> None:
    model = models.create("vae", shape=iris.shape, width=0.25)
    recording = Recording.begin(services.store, Job(model, iris, source="iris", epochs=2), "cpu")
    history = looked(tab)
    tab.until(lambda: history.listing.read()[1].running, "the run")
    recording.close()
    history.look()
    tab.until(lambda: history.offers, "the offer")
