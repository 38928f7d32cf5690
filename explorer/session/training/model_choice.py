"""Go over to another data set or model, which is trained first where it is new."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from explorer.core.datasets import Dataset
from explorer.core.errors import SHOWN
from explorer.runtime.base import Base, Choice
from explorer.runtime.run import Run, Snapshot
from explorer.services import Services
from explorer.session.state import State
from explorer.session.tasks import Tasks
from explorer.session.training.model_draft import ModelDraft
from explorer.session.training.training import Training
from models import Autoencoder


class ModelChoice:
    """Requests the base models that the draft asks for.

    Another data set is requested at once, unless the user has trained the model on the map. Another model
    waits for `apply` and is then trained from scratch; what is on the map stays until the first snapshot of
    that training.

    Parameters
    ----------
    opening
        Gives the base with which another data set is opened.

    Attributes
    ----------
    coming
        The first run of a model that is not on the map yet.
    """

    def __init__(
        self,
        state: State,
        tasks: Tasks,
        services: Services,
        draft: ModelDraft,
        training: Training,
        opening: Callable[[Choice], Base],
    ) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self.draft, self._training, self._opening = draft, training, opening
        self.coming: Run | None = None
        self._awaited: Base | None = None
        self._told: Base | None = None
        draft.param.watch(self._on_source, "source")

    # -- gestures ----------------------------------------------------------------------------------------

    def choose(self, choice: Choice, find: Callable[[Choice], Base] | None = None) -> None:
        """Go over to another data set or model.

        What is on the screen stays until that is ready, and a run goes on until then. A choice that is taken
        back in time leaves all as it is.

        Parameters
        ----------
        find
            Gives the base of the choice; None is the one that is shared by all who choose it.
        """
        shown = self._state.shown
        self._state.say("")
        same = bool(shown.source) and choice == shown.choice  # without a source, data were handed over
        self._state.request(shown if same else (find or self._services.bases.get)(choice))
        self._tasks.ring()

    def apply(self) -> None:
        """Go over to the draft; a new model is trained from scratch, and the map stays until that shows."""
        another = self.draft.is_another_model
        self._let_go()
        self.choose(self.draft.settle())
        self._awaited = self._state.base if another else None

    def offer(self, path: Path) -> None:
        """Add a file to the sources, and choose it."""
        self.draft.offer(path)

    def stop(self) -> None:
        """End the training of a new model: it is shown as it is by then, or given up if that is nothing."""
        if self.coming is not None:
            self.coming.stop()
        else:
            self.give_up()  # the first training of a base is not this session's to stop

    def give_up(self, sentence: str = "") -> None:
        """Stop waiting for a new model: what is on the map stays, and the choice that it shows."""
        if self._awaited is None:
            return
        self._let_go()
        self._state.request(self._state.shown)
        if sentence:
            self._state.say(sentence)

    # -- following ---------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """True where a confirmed model is on its way, of which there is nothing to see yet."""
        return self._awaited is not None

    @property
    def current(self) -> Run | None:
        """The run to report: that of a model on its way, or the latest, or the first one of the base."""
        base = self._state.base
        coming = (self.coming or base.run) if self.waiting else None
        return coming or self._state.run or base.run

    def follow(self) -> Snapshot | None:
        """Begin and follow the training of a confirmed model, and let the draft follow what holds.

        Returns
        -------
        Snapshot or None
            What there is to see of the base that is on its way; None while the map should stay.
        """
        self._take_error_over()
        state, base = self._state, self._awaited
        if base is not None and (base is not state.base or base is state.shown):
            self._let_go()
        elif base is not None:
            self._train_first(base)
        self.draft.follow(self.current)
        return self._arrived()

    def take_coming(self) -> Run | None:
        """Return the run of the model that comes on the map by now, and leave it to the caller."""
        coming, self.coming = self.coming, None
        return coming

    def abandon(self) -> None:
        """End the training of a new model with the session. Any thread."""
        if self.coming is not None:
            self.coming.abandon()

    def _arrived(self) -> Snapshot | None:
        base = self._state.base
        if base is self._state.shown:
            return None
        if base is not self._awaited or base.trained:
            return base.snapshot.read()[1]
        return None if self.coming is None else self.coming.snapshot.read()[1]

    def _take_error_over(self) -> None:
        base = self._state.base
        if not base.error or base is self._told:
            return
        self._told = base
        self._state.say(base.error)
        if base.snapshot.version == 0 or self.waiting:
            # What was on the screen stays, and so does the choice that it shows.
            self._state.request(self._state.shown)

    def _train_first(self, base: Base) -> None:
        snapshot = base.snapshot.read()[1]
        if snapshot is None or base.dataset is None:
            return
        self._training.clear()  # or the new one would wait behind them
        coming = self.coming
        if not (base.trained or base.by_itself) and coming is None:
            try:
                self.begin(snapshot.model, base.dataset)
            except SHOWN as error:
                self.give_up(str(error))
        elif coming is not None and coming.join(0) and not coming.snapshot.version:
            self.give_up(coming.error or "")

    def begin(self, model: Autoencoder, dataset: Dataset) -> None:
        """Train a model that is not on the map yet, from scratch, on everything.

        Raises
        ------
        ExplorerError
            As `TrainingSlot.submit` does.
        """
        self.coming = self._training.submit(self._training.jobs.first(model, dataset))

    def _let_go(self) -> None:
        if self.coming is not None:
            self.coming.stop()
        self._awaited = self.coming = None

    def _on_source(self, *_: object) -> None:
        if not self.draft.quiet and not self.draft.question:
            self.choose(self.draft.settle(), self._opening)
