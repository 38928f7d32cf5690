"""A base is made ready once, kept for the next start, and never by running what a browser names."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import DataError
from explorer.core.latent.cloud import Cloud, encode, weights_token
from explorer.runtime import base_models as module
from explorer.runtime.base import Base, Choice
from explorer.runtime.base_models import Bases
from explorer.runtime.run import Job, Run
from explorer.runtime.store.store import RUNS, RunStore
from explorer.runtime.training.slot import TrainingSlot
from models import Autoencoder

PATIENCE = 60.0  # seconds until a test that hangs fails; no test waits this long when it passes
SMALL_VAE = Choice("iris", options=(("width", 0.25),))


class CountedSlot(TrainingSlot):
    """Remembers what was trained on it."""

    def __init__(self) -> None:
        super().__init__("cpu")
        self.jobs: list[Job] = []

    def submit(self, job: Job, notify: Callable[[], object] | None = None) -> Run:
        self.jobs.append(job)
        return super().submit(job, notify)


class Start:
    """One start of the process, with the models that a former start has kept."""

    def __init__(self, folder: Path) -> None:
        self.changes = 0
        self.slot = CountedSlot()
        self.bases = Bases(self.slot, folder, None, self._change, RunStore(folder.parent / RUNS))

    def _change(self) -> None:
        self.changes += 1

    def ready(self, base: Base) -> Base:
        """The base when nothing prepares it any more."""
        while threads := [t for t in threading.enumerate() if t.name == f"preparing {base.choice.source}"]:
            threads[0].join(PATIENCE)
            assert not threads[0].is_alive()
        assert base.status is None
        assert base.run is None
        return base

    def end(self) -> None:
        self.bases.close()
        self.slot.close()


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return load_dataset("iris")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "models"


@pytest.fixture
def begin(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Start]]:
    started: list[Start] = []
    monkeypatch.setattr(models, "default_plan", lambda samples: models.Plan(3, 64, 1e-3))

    def start() -> Start:
        started.append(Start(folder))
        return started[-1]

    yield start
    for each in started:
        each.end()


def shown(base: Base) -> Autoencoder:
    snapshot = base.snapshot.read()[1]
    assert snapshot is not None
    return snapshot.model


def test_small_data_are_trained_once_and_kept_for_the_next_start(
    begin: Callable[[], Start], folder: Path
) -> None:
    first = begin()
    base = first.ready(first.bases.get(SMALL_VAE))
    assert base.error is None
    assert len(first.slot.jobs) == 1
    assert base.snapshot.version >= 2  # untrained at once, then as it was trained
    fresh = models.create("vae", shape=base.dataset.shape, width=0.25)
    assert weights_token(first.slot.jobs[0].model) == weights_token(fresh)
    assert weights_token(shown(base)) != weights_token(fresh)
    assert [path.suffix for path in sorted(folder.iterdir())] == [".json", ".safetensors"]

    second = begin()
    again = second.ready(second.bases.get(SMALL_VAE))
    assert second.slot.jobs == []
    assert again.snapshot.version == 1
    assert weights_token(shown(again)) == weights_token(shown(base))
    cloud = again.snapshot.read()[1].cloud
    np.testing.assert_allclose(cloud.mean, encode(shown(again), again.dataset).mean)


def test_the_page_has_something_to_show_before_the_training_has_ended(begin: Callable[[], Start]) -> None:
    start = begin()
    released = threading.Event()
    start.slot.submit(_held(released, load_dataset("iris")))
    base = start.bases.get(SMALL_VAE)
    while not base.run:
        _threads_of(base)[0].join(0.01)
    assert base.snapshot.version == 1
    assert base.status is None
    released.set()
    start.ready(base)
    assert base.snapshot.version >= 2


def trained(folder: Path, iris: Dataset, epochs: int = 2, **options: object) -> Run:
    """A finished run of the store of this home."""
    model = models.create("vae", shape=iris.shape, width=0.25, **options)
    slot = TrainingSlot("cpu", store=RunStore(folder.parent / RUNS))
    run = slot.submit(Job(model, iris, epochs=epochs, source="iris"))
    assert run.join(PATIENCE)
    slot.close()
    return run


def test_the_newest_finished_run_opens_by_itself(
    begin: Callable[[], Start], folder: Path, iris: Dataset
) -> None:
    trained(folder, iris)
    run = trained(folder, iris, epochs=3)
    trained(folder, iris, beta=4.0)  # another model
    start = begin()
    base = start.ready(start.bases.get(SMALL_VAE))
    assert base.kept == (run.kept, 3)
    assert base.trained
    assert start.slot.jobs == []
    assert weights_token(shown(base)) == weights_token(run.snapshot.read()[1].model)
    cloud = base.snapshot.read()[1].cloud
    np.testing.assert_allclose(cloud.mean, encode(shown(base), iris).mean)
    assert base.snapshot.read()[1].state is not None  # its optimizer goes on with it


def test_its_stored_codes_are_shown_before_its_samples_are_encoded(
    begin: Callable[[], Start], folder: Path, iris: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, start = trained(folder, iris), begin()
    seen: list[np.ndarray] = []

    def watched(model: Autoencoder, dataset: Dataset, **rest: object) -> Cloud:
        seen.append(base.snapshot.read()[1].cloud.mean)
        return encode(model, dataset, **rest)

    monkeypatch.setattr(module, "encode", watched)
    base = start.bases.get(SMALL_VAE)
    start.ready(base)
    exact = base.snapshot.read()[1].cloud.mean
    assert base.kept == (run.kept, 2)
    np.testing.assert_allclose(seen[0], exact, atol=np.ptp(exact) / 65_000)


@pytest.mark.parametrize("trouble", ["deleted", "damaged", "other data"])
def test_a_run_that_cannot_be_opened_is_passed_over(
    begin: Callable[[], Start], folder: Path, iris: Dataset, trouble: str
) -> None:
    store = RunStore(folder.parent / RUNS)
    if trouble == "other data":
        mirrored = replace(iris.train, x=iris.train.x[::-1].copy())
        trained(folder, replace(iris, train=mirrored, table=None))
    else:
        run = trained(folder, iris)
        if trouble == "deleted":
            store.trash(run.kept)
        else:
            for path in store.of(run.kept).glob("*.safetensors"):
                _truncated(path)
    start = begin()
    base = start.ready(start.bases.get(SMALL_VAE))
    assert base.error is None
    assert base.kept is None
    assert len(start.slot.jobs) == 1  # as if there were none


def test_a_session_that_comes_later_opens_what_was_trained_meanwhile(
    begin: Callable[[], Start], folder: Path, iris: Dataset
) -> None:
    start = begin()
    base = start.ready(start.bases.get(SMALL_VAE))
    assert start.bases.get(SMALL_VAE) is base
    run = trained(folder, iris)
    later = start.ready(start.bases.get(SMALL_VAE))
    assert later is not base  # which stays for those who look at it
    assert later.kept == (run.kept, 2)
    assert start.bases.get(SMALL_VAE) is later


def test_other_knobs_are_another_model(begin: Callable[[], Start]) -> None:
    start = begin()
    for choice in (
        SMALL_VAE,
        Choice("iris", latent=3, options=SMALL_VAE.options),
        Choice("iris", model="ae"),
    ):
        base = start.ready(start.bases.get(choice))
        assert (shown(base).name, shown(base).latent) == (choice.model, choice.latent)
    assert len(start.slot.jobs) == 3
    again = begin()
    assert shown(again.ready(again.bases.get(SMALL_VAE))).latent == 2
    assert again.slot.jobs == []


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _foreign(path: Path) -> None:
    # Whole, but of another shape than its name promises.
    models.save(models.create("vae", shape=(7,), width=0.25), path)


@pytest.mark.parametrize("damage", [_truncated, _foreign])
def test_a_kept_file_that_cannot_be_used_is_trained_again(
    begin: Callable[[], Start], folder: Path, damage: Callable[[Path], None]
) -> None:
    first = begin()
    before = weights_token(shown(first.ready(first.bases.get(SMALL_VAE))))
    damage(next(folder.glob("*.safetensors")))
    second = begin()
    base = second.ready(second.bases.get(SMALL_VAE))
    assert base.error is None
    assert len(second.slot.jobs) == 1
    assert weights_token(shown(base)) == before  # the same seed, the same training
    third = begin()
    assert weights_token(shown(third.ready(third.bases.get(SMALL_VAE)))) == before
    assert third.slot.jobs == []


def test_a_home_that_cannot_be_written_takes_nothing_off_the_map(
    begin: Callable[[], Start], folder: Path
) -> None:
    folder.parent.parent.mkdir(parents=True, exist_ok=True)
    folder.parent.write_text("a file where a folder should be")
    start = begin()
    base = start.ready(start.bases.get(SMALL_VAE))
    assert base.error is None
    assert base.snapshot.version >= 2


def test_large_data_wait_for_a_hand_to_train_them(
    begin: Callable[[], Start], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SMALL", 50)
    start = begin()
    base = start.ready(start.bases.get(SMALL_VAE))
    assert base.snapshot.version == 1
    assert start.slot.jobs == []
    assert not folder.exists()


def test_sessions_share_a_choice_and_its_data_while_any_holds_it(begin: Callable[[], Start]) -> None:
    start = begin()
    base, other = start.bases.get(SMALL_VAE), start.bases.get(Choice("iris", latent=3))
    assert start.bases.get(Choice("iris", options=(("width", 0.25),))) is base
    start.ready(base)
    start.ready(other)
    assert base.dataset is other.dataset
    assert start.changes > 0


def test_what_failed_is_tried_again(begin: Callable[[], Start], tmp_path: Path) -> None:
    start = begin()
    choice = Choice(str(tmp_path / "later.csv"))
    failed = start.ready(start.bases.get(choice))
    assert "there is no file" in failed.error
    assert failed.snapshot.version == 0
    (tmp_path / "later.csv").write_text("a,b\n" + "".join(f"{i},{i * i % 7}\n" for i in range(30)))
    again = start.bases.get(choice)
    assert again is not failed
    assert start.ready(again).error is None


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (Choice("nope"), "unknown data set 'nope'; choose from digits, iris"),
        (Choice("iris", model="gan"), "gan"),
        (Choice("iris", latent=0), "latent"),
        (Choice("iris", options=(("width", 1e9),)), "width"),
    ],
)
def test_what_cannot_be_made_is_said_in_one_sentence(
    begin: Callable[[], Start], choice: Choice, sentence: str
) -> None:
    start = begin()
    base = start.ready(start.bases.get(choice))
    assert sentence in base.error
    assert "\n" not in base.error
    assert "unexpectedly" not in base.error


def test_only_the_one_who_starts_the_app_may_import(
    begin: Callable[[], Start], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine_alone.py").write_text(
        "import explorer\nRAN = True\ndef load():\n    return explorer.load_dataset('iris')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    start = begin()
    refused = start.ready(start.bases.get(Choice("mine_alone:load")))
    assert "import string" in refused.error
    assert "mine_alone" not in sys.modules
    allowed = start.ready(start.bases.get(Choice("mine_alone:load"), allow_import=True))
    assert allowed.error is None
    assert sys.modules.pop("mine_alone").RAN


def test_a_model_at_hand_is_shown_as_it_is_and_copied(begin: Callable[[], Start], iris: Dataset) -> None:
    start = begin()
    model = models.create("ae", shape=iris.shape, latent=3, width=0.25, seed=5).train()
    token = weights_token(model)
    base = start.ready(start.bases.given(iris, model))
    assert start.slot.jobs == []
    assert base.dataset is iris
    assert base.choice == Choice("iris", "ae", 3)
    assert model.training  # nobody touched it ...
    for weights in model.parameters():
        weights.data.zero_()  # ... and what is done to it now is not seen
    assert weights_token(shown(base)) == token
    assert not shown(base).training


def test_a_cloud_at_hand_is_not_encoded_again(
    begin: Callable[[], Start], iris: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = begin()
    model = models.create("vae", shape=iris.shape, width=0.25)
    cloud = encode(model, iris)
    monkeypatch.setattr(module, "encode", None)
    base = start.ready(start.bases.given(iris, model, cloud))
    assert base.error is None
    assert base.snapshot.read()[1].cloud is cloud


def test_without_a_model_one_is_made_and_trained(begin: Callable[[], Start], iris: Dataset) -> None:
    start = begin()
    base = start.ready(start.bases.given(iris))
    assert shown(base).name == "vae"
    assert len(start.slot.jobs) == 1


def test_what_does_not_belong_together_is_refused(begin: Callable[[], Start], iris: Dataset) -> None:
    start = begin()
    with pytest.raises(DataError, match=r"shape \(1, 8, 8\) and the data set 'iris' has \(4,\)") as caught:
        start.bases.given(iris, models.create("vae", shape=(1, 8, 8)))
    assert "\n" not in str(caught.value)
    model = models.create("vae", shape=iris.shape, width=0.25)
    wide = encode(models.create("vae", shape=iris.shape, latent=3, width=0.25), iris)
    with pytest.raises(DataError, match="150 codes of 3 coordinates, and 150 of 2 are wanted"):
        start.bases.given(iris, model, wide)


def test_nothing_is_prepared_after_the_end(begin: Callable[[], Start]) -> None:
    start = begin()
    start.bases.close()
    start.bases.close()
    base = start.bases.get(SMALL_VAE)
    assert _threads_of(base) == []
    assert base.snapshot.version == 0


def _threads_of(base: Base) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == f"preparing {base.choice.source}"]


def _held(released: threading.Event, dataset: Dataset) -> Job:
    """A training that goes on until `released` is set: it holds the slot's only thread."""

    class Holding(models.create("ae", shape=dataset.shape).__class__):
        def clone(self) -> Autoencoder:
            assert released.wait(PATIENCE)
            return super().clone()

    model = models.create("ae", shape=dataset.shape, width=0.25)
    model.__class__ = Holding
    return Job(model, dataset, epochs=1)
