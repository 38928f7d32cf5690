"""The models that sessions start from: one per choice, shared, read-only, and kept for the next start."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread, current_thread
from typing import Any
from weakref import WeakSet, WeakValueDictionary

import models
from explorer.core.datasets import Dataset, findable, load_dataset
from explorer.core.errors import SHOWN, DataError, StoreError
from explorer.core.latent.cloud import Cloud, encode
from explorer.core.settings.model import non_default
from explorer.runtime.base import Base, Choice
from explorer.runtime.first_models import FirstModels
from explorer.runtime.run import Job, Run, RunState, Snapshot
from explorer.runtime.store.reader import KeptRun, newest_run
from explorer.runtime.store.records import RunRecord
from explorer.runtime.store.store import RunStore
from explorer.runtime.training.slot import TrainingSlot
from models import Autoencoder, OptimizerState

_log = logging.getLogger(__name__)

# How long an end waits for what is being prepared: the batch in hand, not a whole encoding.
_PATIENCE = 5.0

# Up to so many training samples a model is trained unasked on first use: that takes seconds.
SMALL = 6_000


class _Ended(Exception):
    """Raised to end a preparation that is no longer wanted."""


class Bases:
    """Makes bases ready on a thread of its own and shares them between sessions while any uses them.

    Parameters
    ----------
    slot
        Where a small data set's model is trained on first use.
    models_folder
        Where such a model is kept.
    data_folder
        Where data sets are read from and downloaded to; None is the user's own.
    changed
        Called, on any thread, whenever a base has something new to show.
    store
        Where finished runs are looked for, before a model is made.
    """

    def __init__(
        self,
        slot: TrainingSlot,
        models_folder: Path,
        data_folder: Path | None,
        changed: Callable[[], None],
        store: RunStore,
    ) -> None:
        self._slot, self._store = slot, store
        self._first_models = FirstModels(models_folder)
        self._data_folder = data_folder
        self._changed = changed
        self._bases: WeakValueDictionary[Choice, Base] = WeakValueDictionary()
        self._opened: WeakValueDictionary[tuple[str, int], Base] = WeakValueDictionary()
        self._datasets: WeakValueDictionary[str, Dataset] = WeakValueDictionary()
        self._lock = Lock()
        self._loading = Lock()
        self._closed = False
        self._threads: WeakSet[Thread] = WeakSet()

    def get(self, choice: Choice, *, allow_import: bool = False) -> Base:
        """Return the base of that choice, preparing it if no session uses it yet."""
        with self._lock:
            base = self._bases.get(choice)
            if base is None or base.error is not None or self._is_overtaken(base):
                base = self._bases[choice] = Base(choice, self._changed)
                base.status = f"Loading {Path(choice.source).name} …"
                self._spawn(base, lambda: self._prepare(base, allow_import))
        return base

    def given(self, dataset: Dataset, model: Autoencoder | None = None, cloud: Cloud | None = None) -> Base:
        """Return a base for a data set and a model (default: a new two-dimensional VAE) that are at hand."""
        untrained = model is None
        # A copy of its own: the caller may go on training the model.
        model = models.create("vae", shape=dataset.shape) if model is None else model.clone()
        if tuple(model.shape) != tuple(dataset.shape):
            raise DataError(
                f"the model takes samples of shape {tuple(model.shape)} and the data set {dataset.name!r} has"
                f" {tuple(dataset.shape)}; give a model made with shape={tuple(dataset.shape)}."
            )
        if cloud is not None and cloud.mean.shape != (len(dataset), model.latent):
            raise DataError(
                f"the cloud holds {len(cloud):,} codes of {cloud.latent} coordinates, and {len(dataset):,} of"
                f" {model.latent} are wanted; give what encode(model, dataset) returns, or none."
            )
        base = Base(Choice(dataset.name, model.name, model.latent), self._changed)
        base.dataset, base.source = dataset, ""
        if cloud is not None:
            base.trained = True
            base.snapshot.post(Snapshot(model.eval(), cloud, None, 0))
            return base
        base.status = f"Encoding {len(dataset):,} samples …"
        self._spawn(base, lambda: self._begin(base, dataset, model, trained=not untrained))
        return base

    def opened(
        self, store: RunStore, run: RunRecord, epoch: int | None = None, like: Base | None = None
    ) -> Base:
        """Return a base with the model of a run of the store, as it was at the end of an epoch.

        Parameters
        ----------
        epoch
            None is the last.
        like
            A base whose data serve where they are those of the run. Other data are loaded, by the rules for
            what comes through a browser: nothing is imported.

        Raises
        ------
        StoreError
            Where the data are not found so; what else is wrong is the base's `error`.
        """
        source, dataset = run.dataset["source"], None
        if like is not None and like.dataset is not None and like.dataset.stamp == run.dataset["stamp"]:
            source, dataset = like.choice.source, like.dataset
        elif not (findable(source) or source in self._datasets):
            raise StoreError(
                f"the data {run.dataset['name']!r} of {run.name!r} are not found by themselves; open them "
                "first, and then the run."
            )
        number = run.epoch if epoch is None else epoch
        for known in (*self._bases.values(), self._opened.get((run.id, number))):
            # Not `like` itself: where that is on the map, a training may have gone on from it.
            if known is not None and known is not like and _holds(known, run.id, number):
                return known
        name = run.model["name"]
        options = non_default(models.options(name) if name in models.names() else {}, run.model)
        base = Base(Choice(source, name, run.model["latent"], options), self._changed)
        base.source = run.dataset["source"]
        base.status = f"Opening {run.name} …"
        self._opened[run.id, number] = base
        self._spawn(base, lambda: self._open(base, KeptRun(store, run), epoch, dataset))
        return base

    def hold(self, source: str, dataset: Dataset) -> None:
        """Keep a data set that has been loaded already, under the name by which it is chosen."""
        self._held = dataset
        self._datasets[source] = dataset

    def close(self) -> None:
        """Prepare nothing more, and end what is being prepared. Idempotent.

        A thread inside PyTorch while the interpreter goes down takes the process with it.
        """
        self._closed = True
        for thread in tuple(self._threads):
            if thread is not current_thread():
                thread.join(_PATIENCE)

    def _spawn(self, base: Base, work: Callable[[], None]) -> None:
        # A thread each: a pool's places would all be taken by trainings that are waited for, and its
        # threads hold up the end of the process until a download or a training is over.
        if not self._closed:
            name = f"preparing {base.choice.source}"
            thread = Thread(target=self._guard, args=(base, work), name=name, daemon=True)
            self._threads.add(thread)
            thread.start()

    def _guard(self, base: Base, work: Callable[[], None]) -> None:
        try:
            work()
        except _Ended:
            return
        except SHOWN as error:
            base.say(None, str(error))
        except Exception:
            _log.exception("preparing %s failed", base.choice)
            base.say(None, f"Preparing {base.choice.source} failed unexpectedly; the log has the details.")

    def _prepare(self, base: Base, allow_import: bool) -> None:
        choice = base.choice
        dataset = self._load(base, allow_import)
        options: dict[str, Any] = dict(choice.options)
        model = models.create(choice.model, shape=dataset.shape, latent=choice.latent, **options)
        run = newest_run(self._store, dataset, model)
        if run is not None:
            try:
                self._open(base, run, None, dataset)
            except SHOWN as error:
                _log.warning("%r cannot be opened (%s); the map shows the first model", run, error)
            else:
                return
        stored = self._first_models.find(dataset, model)
        self._begin(base, dataset, stored or model, trained=stored is not None)

    def _open(self, base: Base, run: KeptRun, epoch: int | None, dataset: Dataset | None) -> None:
        dataset = dataset or self._load(base, allow_import=False)
        run.check(dataset)
        number = run.epoch(epoch).epoch
        model, codes = run.model(number), run.cloud(number, dataset)
        last = number == run.record.epoch  # of no other epoch is it kept
        state = run.state() if last else None
        base.kept = run.record.id, number
        if codes is not None:  # within a pixel of what is encoded next
            base.trained = True
            base.show(dataset, Snapshot(model.eval(), codes, None, 0, state))
        self._begin(base, dataset, model, trained=True, state=state)

    def _is_overtaken(self, base: Base) -> bool:
        """Tell whether a newer run of the same data and model has been finished since a base was made."""
        snapshot = base.snapshot.read()[1]
        if base.dataset is None or snapshot is None or base.status or base.run is not None:
            return False
        newest = newest_run(self._store, base.dataset, snapshot.model)
        return newest is not None and (newest.record.id, newest.record.epoch) != base.kept

    def _load(self, base: Base, allow_import: bool) -> Dataset:
        source = base.choice.source
        with self._loading:  # two sessions that want the same data wait for one reading of it
            dataset = self._datasets.get(source)
            if dataset is None:
                dataset = load_dataset(
                    source,
                    folder=self._data_folder,
                    allow_import=allow_import,
                    progress=lambda fraction, message: self._report(base, f"{message} {fraction:.0%}"),
                )
                self._datasets[source] = dataset
        return dataset

    def _report(self, base: Base, status: str) -> None:
        if self._closed:
            raise _Ended
        base.say(status)

    def _begin(
        self,
        base: Base,
        dataset: Dataset,
        model: Autoencoder,
        trained: bool,
        state: OptimizerState | None = None,
    ) -> None:
        base.say(f"Encoding {len(dataset):,} samples …")
        cloud = encode(
            model,
            dataset,
            progress=lambda done: self._report(base, f"Encoding {len(dataset):,} samples … {done:.0%}"),
        )
        base.status = None
        base.trained, base.by_itself = trained, not trained and len(dataset.train) <= SMALL
        base.show(dataset, Snapshot(model.eval(), cloud, None, 0, state))
        if base.by_itself:
            plan = models.default_plan(len(dataset.train))
            job = Job(
                model=model,
                dataset=dataset,
                indices=None,
                epochs=plan.epochs,
                batch_size=plan.batch_size,
                learning_rate=plan.learning_rate,
                seed=0,
                name="first training",
                source=base.source,
            )
            run = base.run = self._slot.submit(job, lambda: self._follow(base))
            self._spawn(base, lambda: self._finish(base, run))

    def _follow(self, base: Base) -> None:
        run = base.run
        if run is None:
            return
        snapshot = run.snapshot.read()[1]
        if snapshot is not None and snapshot is not base.snapshot.read()[1]:
            base.trained = True
            base.show(run.job.dataset, snapshot)
        else:
            self._changed()  # a step: nothing for the map, but progress

    def _finish(self, base: Base, run: Run) -> None:
        run.join()
        self._follow(base)
        snapshot = run.snapshot.read()[1]
        if run.state is RunState.DONE and snapshot is not None:
            self._first_models.keep(run.job.dataset, snapshot.model)
        if run.kept and snapshot is not None and snapshot.step is not None and snapshot.step.epoch_done:
            base.kept = run.kept, snapshot.step.epoch
        base.run = None
        base.say(None, run.error)


def _holds(base: Base, run: str, epoch: int) -> bool:
    """Tell whether a base shows a run of the store at the end of an epoch."""
    return base.kept == (run, epoch) and base.dataset is not None and base.error is None
