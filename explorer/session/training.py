"""A session's training: its plan, its run, and going back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import param

import models
from explorer.core.datasets import Dataset
from explorer.core.errors import SHOWN
from explorer.core.plan import Plan
from explorer.runtime.bases import Base
from explorer.runtime.run import Job, Run, Snapshot
from models import Autoencoder, default_plan

if TYPE_CHECKING:
    from explorer.session.session import Session


class Training(param.Parameterized):
    """Trains a clone of the model on the map; the map follows its snapshots."""

    on = param.Selector(
        default="everything", objects=["everything", "selection"], doc="Which samples a run is trained on."
    )
    run = param.ClassSelector(class_=Run, doc="The latest run; None before the first and after `revert`.")
    coming = param.ClassSelector(class_=Run, doc="The first run of a model that is not on the map yet.")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.plan = Plan()
        self._session = session
        self._told: Run | None = None
        self._before: tuple[tuple[Base, Run | None], ...] = ()

    def start(self) -> None:
        """Train on the selection or on everything; returns at once."""
        session, scene = self._session, self._session.scene
        if scene is None:
            session.error = "There is nothing to train yet; wait until the data have been encoded."
            return
        if session.choosing.waiting:
            session.error = "A new model is being trained; stop that, or wait until it is on the map."
            return
        indices = None
        if self.on == "selection":
            mask = session.selecting.mask
            indices = np.flatnonzero(() if mask is None else mask[: scene.cloud.train])
            if indices.size == 0:
                session.error = "No training sample is selected; select some of them, or train on everything."
                return
        weights = session.choosing.loss_weights()
        model = models.reweighed(scene.model, **weights) if weights else scene.model
        session.error = ""
        self.stop()
        try:
            origin = session.timeline.origin or session.shown.kept
            run = self._submit(model, scene.dataset, indices, self.on, self.run, origin)
        except SHOWN as error:
            session.error = str(error)
            return
        self._follow(run)

    def take_up(self, job: Job) -> None:
        """Go on with a run of the store whose last epoch is on the map; returns at once.

        Raises
        ------
        ExplorerError
            As `TrainingSlot.submit` does.
        """
        self.stop()
        self._follow(self._session.services.slot.submit(job, self._session.errands.ring))

    def _follow(self, run: Run) -> None:
        if self.run is None or self.run.snapshot.version:
            # One that never came on the map was not before this one.
            self._before = (*self._before, (self._session.shown, self.run))
        self.run = run

    def begin(self, model: Autoencoder, dataset: Dataset) -> None:
        """Train a model that is not on the map yet, from scratch, on everything.

        Raises
        ------
        ExplorerError
            As `TrainingSlot.submit` does.
        """
        self.coming = self._submit(model, dataset, None, "everything")

    def _submit(
        self,
        model: Autoencoder,
        dataset: Dataset,
        indices: np.ndarray | None,
        what: str,
        parent: Run | None = None,
        origin: tuple[str, int] | None = None,
    ) -> Run:
        plan, session = self.plan, self._session
        bases = (session.shown, session.base)
        last = None if parent is None else parent.snapshot.read()[1]
        # A newer snapshot may be on its way to the map: then it is not what this run goes on from.
        shown = last is not None and session.scene is not None and last.cloud is session.scene.cloud
        step = last.step if shown else None
        if origin is None or (last is not None and session.timeline.origin is None):
            epoch = None if step is None else step.epoch - (not step.epoch_done)
            origin = (None, None) if last is None else (parent.kept, epoch)
        job = Job(
            model=model,
            dataset=dataset,
            indices=indices,
            epochs=plan.epochs,
            batch_size=plan.batch_size,
            learning_rate=plan.learning_rate,
            seed=plan.seed,
            name=f"{dataset.name}, {what}",
            source=next((base.source for base in bases if base.dataset is dataset), ""),
            parent=origin[0],
            parent_epoch=origin[1],
        )
        return session.services.slot.submit(job, session.errands.ring)

    def suit(self, samples: int) -> None:
        """Set the plan to what suits so many training samples."""
        plan = default_plan(samples)
        self.plan.param.update(
            epochs=plan.epochs, batch_size=plan.batch_size, learning_rate=plan.learning_rate
        )

    def stop(self) -> None:
        """End the run after the batch in hand; its last finished epoch stays on the map.

        A new model that is on its way is shown as it is by then; of one that has learned nothing yet there
        is nothing to see, and what is on the map stays.
        """
        for run in (self.run, self.coming):
            if run is not None:
                run.stop()
        if self.coming is None:
            self._session.choosing.give_up()  # the first training of a base is not this session's to stop

    @property
    def current(self) -> Run | None:
        """The run to tell of: that of a model on its way, or the latest, or the first one of the base."""
        session = self._session
        coming = (self.coming or session.base.run) if session.choosing.waiting else None
        return coming or self.run or session.base.run

    @property
    def revertible(self) -> bool:
        """Whether there is anything to go back to."""
        return self.run is not None or bool(self._before)

    def revert(self) -> None:
        """Go back to the model before the latest training, of whatever family."""
        self.stop()
        *before, (base, self.run) = self._before or ((self._session.shown, None),)
        self._before = tuple(before)
        self._session.return_to(base)

    def go_over(self, *, forget: bool) -> None:
        """Another base comes on the map, with the run that has trained it if there was one.

        Parameters
        ----------
        forget
            Whether it is of other data: then there is no way back.
        """
        if self.run is not None:
            self.run.stop()
        self._before = () if forget else (*self._before, (self._session.shown, self.run))
        self.run, self.coming = self.coming, None
        self._session.errands.ring()

    def abandon(self) -> None:
        """End the run with nobody left to see it. Any thread."""
        for run in (self.run, self.coming):
            if run is not None:
                run.abandon()

    def snapshot(self) -> Snapshot | None:
        """Return the run's newest snapshot, and say once why it ended if that was an error."""
        run = self.run
        if run is None:
            return None
        if run.error and run is not self._told:
            self._told = run
            self._session.error = run.error
        return run.snapshot.read()[1]
