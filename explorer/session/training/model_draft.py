"""The draft of the next choice of data and model, and what confirming it means."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import param

import models
from explorer.core.datasets import Dataset, dataset_names
from explorer.core.settings.model import Knobs, non_default
from explorer.runtime import base_models
from explorer.runtime.base import Choice
from explorer.runtime.run import Run
from explorer.session.state import State
from explorer.session.tasks import Tasks
from explorer.session.training.settings import TrainingSettings
from models import default_plan

GLOBE = 3  # coordinates of the sphere that has maps; on two the codes lie on a circle


class ModelDraft(param.Parameterized):
    """A draft of the next choice of data set, family, latent dimension and knobs.

    Another family, latent dimension or body is another model, which has to be confirmed. What only weighs
    the loss goes on with the same weights and holds from the next training.

    Attributes
    ----------
    quiet
        Whether the draft follows what holds, rather than the user.
    followed
        The choice that it has followed last.
    """

    source: param.Selector[str] = param.Selector(
        doc="digits and iris come with scikit-learn; the others are read from the data folder."
    )
    model: param.Selector[str] = param.Selector(
        default="vae",
        objects=list(models.names()),
        doc=" ".join(f"{name}: {models.describe(name)}" for name in models.names()),
    )
    latent = param.Integer(
        2,
        bounds=models.latent_range("vae"),
        doc="Coordinates of the latent space; a globe has three. Needs a new model.",
    )
    knobs = cast(  # there from the start: __init__ sets them
        "param.ClassSelector[Knobs]", param.ClassSelector(class_=Knobs, doc="The options of the family.")
    )

    def __init__(self, state: State, tasks: Tasks, settings: TrainingSettings) -> None:
        super().__init__()
        self._state, self._tasks, self._settings = state, tasks, settings
        self.quiet = False
        self._flat: int | None = None  # the latent dimension before a sphere asked for another
        self._speed: tuple[Dataset, float] | None = None  # of the last training seen, in samples per second
        self._sources = {name: name for name in dataset_names()}
        self.followed = state.base.choice
        self._draft(self.followed)

    # -- the draft ---------------------------------------------------------------------------------------

    @property
    def choice(self) -> Choice:
        """The draft."""
        return Choice(self.source, self.model, self.latent, self.knobs.changed())

    @property
    def now(self) -> Choice:
        """The choice that holds: the one on its way to the map, or else the one on it."""
        state, scene = self._state, self._state.scene
        if scene is None or state.base is not state.shown:
            return state.base.choice
        model = scene.model
        options = non_default(Knobs.options_of(model.name), model.config)
        return Choice(state.base.choice.source, model.name, model.latent, options)

    @property
    def question(self) -> str:
        """A sentence on what confirming the draft means; empty where nothing is to be confirmed."""
        now, draft = self.now, self.choice
        if self.is_another_model:
            return (
                f"This needs a new model: it is trained from scratch{self._effort(draft)}, unless one was "
                "kept. The map stays until there is something of it to see."
            )
        if draft.source != now.source and self._state.run is not None:
            return "Another data set lets go of the model that you have trained."
        return ""

    @property
    def note(self) -> str:
        """A sentence on the changes that hold from the next training; empty where none does."""
        names = ", ".join(name.replace("_", " ") for name in self.loss_weights())
        return f"The new {names} holds from the next training, which goes on with the same weights." * bool(
            names
        )

    def loss_weights(self) -> Mapping[str, object]:
        """Options of the draft that the next training weighs its loss by, other than the model on the map."""
        now, draft = self.now, self.choice
        if self._state.base is not self._state.shown or draft.model != now.model or self.question:
            return {}
        held = dict(now.options)
        options = self.knobs.options
        return {
            name: value
            for name, value in self.knobs.settings().items()
            if options[name].loss_only and value != held.get(name, options[name].default)
        }

    def restore(self, choice: Choice) -> None:
        """Go back to a former draft of the same data."""
        self._draft(choice)
        self._tasks.ring()

    def discard(self) -> None:
        """Go back to what holds."""
        self._draft(self.now)
        self._tasks.ring()

    def offer(self, path: Path) -> None:
        """Add a file to the sources, and choose it."""
        self._add_source(str(path))
        self.source = str(path)

    def settle(self) -> Choice:
        """Take the draft for what holds, and return it: a choice that fails is then taken back."""
        self.followed = self.choice
        return self.followed

    def follow(self, run: Run | None) -> None:
        """Follow what holds by now, unless the user has drafted something else.

        Parameters
        ----------
        run
            The run to estimate a training's speed from.
        """
        now = self.now
        if now != self.followed:
            if self.choice in (self.followed, now):
                self._draft(now)
            self.followed = now
        if run is not None and run.progress is not None and run.progress.samples_per_second > 0:
            self._speed = run.job.dataset, run.progress.samples_per_second

    @property
    def is_another_model(self) -> bool:
        """True where the draft needs a model other than the one that holds."""
        now, draft, options = self.now, self.choice, self.knobs.options
        shaping = (
            {
                (name, value)
                for name, value in choice.options
                if name not in options or not options[name].loss_only
            }
            for choice in (now, draft)
        )
        return (draft.model, draft.latent) != (now.model, now.latent) or len(set(map(frozenset, shaping))) > 1

    # -- keeping the draft whole -------------------------------------------------------------------------

    @param.depends("model", watch=True)
    def _suit_family(self) -> None:
        if self.quiet:
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

    @param.depends("source", "model", "latent", watch=True)
    def _ring(self, *_: object) -> None:
        if not self.quiet:
            self._tasks.ring()

    def _draft(self, choice: Choice) -> None:
        self.quiet = True
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
            self.quiet = False

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

    def _effort(self, draft: Choice) -> str:
        """Return the time that a training will take, in words, as far as that is known."""
        scene = self._state.scene
        if scene is None or draft.source != self.now.source:
            return ""
        samples = len(scene.dataset.train)
        epochs = default_plan(samples).epochs if samples <= base_models.SMALL else self._settings.plan.epochs
        seconds = ""
        if self._speed is not None and self._speed[0] is scene.dataset:
            seconds = (
                f", about {_duration(epochs * samples / self._speed[1])} at the speed of the last training"
            )
        return f" ({epochs} epochs{seconds})"


def _duration(seconds: float) -> str:
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"
