"""The job of the next training: weights, optimizer, samples; and a sentence that says so."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import numpy as np

import models
from explorer.core.datasets import Dataset
from explorer.core.settings.training import TrainingMode, trained_on
from explorer.runtime.base import Base
from explorer.runtime.run import Job, Run, Snapshot
from explorer.runtime.store.tensorboard import FOLDER
from explorer.services import Services
from explorer.session.state import State
from explorer.session.training.model_draft import ModelDraft
from explorer.session.training.settings import TrainingSettings
from models import Autoencoder

History = tuple[tuple[Base, Run | None], ...]


class _Common(TypedDict):
    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    name: str
    source: str
    tensorboard: Path | None


class JobBuilder:
    """Makes the jobs of a session out of its map, its selection and its settings."""

    def __init__(
        self, state: State, services: Services, settings: TrainingSettings, draft: ModelDraft
    ) -> None:
        self._state, self._services = state, services
        self._settings, self._draft = settings, draft
        self._counted: tuple[np.ndarray | None, int, np.ndarray] | None = None
        self._seeds = {0}  # that models of this session were made with; the first base's is 0

    def selected(self) -> np.ndarray:
        """Return the rows of the training split that are selected."""
        mask, scene = self._state.selected, self._state.scene
        train = 0 if scene is None else scene.cloud.train
        if self._counted is None or self._counted[0] is not mask or self._counted[1] != train:
            rows = np.flatnonzero(() if mask is None else mask[:train])
            self._counted = mask, train, rows
        return self._counted[2]

    def job(self, indices: np.ndarray | None, history: History) -> Job:
        """Return the job of the next training.

        Parameters
        ----------
        indices
            Rows of the training split to train on; None is all.
        history
            What is on the map and what was before it, as `Training.history` has it.

        Raises
        ------
        ModelError
            Where the model cannot be made anew.
        """
        settings, plan, scene = self._settings, self._settings.plan, self._state.scene
        assert scene is not None
        start, parent, epoch, model, anew = None, None, None, scene.model, ""
        if settings.mode is TrainingMode.FROM_SCRATCH:
            plan.seed = self.seed
            model = models.anew(model, plan.seed).to(model.device)
            self._seeds.add(plan.seed)
            anew = f", seed {plan.seed}"
        else:
            shown = self._on_map()
            start = None if shown is None or shown.state is None else shown.state.anew()
            parent, epoch = self._parent(history)
        weights = self._draft.loss_weights()
        return Job(
            model=models.reweighed(model, **weights) if weights else model,
            dataset=scene.dataset,
            indices=indices,
            rest=settings.rest if indices is not None else 0.0,
            mode=settings.mode,
            parent=parent,
            parent_epoch=epoch,
            start=start,
            **self._common(scene.dataset, f"{'everything' if indices is None else 'selection'}{anew}"),
        )

    def first(self, model: Autoencoder, dataset: Dataset) -> Job:
        """Return the job of the first training of a model that is not on the map yet, on everything."""
        return Job(model=model, dataset=dataset, **self._common(dataset, "everything"))

    def _common(self, dataset: Dataset, what: str) -> _Common:
        settings, plan = self._settings, self._settings.plan
        bases = (self._state.shown, self._state.base)
        return {
            "epochs": plan.epochs,
            "batch_size": plan.batch_size,
            "learning_rate": plan.learning_rate,
            "seed": plan.seed,
            "name": f"{dataset.name}, {what}",
            "source": next((base.source for base in bases if base.dataset is dataset), ""),
            "tensorboard": self._services.store.folder.parent / FOLDER if settings.tensorboard else None,
        }

    @property
    def seed(self) -> int:
        """The seed of the next training from scratch: the plan's, or the next one that is new."""
        seed: int = self._settings.plan.seed
        low, high = self._settings.plan.param.seed.bounds
        while seed in self._seeds:
            seed = seed + 1 if seed < high else low
        return seed

    def sentence(self, busy: bool) -> str:
        """Say what the next training does; `busy` is whether another one of this session goes before it."""
        settings, scene = self._settings, self._state.scene
        if scene is None:
            return ""
        chosen = len(self.selected()) if settings.on == "selection" else None
        if chosen == 0:
            return "Select training samples on the map first, or train on everything."
        on = trained_on(scene.cloud.train, chosen, settings.rest)
        if settings.mode is TrainingMode.FROM_SCRATCH:
            said = (
                f"Trains the same kind of model with fresh weights (seed {self.seed}) on {on}; the map stays "
                "until there is something of it to see."
            )
        elif self._state.untrained:
            said = f"Trains the model on the map, whose weights are random, on {on}."
        elif (shown := self._on_map()) is not None and shown.state is not None:
            said = f"Fine-tunes the model on the map with its optimizer's state on {on}."
        else:
            said = f"Fine-tunes the model on the map on {on}; its optimizer starts afresh."
        if not busy:
            return said
        from_now = (
            "" if settings.mode is TrainingMode.FROM_SCRATCH else ", and starts from what is on the map now"
        )
        return f"{said} It waits for your other training{from_now}."

    def _on_map(self) -> Snapshot | None:
        scene, snapshot = self._state.scene, self._state.snapshot
        same = scene is not None and snapshot is not None and snapshot.cloud is scene.cloud
        return snapshot if same else None

    def _parent(self, history: History) -> tuple[str | None, int | None]:
        """Return the run of the store that the model on the map is of, and its epoch."""
        scene, origin = self._state.scene, self._state.origin
        if origin is not None:
            return origin
        for base, run in history:
            last = (base.snapshot if run is None else run.snapshot).read()[1]
            if last is None:
                continue  # it never was on the map
            # The codes of a stored run are shown before its samples are encoded again: the model is the same.
            shown = scene is not None and last.model is scene.model
            if run is None:
                return base.kept if shown and base.kept is not None else (None, None)
            # A newer snapshot may be on its way to the map: then it is not what this run goes on from.
            step = last.step if shown else None
            return run.kept, None if step is None else step.epoch - (not step.epoch_done)
        return None, None
