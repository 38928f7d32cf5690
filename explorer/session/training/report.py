"""The report of one training: its events and figures, as far as they are known."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.core.diagnostics.epoch_means import EpochMeans
from explorer.core.diagnostics.events import EventDetector, Remedy, TrainingEvent
from explorer.core.diagnostics.forgetting import Baseline, Forgetting
from explorer.core.diagnostics.overfitting import OverfittingDetector
from explorer.core.diagnostics.rate_distortion import RatePoint, rate_point
from explorer.core.latent.activity import Activity
from explorer.runtime.concurrency.published import Log
from explorer.runtime.run import Run, RunState, Snapshot
from models import Autoencoder, Step

REST = 0.1
"""What each sample that is not selected counts, where the remedy for forgetting is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Activities:
    """The activity of the axes at one moment; `at` is in epochs, also in parts of them."""

    at: float
    activity: Activity


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """The errors of the samples at one moment, `at` so many epochs."""

    at: float
    forgetting: Forgetting


class RunReport:
    """One run, seen from the first report on; everything here only grows, and is read by index.

    Attributes
    ----------
    before
        The model that the run's is held against: what was on the map when it began.
    events, rates, axes, errors
        What happened, a point an epoch, what the axes said, and what was forgotten.
    baseline
        The errors before; None until they have been measured.
    activity, forgetting
        The newest of what the axes said and of what was forgotten, of which `axes` and `errors` tell how
        they came about: after a stop it is of the last finished epoch, which may be before their last.
    trouble
        Why the errors cannot be told; empty where they can.
    """

    def __init__(self, run: Run, before: Autoencoder | None = None) -> None:
        job = run.job
        self.before = job.model
        if (
            before is not None
            and before.shape == job.model.shape
            and before.convention == job.model.convention
        ):
            self.before = before
        self.events: Log[TrainingEvent] = Log()
        self.rates: Log[RatePoint] = Log()
        self.axes: Log[Activities] = Log()
        self.errors: Log[Errors] = Log()
        self.baseline: Baseline | None = None
        self.activity: Activity | None = None
        self.forgetting: Forgetting | None = None
        self.trouble = ""
        self._judge, self._overfitting, self._epochs = EventDetector(), OverfittingDetector(), EpochMeans()
        self._forgets = False
        self._read = 0
        self._ended = False

    def read(self, run: Run) -> None:
        """Take in the reports that have come since."""
        over = run.state.over  # asked first: no report follows it
        steps = run.steps.since(self._read)
        self._read += len(steps)
        for step in steps:
            self._note(self._judge.add(step))
            whole = self._epochs.add(step)
            if (point := rate_point(whole)) is not None:
                self.rates.append(point)
            if whole.epoch_done and (found := self._overfitting.add(whole)) is not None:
                self._note((found,))
        if over and not self._ended:
            self._ended = True
            if run.state is RunState.FAILED and run.error:
                self._note((_end(run),))

    def learn(self, snapshot: Snapshot, activity: Activity) -> None:
        """Take in what the axes said at a snapshot."""
        self.activity, step = activity, snapshot.step
        if step is None:
            return
        if _later(moment(step), self.axes):
            self.axes.append(Activities(moment(step), activity))
        if step.epoch_done and activity.units is not None:
            self._note(self._judge.know(step.epoch, activity.units))

    def compare(self, snapshot: Snapshot, before: Baseline, now: Forgetting) -> None:
        """Take in what had become of the samples at a snapshot."""
        self.baseline, self.forgetting = before, now
        if snapshot.step is not None and _later(moment(snapshot.step), self.errors):
            self.errors.append(Errors(moment(snapshot.step), now))
            self._note_forgetting(snapshot.step, now)

    def _note_forgetting(self, step: Step, now: Forgetting) -> None:
        forgets = now.unselected is not None and now.unselected.verdict == "worse"
        if forgets and not self._forgets:
            sentence = now.sentence.removeprefix("Forgetting: ")
            remedy = Remedy(f"Let the rest count {REST:g}", "rest", REST)
            said = f"Forgetting in epoch {step.epoch}: {sentence}"
            self._note((TrainingEvent("forgetting", step.epoch, step.seen, said, remedy),))
        self._forgets = forgets

    def _note(self, found: tuple[TrainingEvent, ...]) -> None:
        for happening in found:
            self.events.append(happening)


def moment(step: Step) -> float:
    """Return how many epochs were trained by the end of a Step."""
    return step.seen * step.epochs / step.of


def _later(at: float, log: Log[Activities] | Log[Errors]) -> bool:
    last = log.since(len(log) - 1)
    return not last or at > last[0].at


def _end(run: Run) -> TrainingEvent:
    last = run.steps.since(len(run.steps) - 1)
    epoch, seen = (last[0].epoch, last[0].seen) if last else (1, 0)
    sentence = str(run.error)
    return TrainingEvent("end", epoch, seen, f"Ended: {sentence[:1].lower()}{sentence[1:]}")
