"""The trainings of a session: its run, those that wait, and going back."""

from __future__ import annotations

from dataclasses import dataclass

import param

from explorer.core.errors import SHOWN
from explorer.runtime.base import Base
from explorer.runtime.handover import TabTrainings
from explorer.runtime.run import Job, Run, Snapshot
from explorer.services import Services
from explorer.session.state import State
from explorer.session.tasks import Tasks
from explorer.session.training.job import JobBuilder
from explorer.session.training.settings import TrainingSettings

MOST = 20  # runs of one session that may wait: each holds a model


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """A model that trainings have led to: a base, the run that has trained it, and what was there before.

    Attributes
    ----------
    before
        The latest last.
    """

    base: Base
    run: Run | None
    before: tuple[tuple[Base, Run | None], ...] = ()

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs that it is made of."""
        return tuple(run for _, run in (*self.before, (self.base, self.run)) if run is not None)

    @staticmethod
    def same(one: Standing, other: Standing) -> bool:
        """Tell whether both are of the same model."""
        return one.base is other.base and one.run is other.run


class Training(param.Parameterized):
    """Trains a clone of the model on the map, or one with fresh weights; the map follows its snapshots.

    One run at a time is followed. While it trains or waits, each further one is put into the queue: it
    starts from the model that is on the map when it is asked for, so that neither the order nor what
    becomes of the others changes what it is; the map follows it when its turn comes.
    """

    queued = param.Parameter((), doc="Further runs, as a tuple, which wait for their turn.")

    def __init__(
        self, state: State, tasks: Tasks, services: Services, settings: TrainingSettings, jobs: JobBuilder
    ) -> None:
        super().__init__()
        self._state, self._tasks, self._services = state, tasks, services
        self.settings = settings
        self.jobs = jobs
        self._told: Run | None = None
        self._noticed: Run | None = None  # the run that began last, of those that the map has followed
        self._before: tuple[tuple[Base, Run | None], ...] = ()
        self._reverted: Standing | None = None
        settings.param.watch(self._on_settings, ["mode", "on", "rest"])

    # -- gestures ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Train on the selection or on everything; returns at once."""
        state = self._state
        if state.scene is None:
            state.say("There is nothing to train yet; wait until the data have been encoded.")
            return
        indices = None
        if self.settings.on == "selection":
            indices = self.jobs.selected()
            if indices.size == 0:
                state.say("No training sample is selected; select some of them, or train on everything.")
                return
        if len(self.queued) >= MOST:
            state.say(f"{MOST} of your trainings wait already; cancel one, or wait for the next to end.")
            return
        state.say("")
        self._follow_queue()
        try:
            self.take_up(self.jobs.job(indices, self.history))
        except SHOWN as error:
            state.say(str(error))

    def take_up(self, job: Job) -> None:
        """Train what a job says, once this session's own trainings before it are over; returns at once.

        Raises
        ------
        ExplorerError
            As `TrainingSlot.submit` does.
        """
        run = self.submit(job)
        if self.busy:
            self.queued = (*self.queued, run)
        else:
            self._go_on_to(run)
        self._tasks.ring()  # nothing else does while it waits

    def submit(self, job: Job) -> Run:
        """Put a job into the queue of its device, as this session's.

        Raises
        ------
        ExplorerError
            As `TrainingSlot.submit` does.
        """
        return self._services.slot.submit(job, self._tasks.ring, self._tasks.token)

    def stop(self) -> None:
        """End the run after the batch in hand; its last finished epoch stays on the map."""
        if self._state.run is not None:
            self._state.run.stop()

    def clear(self) -> None:
        """End the run, and cancel those that wait."""
        for run in (*self.queued, self._state.run):
            if run is not None:
                run.stop()

    def move(self, run: Run, places: int) -> None:
        """Move an own run back in the queue, by so many own runs; negative is forward."""
        if run.owner == self._tasks.token:
            self._services.slot.move(run, places)

    def revert(self) -> None:
        """Go back to the model before the latest training, of whatever family."""
        *before, (base, run) = self._before or ((self._state.shown, None),)
        self.return_to(Standing(base, run, tuple(before)))

    def bring_back(self) -> None:
        """Put the model on the map again that was reverted last."""
        if self._reverted is not None:
            self.return_to(self._reverted)

    def return_to(self, standing: Standing) -> None:
        """Put what trainings led to on the map again; the run that the map follows is ended."""
        self.stop()
        left, self._before, self._noticed = self.standing, standing.before, standing.run
        reverted = left.run if left.run not in standing.runs else None
        self._reverted = None if reverted is None else left
        self._state.follow_run(standing.run, reverted)
        self._state.return_to(standing.base)
        self._tasks.ring()

    # -- what there is -----------------------------------------------------------------------------------

    @property
    def run(self) -> Run | None:
        """The run on the map; None before the first, after `revert`."""
        run: Run | None = self._state.run
        return run

    @property
    def busy(self) -> bool:
        """True where a run of this session trains or waits."""
        run = self._state.run
        return run is not None and not run.state.over

    @property
    def revertible(self) -> bool:
        """True where there is anything to go back to."""
        return self._state.run is not None or bool(self._before)

    @property
    def standing(self) -> Standing:
        """The model on the map, with what was there before it."""
        return Standing(self._state.shown, self._state.run, self._before)

    @property
    def history(self) -> tuple[tuple[Base, Run | None], ...]:
        """The base on the map and those before it, each with the run that has trained it."""
        return ((self._state.shown, self._state.run), *reversed(self._before))

    @property
    def sentence(self) -> str:
        """A sentence on what the next training does."""
        return self.jobs.sentence(self.busy)

    # -- following ---------------------------------------------------------------------------------------

    def follow(self) -> Snapshot | None:
        """Go on to a queued run whose turn has come; return the newest snapshot of the run.

        An error that ended the run is said once.
        """
        self._follow_queue()
        run = self._state.run
        if run is None:
            return None
        if run.error and run is not self._told:
            self._told = run
            self._state.say(run.error)
        newest = run.snapshot.read()[1]
        if newest is None and self._state.scene is None:
            return self._start_of_run()  # of a run that was taken over
        return newest

    def go_over(self, coming: Run | None, *, forget: bool) -> None:
        """Follow another base, which comes on the map, with the run that has trained it.

        Parameters
        ----------
        forget
            Whether it is of other data: then there is nothing to go back to.
        """
        self.clear()
        self._before = () if forget else (*self._before, (self._state.shown, self._state.run))
        self._state.follow_run(coming)
        self._tasks.ring()

    def work(self, coming: Run | None) -> TabTrainings | None:
        """Return what another session of the same tab takes over; None where nothing was trained.

        Parameters
        ----------
        coming
            The first run of a model that is not on the map yet.
        """
        state, before, keep = self._state, self._before, self.settings.keep
        if coming is not None:
            return TabTrainings(state.base, coming, self.queued, (*before, (state.shown, state.run)), keep)
        if state.run is None and not self.queued:
            return None
        return TabTrainings(state.shown, state.run, self.queued, before, keep)

    def take_over(self, work: TabTrainings) -> None:
        """Put on the map what another session had there, and follow its run."""
        self._before, self.settings.keep = work.before, work.keep
        self._state.return_to(work.base)
        self._state.follow_run(work.run)
        self.queued = work.waiting
        for run in work.runs:
            run.hand_over(self._tasks.ring, self._tasks.token)
        self._tasks.ring()

    def abandon(self) -> None:
        """End the trainings with the session. Any thread."""
        for run in (*self.queued, self._state.run):
            if run is not None:
                run.abandon()

    def _follow_queue(self) -> None:
        run = self._state.run
        own = self.queued if run is None or run is self._noticed else (run, *self.queued)
        began = sorted((one for one in own if one.turn), key=lambda one: one.turn)
        for one in began:
            if one is not self._state.run:
                self._go_on_to(one)
            self._noticed = one
        left = (one for one in own if one is not self._state.run and one not in began)
        queued = tuple(one for one in left if one.turn or not one.state.over)  # not what was cancelled
        if queued != self.queued:
            self.queued = queued

    def _go_on_to(self, run: Run) -> None:
        former = self._state.run
        if former is None or (former is self._noticed and former.snapshot.version):
            # One that never came on the map was not before this one.
            self._before = (*self._before, (self._state.shown, former))
        self._state.follow_run(run)

    def _start_of_run(self) -> Snapshot | None:
        base, run = self._before[-1] if self._before else (self._state.shown, None)
        shown = None if run is None else run.snapshot.read()[1]
        return shown or base.snapshot.read()[1]

    def _on_settings(self, *_: object) -> None:
        self._tasks.ring()  # the page says what is about to be done
