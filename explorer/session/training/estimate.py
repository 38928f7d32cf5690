"""The time that the first training of the model on the map will take."""

from __future__ import annotations

from functools import partial

from explorer.runtime.training.speed import samples_per_second
from explorer.services import Services
from explorer.session.state import State
from explorer.session.tasks import Tasks
from explorer.session.training.settings import TrainingSettings
from models import Autoencoder


class TrainingEstimate:
    """Measures, once for a model that nothing has trained, how fast it trains."""

    def __init__(self, state: State, tasks: Tasks, services: Services, settings: TrainingSettings) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self._settings = settings
        self._measured: Autoencoder | None = None
        self._speed: float | None = None  # in samples per second

    @property
    def seconds(self) -> float | None:
        """Seconds that the planned epochs take on all training samples; None where that is not known."""
        scene = self._state.scene
        if self._speed is None or scene is None or scene.model is not self._measured:
            return None
        epochs: int = self._settings.plan.epochs
        return epochs * len(scene.dataset.train) / self._speed

    def follow(self, *, busy: bool) -> None:
        """Measure the model on the map where that is due. On the session's own thread."""
        scene = self._state.scene
        if scene is None or busy or not self._state.untrained or scene.model is self._measured:
            return
        self._measured, self._speed = scene.model, None
        work = partial(
            samples_per_second,
            scene.model,
            scene.dataset,
            self._settings.plan.batch_size,
            self._services.slot.device,
            stop=self._services.ending.is_set,
        )
        done, refused = partial(self._on_measured, scene.model), self._on_refused
        self._tasks.send(self._services.extras, "training speed", work, done, refused)

    def _on_measured(self, model: Autoencoder, speed: float) -> None:
        if model is self._measured:
            self._speed = speed

    def _on_refused(self, sentence: str) -> None:
        """Leave the time unknown: what is wrong with the training is said when it is begun."""
