"""A session's training: its plan, its run, and going back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import param

from explorer.core.errors import SHOWN
from explorer.core.plan import Plan
from explorer.runtime.run import Job, Run, Snapshot
from models import default_plan

if TYPE_CHECKING:
    from explorer.session.session import Session


class Training(param.Parameterized):
    """Trains a clone of the model on the map; the map follows its snapshots."""

    on = param.Selector(
        default="everything", objects=["everything", "selection"], doc="Which samples a run is trained on."
    )
    run = param.ClassSelector(class_=Run, doc="The latest run; None before the first and after `revert`.")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.plan = Plan()
        self._session = session
        self._told: Run | None = None
        self._before: tuple[Run | None, ...] = ()

    def start(self) -> None:
        """Train on the selection or on everything; returns at once."""
        session, scene, plan = self._session, self._session.scene, self.plan
        if scene is None:
            session.error = "There is nothing to train yet; wait until the data have been encoded."
            return
        indices = None
        if self.on == "selection":
            mask = session.selecting.mask
            indices = np.flatnonzero(() if mask is None else mask[: scene.cloud.train])
            if indices.size == 0:
                session.error = "No training sample is selected; select some of them, or train on everything."
                return
        job = Job(
            model=scene.model,
            dataset=scene.dataset,
            indices=indices,
            epochs=plan.epochs,
            batch_size=plan.batch_size,
            learning_rate=plan.learning_rate,
            seed=plan.seed,
            name=f"{scene.dataset.name}, {self.on}",
        )
        session.error = ""
        self.stop()
        try:
            run = session.services.slot.submit(job, session.errands.ring)
        except SHOWN as error:
            session.error = str(error)
            return
        if self.run is None or self.run.snapshot.version:
            # One that never came on the map was not before this one.
            self._before = (*self._before, self.run)
        self.run = run

    def suit(self, samples: int) -> None:
        """Set the plan to what suits so many training samples."""
        plan = default_plan(samples)
        self.plan.param.update(
            epochs=plan.epochs, batch_size=plan.batch_size, learning_rate=plan.learning_rate
        )

    def stop(self) -> None:
        """End the run after the batch in hand; its last finished epoch stays on the map."""
        if self.run is not None:
            self.run.stop()

    def revert(self) -> None:
        """Go back to the model before the latest training."""
        self.stop()
        *before, self.run = self._before or (None,)
        self._before = tuple(before)
        self._session.errands.ring()

    def forget(self) -> None:
        """Let go of all runs: another model is on its way."""
        self.stop()
        self._before, self.run = (), None
        self._session.errands.ring()

    def abandon(self) -> None:
        """End the run with nobody left to see it. Any thread."""
        if self.run is not None:
            self.run.abandon()

    def snapshot(self) -> Snapshot | None:
        """Return the run's newest snapshot, and say once why it ended if that was an error."""
        run = self.run
        if run is None:
            return None
        if run.error and run is not self._told:
            self._told = run
            self._session.error = run.error
        return run.snapshot.read()[1]
