"""What a training of a session would begin with: weights, optimizer, samples; and saying so."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

import models
from explorer.core.datasets import Dataset
from explorer.core.settings.training import TrainingMode, trained_on
from explorer.runtime.run import Job, Snapshot
from explorer.runtime.store.tensorboard import FOLDER
from models import Autoencoder

if TYPE_CHECKING:
    from explorer.session.training.training import Training

_LAID_OUT = 8  # snapshots that may be on their way to the map at once: far more than there are workers


class Beginning:
    """Makes the jobs of a session out of its map, its selection and its plan."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._laid_out: deque[Snapshot] = deque(maxlen=_LAID_OUT)
        self._counted: tuple[np.ndarray | None, int, np.ndarray] | None = None
        self._seeds = {0}  # that models of this session were made with; the first base's is 0

    def note(self) -> None:
        """Remember what is on its way to the map, and forget what was on it."""
        laid_out, seen = self._training.session.laid_out, self._laid_out
        if laid_out is not None and not (seen and seen[-1] is laid_out[0]):
            seen.append(laid_out[0])
        if (shown := self._on_map()) is not None:
            while seen[0] is not shown:
                seen.popleft()

    def selected(self) -> np.ndarray:
        """Rows of the training split that are selected."""
        session = self._training.session
        mask = session.selecting.mask
        train = 0 if session.scene is None else session.scene.cloud.train
        if self._counted is None or self._counted[0] is not mask or self._counted[1] != train:
            rows = np.flatnonzero(() if mask is None else mask[:train])
            self._counted = mask, train, rows
        return self._counted[2]

    def job(self, indices: np.ndarray | None) -> Job:
        """What the next training does, on these rows of the training split; None is all.

        Raises
        ------
        ModelError
            Where the model cannot be made anew.
        """
        training = self._training
        session, plan = training.session, training.plan
        scene = session.scene
        assert scene is not None
        start, parent, epoch, model, anew = None, None, None, scene.model, ""
        if training.mode is TrainingMode.FROM_SCRATCH:
            plan.seed = self.seed
            model = models.anew(model, plan.seed).to(model.device)
            self._seeds.add(plan.seed)
            anew = f", seed {plan.seed}"
        else:
            shown = self._on_map()
            start = None if shown is None or shown.state is None else shown.state.anew()
            parent, epoch = self._parent()
        weights = session.choosing.loss_weights()
        return Job(
            model=models.reweighed(model, **weights) if weights else model,
            dataset=scene.dataset,
            indices=indices,
            rest=training.rest if indices is not None else 0.0,
            mode=training.mode,
            parent=parent,
            parent_epoch=epoch,
            start=start,
            **self._common(scene.dataset, f"{'everything' if indices is None else 'selection'}{anew}"),
        )

    def first(self, model: Autoencoder, dataset: Dataset) -> Job:
        """The first training of a model that is not on the map yet, on everything."""
        return Job(model=model, dataset=dataset, **self._common(dataset, "everything"))

    def _common(self, dataset: Dataset, what: str) -> dict[str, object]:
        training = self._training
        session, plan = training.session, training.plan
        bases = (session.shown, session.base)
        return {
            "epochs": plan.epochs,
            "batch_size": plan.batch_size,
            "learning_rate": plan.learning_rate,
            "seed": plan.seed,
            "name": f"{dataset.name}, {what}",
            "source": next((base.source for base in bases if base.dataset is dataset), ""),
            "tensorboard": session.services.store.folder.parent / FOLDER if training.tensorboard else None,
        }

    @property
    def seed(self) -> int:
        """The seed of the next training from scratch: the plan's, or the next one that is new."""
        seed = self._training.plan.seed
        low, high = self._training.plan.param.seed.bounds
        while seed in self._seeds:
            seed = seed + 1 if seed < high else low
        return seed

    @property
    def sentence(self) -> str:
        """What the next training does, for whoever is about to start it."""
        training = self._training
        scene = training.session.scene
        if scene is None:
            return ""
        chosen = len(self.selected()) if training.on == "selection" else None
        if chosen == 0:
            return "Select training samples on the map first, or train on everything."
        on = trained_on(scene.cloud.train, chosen, training.rest)
        if training.mode is TrainingMode.FROM_SCRATCH:
            said = (
                f"Trains the same kind of model with fresh weights (seed {self.seed}) on {on}; the map stays "
                "until there is something of it to see."
            )
        elif (shown := self._on_map()) is not None and shown.state is not None:
            said = f"Fine-tunes the model on the map with its optimizer's state on {on}."
        else:
            said = f"Fine-tunes the model on the map on {on}; its optimizer starts afresh."
        if not training.busy:
            return said
        from_now = (
            "" if training.mode is TrainingMode.FROM_SCRATCH else ", and starts from what is on the map now"
        )
        return f"{said} It waits for your other training{from_now}."

    def _on_map(self) -> Snapshot | None:
        scene = self._training.session.scene
        known = (snapshot for snapshot in reversed(self._laid_out))
        return next((one for one in known if scene is not None and one.cloud is scene.cloud), None)

    def _parent(self) -> tuple[str | None, int | None]:
        """The run of the store that the model on the map is of, and its epoch."""
        session = self._training.session
        scene = session.scene
        if (looked_back_at := session.timeline.origin) is not None:
            return looked_back_at
        for base, run in self._training.history:
            last = (base.snapshot if run is None else run.snapshot).read()[1]
            if last is None:
                continue  # it never was on the map
            shown = scene is not None and last.cloud is scene.cloud
            if run is None:
                return base.kept if shown and base.kept is not None else (None, None)
            # A newer snapshot may be on its way to the map: then it is not what this run goes on from.
            step = last.step if shown else None
            return run.kept, None if step is None else step.epoch - (not step.epoch_done)
        return None, None
