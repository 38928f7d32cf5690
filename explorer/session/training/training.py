"""A session's training: its plan, its runs, and going back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import param

from explorer.core.datasets import Dataset
from explorer.core.errors import SHOWN
from explorer.core.settings.training import TrainingMode, TrainingPlan
from explorer.runtime.base_models import Base
from explorer.runtime.handover import TabTrainings
from explorer.runtime.run import Job, Run, Snapshot
from explorer.session.training.handover import Handing
from explorer.session.training.job import Beginning
from models import Autoencoder, default_plan

if TYPE_CHECKING:
    from explorer.session.session import Session

MOST = 20  # runs of one session that may wait: each holds a model


class Training(param.Parameterized):
    """Trains a clone of the model on the map, or one with fresh weights; the map follows its snapshots.

    One run at a time is followed. While it trains or waits, each further one is put into the queue: it
    starts from the model that is on the map when it is asked for, so that neither the order nor what
    becomes of the others changes what it is; the map follows it when its turn comes.
    """

    mode = param.Selector(
        default=TrainingMode.FINE_TUNE,
        objects={"Fine-tune": TrainingMode.FINE_TUNE, "From scratch": TrainingMode.FROM_SCRATCH},
        doc="Go on from the weights and the optimizer's state of the model on the map, or begin anew with "
        "fresh weights.",
    )
    on = param.Selector(
        default="everything", objects=["everything", "selection"], doc="Which samples a run is trained on."
    )
    rest = param.Number(
        0.0,
        bounds=(0, 1),
        step=0.05,
        doc="What each sample that is not selected counts: 0 trains on the selected ones only, 1 on all "
        "alike. Each epoch holds all selected samples and that share of the rest, drawn anew.",
    )
    keep = param.Selector(
        default=False,
        objects={"stop the training": False, "keep training": True},
        doc="What becomes of your trainings when this page is closed. A page that is loaded anew, or whose "
        "connection was lost, finds its training again either way.",
    )
    tensorboard = param.Boolean(
        False, doc="Write TensorBoard event files of each run, into the folder `tensorboard` beside the runs."
    )
    run = param.ClassSelector(class_=Run, doc="The run on the map; None before the first, after `revert`.")
    coming = param.ClassSelector(class_=Run, doc="The first run of a model that is not on the map yet.")
    queued = param.Parameter((), doc="Further runs, as a tuple, which wait for their turn.")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.plan = TrainingPlan()
        self.session = session
        self.beginning = Beginning(self)
        self.handing = Handing(self)
        self._told: Run | None = None
        self._noticed: Run | None = None  # the run that began last, of those that the map has followed
        self._before: tuple[tuple[Base, Run | None], ...] = ()

    def start(self) -> None:
        """Train on the selection or on everything; returns at once."""
        session, scene = self.session, self.session.scene
        if scene is None:
            session.error = "There is nothing to train yet; wait until the data have been encoded."
            return
        if session.choosing.waiting:
            session.error = "A new model is being trained; stop that, or wait until it is on the map."
            return
        indices = None
        if self.on == "selection":
            indices = self.beginning.selected()
            if indices.size == 0:
                session.error = "No training sample is selected; select some of them, or train on everything."
                return
        if len(self.queued) >= MOST:
            session.error = f"{MOST} of your trainings wait already; cancel one, or wait for the next to end."
            return
        session.error = ""
        self.follow()
        try:
            self.take_up(self.beginning.job(indices))
        except SHOWN as error:
            session.error = str(error)

    def take_up(self, job: Job) -> None:
        """Train what a job says, once this session's own trainings before it are over; returns at once.

        Raises
        ------
        ExplorerError
            As `TrainingSlot.submit` does.
        """
        run = self._submit(job)
        if self.busy:
            self.queued = (*self.queued, run)
        else:
            self._go_on_to(run)
        self.handing.note()
        self.session.errands.ring()  # nothing else does while it waits

    @param.depends("mode", "on", "rest", watch=True)
    def _ring(self) -> None:
        self.session.errands.ring()  # what is about to be done is told by the page

    def begin(self, model: Autoencoder, dataset: Dataset) -> None:
        """Train a model that is not on the map yet, from scratch, on everything.

        Raises
        ------
        ExplorerError
            As `TrainingSlot.submit` does.
        """
        self.coming = self._submit(self.beginning.first(model, dataset))
        self.handing.note()

    def follow(self) -> None:
        """Go on to a run of the queue whose turn has come, and leave what is found by who comes after."""
        own = self.queued if self.run is None or self.run is self._noticed else (self.run, *self.queued)
        began = sorted((run for run in own if run.turn), key=lambda run: run.turn)
        for run in began:
            if run is not self.run:
                self._go_on_to(run)
            self._noticed = run
        left = (run for run in own if run is not self.run and run not in began)
        queued = tuple(run for run in left if run.turn or not run.state.over)  # not what was cancelled
        if queued != self.queued:
            self.queued = queued
        self.beginning.note()
        self.handing.note()

    def _submit(self, job: Job) -> Run:
        session = self.session
        return session.services.slot.submit(job, session.errands.ring, session.token)

    def _go_on_to(self, run: Run) -> None:
        if self.run is None or (self.run is self._noticed and self.run.snapshot.version):
            # One that never came on the map was not before this one.
            self._before = (*self._before, (self.session.shown, self.run))
        self.run = run

    def suit(self, samples: int) -> None:
        """Set the plan to what suits so many training samples."""
        plan = default_plan(samples)
        self.plan.param.update(
            epochs=plan.epochs, batch_size=plan.batch_size, learning_rate=plan.learning_rate
        )

    def stop(self) -> None:
        """End the run after the batch in hand; its last finished epoch stays on the map.

        A new model that is on its way is shown as it is by then; of one that has learned nothing yet there
        is nothing to see, and what is on the map stays. What waits goes on to wait.
        """
        for run in (self.run, self.coming):
            if run is not None:
                run.stop()
        if self.coming is None:
            self.session.choosing.give_up()  # the first training of a base is not this session's to stop

    def clear(self) -> None:
        """End the run, and cancel those that wait."""
        for run in (*self.queued, *(() if self.run is None else (self.run,))):
            run.stop()

    def move(self, run: Run, places: int) -> None:
        """Have a run of one's own wait longer, by so many of one's own; negative is shorter."""
        if run.owner == self.session.token:
            self.session.services.slot.move(run, places)

    @property
    def busy(self) -> bool:
        """Whether a run of this session's trains or waits."""
        return self.run is not None and not self.run.state.over

    @property
    def current(self) -> Run | None:
        """The run to tell of: that of a model on its way, or the latest, or the first one of the base."""
        session = self.session
        coming = (self.coming or session.base.run) if session.choosing.waiting else None
        return coming or self.run or session.base.run

    @property
    def revertible(self) -> bool:
        """Whether there is anything to go back to."""
        return self.run is not None or bool(self._before)

    @property
    def history(self) -> tuple[tuple[Base, Run | None], ...]:
        """What is on the map, and what was before it: bases, with the run that has trained them."""
        return ((self.session.shown, self.run), *reversed(self._before))

    def revert(self) -> None:
        """Go back to the model before the latest training, of whatever family."""
        self.stop()
        *before, (base, self.run) = self._before or ((self.session.shown, None),)
        self._before, self._noticed = tuple(before), self.run
        self.session.return_to(base)
        self.handing.note()

    def go_over(self, *, forget: bool) -> None:
        """Another base comes on the map, with the run that has trained it if there was one.

        Parameters
        ----------
        forget
            Whether it is of other data: then there is no way back.
        """
        self.clear()
        self._before = () if forget else (*self._before, (self.session.shown, self.run))
        self.run, self.coming = self.coming, None
        self.session.errands.ring()

    def abandon(self) -> None:
        """The session ends: leave its trainings to its tab, or end them where it has none. Any thread."""
        if not self.handing.leave():
            for run in (self.run, self.coming, *self.queued):
                if run is not None:
                    run.abandon()

    @property
    def work(self) -> TabTrainings | None:
        """What another session of the same tab takes over; None where nothing was trained."""
        session, run, before = self.session, self.run, self._before
        if self.coming is not None:
            base, before = session.base, (*before, (session.shown, run))
            return TabTrainings(base, self.coming, self.queued, before, self.keep)
        if run is None and not self.queued:
            return None
        return TabTrainings(session.shown, run, self.queued, before, self.keep)

    def take_over(self, work: TabTrainings) -> None:
        """Have on the map what another session had, and follow its run."""
        self._before, self.keep = work.before, work.keep
        self.session.return_to(work.base)
        self.run, self.queued = work.run, work.waiting

    def snapshot(self) -> Snapshot | None:
        """Return the run's newest snapshot, and say once why it ended if that was an error."""
        run = self.run
        if run is None:
            return None
        if run.error and run is not self._told:
            self._told = run
            self.session.error = run.error
        newest = run.snapshot.read()[1]
        if newest is None and self.session.scene is None:
            return self._before_it()  # of a run that was taken over: what it starts from
        return newest

    def _before_it(self) -> Snapshot | None:
        base, run = self._before[-1] if self._before else (self.session.shown, None)
        shown = None if run is None else run.snapshot.read()[1]
        return shown or base.snapshot.read()[1]
