"""The services that the sessions of a process share, composed once."""

from __future__ import annotations

import atexit
import logging
from collections.abc import Callable
from functools import cache, lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from threading import Event
from typing import Any
from weakref import WeakSet

from explorer.core import projections
from explorer.core.columns.columns import check
from explorer.core.columns.table import ColumnTable
from explorer.core.datasets import Dataset
from explorer.core.latent.cloud import Cloud
from explorer.core.lru import LRU
from explorer.core.paths import home_folder
from explorer.core.progress import Progress, Stop, silent
from explorer.core.projections import Projection
from explorer.core.projections.layout import Computed, Layout
from explorer.core.rendering import cloud_3d, panning, png, shade
from explorer.core.rendering.colouring import Colouring, coloured, menu
from explorer.core.rendering.painter import MapRequest, Painter, Style
from explorer.core.scene.inversion import prepared
from explorer.core.scene.scene import Scene, lay_out
from explorer.core.scene.viewport import Viewport
from explorer.core.selection import brush
from explorer.runtime.base import Base, Choice
from explorer.runtime.base_models import Bases
from explorer.runtime.concurrency.wakeups import Wakeups
from explorer.runtime.concurrency.worker import Newest, Task, task_worker
from explorer.runtime.handover import GRACE, Tabs
from explorer.runtime.projection_fit import Fit
from explorer.runtime.saved_views import FOLDER, SavedViews
from explorer.runtime.store.store import RUNS, RunStore
from explorer.runtime.training.slot import TrainingSlot
from models import Autoencoder

_log = logging.getLogger(__name__)


class Services:
    """Workers, wake-ups, base models and the training slot.

    Parameters
    ----------
    home
        Where runs and trained models are kept; None is ``EXPLORER_HOME`` or the user's own folder.
    data_folder
        Where data sets are read from; None is ``EXPLORER_DATA`` or the user's own folder.
    start
        The choice that a new session opens with.
    grace
        Seconds that a training goes on without its page, for one that is only loaded anew.
    """

    def __init__(
        self,
        *,
        home: Path | None = None,
        data_folder: Path | None = None,
        start: Choice | None = None,
        grace: float = GRACE,
    ) -> None:
        self.start = start or Choice()
        self.first: Base | None = None
        self._first_laid_out = False
        self.wakeups = Wakeups()
        self._workers: list[Newest[Task]] = []
        self.frames = self._worker("frames")
        self.maps = self._worker("maps")
        self.scenes = self._worker("scenes")
        self.extras = self._worker("extras")
        self.neighbours = self._worker("neighbours")
        # Each takes half a minute or some seconds, so that no other session should wait behind it.
        self.fits = self._worker("fits")
        self.placings = self._worker("placings")
        self.histories = self._worker("histories")
        self.watching = self._worker("watching")
        self.epochs = self._worker("epochs")
        self.films = self._worker("films")
        self.measures = self._worker("measures")
        self.computed: LRU[Computed] = LRU(8)
        self.under_way: WeakSet[Fit] = WeakSet()
        home = home or home_folder()
        self.store = RunStore(home / RUNS)
        self.views = SavedViews(home / FOLDER)
        self.slot = TrainingSlot(store=self.store)
        self.tabs = Tabs(grace)
        self.bases = Bases(self.slot, home / "models", data_folder, self._changed, self.store)
        self.painter = Painter()
        # Keyed by identity: scenes, clouds and models compare by it. A few of each, so that what
        # sessions have in common is computed once and what is no longer shown goes.
        self._first_scene = lru_cache(4)(lay_out)
        self.with_neighbours = lru_cache(4)(Scene.with_neighbours)
        self.lift = lru_cache(4)(prepared)
        self.ending = Event()  # for what takes long: it is no longer wanted
        self.columns = ColumnTable()
        self._colourings: LRU[Colouring] = LRU(8)
        self._uploads = TemporaryDirectory(prefix="latent-explorer-")
        self.sessions: WeakSet[Any] = WeakSet()  # for those who ask whether any is alive

    def lay_out(
        self,
        dataset: Dataset,
        model: Autoencoder,
        cloud: Cloud,
        projection: str | Layout,
        like: Projection | None,
    ) -> Scene:
        """Return the scene of a cloud; sessions that open on the same one share it."""
        layout = Layout(projection) if isinstance(projection, str) else projection
        if like is None or layout.computed is not None:
            return self._first_scene(dataset, model, cloud, layout)
        return lay_out(dataset, model, cloud, layout, like)

    def colouring(
        self, scene: Scene, name: str, *, stop: Stop | None = None, progress: Progress = silent
    ) -> Colouring:
        """Return the colouring of a scene by a column; sessions share it."""
        found = self._colourings.get((scene, name))
        if found is None:
            column = check(scene, name)
            values = self.columns.values(scene, name, stop=stop or self.ending.is_set, progress=progress)
            found = coloured(scene, column, values)
            self._colourings.put((scene, name), found)
        return found

    def warm_up(self, base: Base | None = None) -> None:
        """Compile every kernel and make what sessions open with ready, before the first user comes.

        Parameters
        ----------
        base
            What they open with; None is the first choice.
        """
        shade.warm_up()
        panning.warm_up()
        png.warm_up()
        brush.warm_up()
        cloud_3d.warm_up()
        self.first = base or self.bases.get(self.start, allow_import=True)
        self._changed()

    def _changed(self) -> None:
        self.wakeups.ring()
        first = self.first
        snapshot = first.snapshot.read()[1] if first is not None else None
        if first is None or first.dataset is None or snapshot is None or self._first_laid_out:
            return
        self._first_laid_out = True
        what = first.dataset, snapshot.model, snapshot.cloud
        name = projections.suiting(snapshot.model.latent, sphere=snapshot.model.sphere)[0]
        self._warm(self.scenes, partial(self.lay_out, *what, name, None), self._paint_first)

    def _paint_first(self, scene: Scene) -> None:
        style = Style(self.colouring(scene, next(iter(menu(scene).values()))))
        request = MapRequest(scene, style, Viewport.around(scene.home, 700, 600), home=True, sequence=0)
        self._warm(self.maps, partial(self.painter.paint, request), lambda _: None)

    def _warm(self, worker: Newest[Task], work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        worker.ask("first", Task(work, done, _log.warning))

    def _worker(self, name: str) -> Newest[Task]:
        worker = task_worker(name)
        self._workers.append(worker)
        return worker

    def keep_upload(self, name: str, content: bytes) -> Path:
        """Put a file that came through the browser where it can be read from; gone when the process ends."""
        folder = Path(mkdtemp(dir=self._uploads.name))
        path = folder / Path(name).name
        path.write_bytes(content)
        return path

    def close(self) -> None:
        """End every thread. Idempotent."""
        self.ending.set()
        for session in tuple(self.sessions):
            session.close()
        for fit in tuple(self.under_way):
            fit.cancel()
        self.tabs.close()
        self.slot.close()  # before the bases: one waits for its training
        self.bases.close()
        for worker in self._workers:
            worker.close()
        self._uploads.cleanup()


@cache
def shared() -> Services:
    """Return the services of this process, made on first use and closed at its end."""
    services = Services()
    atexit.register(services.close)
    return services
