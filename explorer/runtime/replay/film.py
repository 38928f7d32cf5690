"""Films of kept runs: their epochs are placed on a map, and written moment by moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from explorer.core import projections
from explorer.core.datasets import Dataset
from explorer.core.errors import Cancelled, ExplorerError
from explorer.core.progress import Progress, Stop, never, silent
from explorer.core.projections.layout import Layout
from explorer.core.projections.turnable.orientation import Orientation
from explorer.core.rendering.colouring import Colouring, colouring
from explorer.core.rendering.film import Film
from explorer.core.rendering.film import check as check_shot
from explorer.core.rendering.film_writer import KINDS, write
from explorer.core.rendering.painter import Style
from explorer.core.scene.scene import Scene
from explorer.core.scene.viewport import Viewport
from explorer.runtime.replay.epochs_on_map import EpochsOnMap
from explorer.runtime.store.reader import KeptRun

_PLACING = 0.2  # of the progress


@dataclass(frozen=True, slots=True)
class Shot:
    """The settings of a film: its size, its speed, its orientation.

    Attributes
    ----------
    width, height, fps, speed
        As in `Film`.
    aligned
        Whether each epoch's map is turned to match the last one's.
    view
        As in `Film`.
    """

    width: int = 720
    height: int = 640
    fps: int = 20
    speed: float = 4.0
    aligned: bool = True
    orientation: Orientation | None = None
    view: Viewport | None = None


def film(
    track: EpochsOnMap,
    path: Path,
    shot: Shot,
    style: Callable[[Scene], Style],
    stop: Stop = never,
    progress: Progress = silent,
) -> None:
    """Place what is not placed yet of a run, and write the film of it.

    Raises
    ------
    ExplorerError, StoreError
        As `write` and `EpochsOnMap` do.
    Cancelled
        When `stop` turned true.
    """
    check(track.kept, path, shot)
    while (epoch := track.next()) is not None:
        if stop():
            raise Cancelled("the film was given up while its epochs were read.")
        track.place(epoch)
        progress(_PLACING * track.share)
    last = track.evolution.epochs[-1] if track.evolution.epochs else track.last
    scene = track.scene(last, last, shot.aligned)
    made = Film(
        track.evolution,
        scene,
        style(scene),
        f"{track.dataset.name} · {track.kept.record.name}",
        shot.width,
        shot.height,
        shot.fps,
        shot.speed,
        shot.aligned,
        shot.orientation,
        shot.view,
    )
    write(made, path, stop, lambda share: progress(_PLACING + (1 - _PLACING) * share))


def film_kept(
    kept: KeptRun,
    path: Path,
    shot: Shot,
    *,
    dataset: Dataset | None = None,
    projection: str = "",
    colour_by: str = "label",
    theme: str = "light",
    progress: Progress = silent,
) -> None:
    """The same from Python and from a terminal: of the run alone."""
    check(kept, path, shot)
    data = kept.dataset() if dataset is None else dataset
    kept.check(data)
    model = kept.model()
    name = projection or projections.suiting(model.latent, sphere=model.sphere)[0]
    if not projections.family(name).exact:
        raise ExplorerError(
            f"{name!r} is computed on the page, and filmed from there; choose from "
            f"{', '.join(n for n in projections.suiting(model.latent, sphere=model.sphere) if _exact(n))}."
        )
    track = EpochsOnMap(kept, data, Layout(name))

    def style(scene: Scene) -> Style:
        by = colour_by if colour_by != "label" or data.y is not None else "split"
        found: Colouring = colouring(scene, by)
        return Style(found, theme=theme)

    film(track, path, shot, style, progress=progress)


def check(kept: KeptRun, path: Path, shot: Shot) -> None:
    """Raise an `ExplorerError` for what can be no film before any work is done."""
    if path.suffix.lower() not in KINDS:
        raise ExplorerError(
            f"a film cannot be written as {path.name!r}; end its name in {' or '.join(KINDS)}."
        )
    if len(kept.epochs) < 2:
        raise ExplorerError(
            f"{kept.record.name!r} has one epoch, where it started, which is no film; train it first."
        )
    check_shot(shot.width, shot.height, shot.fps, shot.speed, kept.epochs[-1].epoch)


def _exact(name: str) -> bool:
    return projections.family(name).exact
