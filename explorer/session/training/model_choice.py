"""What a session is about to explore: a draft of the next choice, and whether it has to be confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import param

import models
from explorer.core.datasets import Dataset, dataset_names
from explorer.core.errors import SHOWN
from explorer.core.settings.model import Knobs, non_default
from explorer.runtime import base_models
from explorer.runtime.base_models import Base, Choice
from explorer.runtime.run import Snapshot
from models import default_plan

if TYPE_CHECKING:
    from explorer.session.session import Session

GLOBE = 3  # coordinates of the sphere that has maps; on two the codes lie on a circle


class Choosing(param.Parameterized):
    """A draft of the next choice. It holds at once where nothing is lost, and else once it is confirmed.

    Another data set holds at once, unless the user has trained the model on the map. Another family,
    latent dimension or body is another model: it waits for `apply`, is then trained from scratch, and what
    is on the map stays until the first snapshot of that training. What only weighs the loss goes on with
    the same weights and holds from the next training.
    """

    source = param.Selector(
        doc="digits and iris come with scikit-learn; the others are read from the data folder."
    )
    model = param.Selector(
        default="vae",
        objects=list(models.names()),
        doc=" ".join(f"{name}: {models.describe(name)}" for name in models.names()),
    )
    latent = param.Integer(
        2,
        bounds=models.latent_range("vae"),
        doc="Coordinates of the latent space; a globe has three. Needs a new model.",
    )
    knobs = param.ClassSelector(class_=Knobs, doc="The options of the family.")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._quiet = False
        self._flat: int | None = None  # the latent dimension before a sphere asked for another
        self._awaited: Base | None = None
        self._speed: tuple[Dataset, float] | None = None  # of the last training seen, in samples per second
        self._sources = {name: name for name in dataset_names()}
        self._now = session.base.choice
        self._draft(self._now)

    # -- the draft ---------------------------------------------------------------------------------------

    @property
    def choice(self) -> Choice:
        """The draft."""
        return Choice(self.source, self.model, self.latent, self.knobs.changed())

    @property
    def now(self) -> Choice:
        """What holds: what is on its way to the map, or else what is on it."""
        session, scene = self._session, self._session.scene
        if scene is None or session.base is not session.shown:
            return session.base.choice
        model = scene.model
        options = non_default(Knobs.options_of(model.name), model.config)
        return Choice(session.base.choice.source, model.name, model.latent, options)

    @property
    def question(self) -> str:
        """What confirming the draft means; empty where nothing is to be confirmed."""
        now, draft = self.now, self.choice
        if self._another_model(now, draft):
            return (
                f"This needs a new model: it is trained from scratch{self._effort(draft)}, unless one was "
                "kept. The map stays until there is something of it to see."
            )
        if draft.source != now.source and self._session.training.run is not None:
            return "Another data set lets go of the model that you have trained."
        return ""

    @property
    def note(self) -> str:
        """Which changes hold from the next training; empty where none does."""
        names = ", ".join(name.replace("_", " ") for name in self.loss_weights())
        return f"The new {names} holds from the next training, which goes on with the same weights." * bool(
            names
        )

    def loss_weights(self) -> Mapping[str, object]:
        """Options of the draft that the next training weighs its loss by, other than the model on the map."""
        now, draft = self.now, self.choice
        if self._session.base is not self._session.shown or draft.model != now.model or self.question:
            return {}
        held = dict(now.options)
        options = self.knobs.options
        return {
            name: value
            for name, value in self.knobs.settings().items()
            if options[name].loss_only and value != held.get(name, options[name].default)
        }

    def apply(self) -> None:
        """Go over to the draft; a new model is trained from scratch, and the map stays until that shows."""
        trained = self._another_model(self.now, self.choice)
        self._let_go()
        self._go()
        self._awaited = self._session.base if trained else None

    def discard(self) -> None:
        """Go back to what holds."""
        self._draft(self.now)
        self._session.errands.ring()

    def offer(self, path: Path) -> None:
        """Add a file to the sources, and choose it."""
        self._add_source(str(path))
        self.source = str(path)

    # -- on its way --------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether a confirmed model is on its way, of which there is nothing to see yet."""
        return self._awaited is not None

    def follow(self) -> None:
        """Begin and watch the training of a confirmed model, and let the draft follow what holds."""
        session, base = self._session, self._awaited
        if base is not None and (base is not session.base or base is session.shown):
            self._let_go()
        elif base is not None:
            self._see_to(base)
        now = self.now
        if now != self._now:
            if self.choice in (self._now, now):
                self._draft(now)
            self._now = now
        run = session.training.current
        if run is not None and run.progress is not None and run.progress.samples_per_second > 0:
            self._speed = run.job.dataset, run.progress.samples_per_second

    def arrived(self) -> Snapshot | None:
        """Return what there is to see of the base that is on its way; None while the map should stay."""
        base, coming = self._session.base, self._session.training.coming
        if base is not self._awaited or base.trained:
            return base.snapshot.read()[1]
        return None if coming is None else coming.snapshot.read()[1]

    def _see_to(self, base: Base) -> None:
        training = self._session.training
        snapshot = base.snapshot.read()[1]
        if snapshot is None or base.dataset is None:
            return
        training.clear()  # or the new one would wait behind them
        coming = training.coming
        if not (base.trained or base.by_itself) and coming is None:
            try:
                training.begin(snapshot.model, base.dataset)
            except SHOWN as error:
                self.give_up(str(error))
        elif coming is not None and coming.join(0) and not coming.snapshot.version:
            self.give_up(coming.error or "")

    def give_up(self, sentence: str = "") -> None:
        """No longer wait for a confirmed model: what is on the map stays, and the choice that it shows."""
        if self._awaited is None:
            return
        self._let_go()
        self._session.base = self._session.shown
        if sentence:
            self._session.error = sentence

    def _let_go(self) -> None:
        training = self._session.training
        if training.coming is not None:
            training.coming.stop()
        self._awaited = training.coming = None

    # -- keeping the draft whole -------------------------------------------------------------------------

    @param.depends("model", watch=True)
    def _suit_family(self) -> None:
        if self._quiet:
            return
        kept = self.knobs.settings()
        sphere = models.spherical(self.model)
        latent = self.latent
        if sphere and latent < GLOBE:
            self._flat, latent = latent, GLOBE
        elif not sphere and self._flat is not None and latent == GLOBE:
            latent = self._flat
        if not sphere:
            self._flat = None
        low, high = self.param.latent.bounds = models.latent_range(self.model)
        self.latent = min(max(latent, low), high)
        self._set_knobs(self.model, kept)

    @param.depends("source", watch=True)
    def _go_over(self) -> None:
        if not self._quiet and not self.question:
            self._go()

    def _go(self) -> None:
        self._now = self.choice  # so that a choice that fails before the next turn is taken back
        self._session.choose(self._now)

    @param.depends("source", "model", "latent", watch=True)
    def _ring(self, *_: object) -> None:
        if not self._quiet:
            self._session.errands.ring()

    def _draft(self, choice: Choice) -> None:
        self._quiet = True
        try:
            self._add_source(choice.source)
            self.source = choice.source
            if choice.model not in self.param.model.objects:
                self.param.model.objects = [*models.names(), choice.model]
            self.model = choice.model
            known = choice.model in models.names()
            low, high = self.param.latent.bounds = models.latent_range(choice.model if known else "vae")
            self.latent = min(max(int(choice.latent), low), high)
            self._set_knobs(choice.model, dict(choice.options))
            self._flat = None
        finally:
            self._quiet = False

    def _set_knobs(self, family: str, values: Mapping[str, object]) -> None:
        before = self.knobs
        if before is not None and before.options == Knobs.options_of(family):
            before.turn(values)
            return
        made = Knobs.of(family, values)
        if made.options:
            made.param.watch(self._ring, list(made.options))
        self.knobs = made

    def _add_source(self, source: str) -> None:
        if source not in self._sources.values():
            self._sources = {**self._sources, Path(source).name: source}
        if dict(self.param.source.names or {}) != self._sources:
            self.param.source.objects = dict(self._sources)

    def _another_model(self, now: Choice, draft: Choice) -> bool:
        options = self.knobs.options
        shaping = (
            {
                (name, value)
                for name, value in choice.options
                if name not in options or not options[name].loss_only
            }
            for choice in (now, draft)
        )
        return (draft.model, draft.latent) != (now.model, now.latent) or len(set(map(frozenset, shaping))) > 1

    def _effort(self, draft: Choice) -> str:
        """How long it will take, as far as that can be told."""
        scene = self._session.scene
        if scene is None or draft.source != self.now.source:
            return ""
        samples = len(scene.dataset.train)
        epochs = (
            default_plan(samples).epochs
            if samples <= base_models.SMALL
            else self._session.training.plan.epochs
        )
        seconds = ""
        if self._speed is not None and self._speed[0] is scene.dataset:
            seconds = (
                f", about {_duration(epochs * samples / self._speed[1])} at the speed of the last training"
            )
        return f" ({epochs} epochs{seconds})"


def _duration(seconds: float) -> str:
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"
