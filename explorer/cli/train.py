"""`latent-explorer train`: a training without the app, kept in the same store."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from explorer.cli.exit_code import sentence_on_error

if TYPE_CHECKING:
    from explorer.runtime.training.headless import Headless
    from models import Step

INTERRUPTED = 130  # what shells call a command that Ctrl+C ended


def train(
    dataset: Annotated[
        str | None,
        typer.Option(
            help="A name (digits, iris, mnist, ...), the path of a folder of images, an .npz, a .csv or a "
            ".parquet file, or package.module:attribute; digits where none is given."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="A family of autoencoder, vae where none is given: ae, vae, sphere-ae or sphere-vae."
        ),
    ] = None,
    latent: Annotated[int | None, typer.Option(help="Latent dimensions, 2 where none are given.")] = None,
    epochs: Annotated[
        int | None,
        typer.Option(help="Passes over the data; by default what suits their number. With --resume, in all."),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Samples per update of the weights.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The peak step size of the optimiser.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same run; 0 where none.")] = None,
    name: Annotated[str | None, typer.Option(help="What the run is called.")] = None,
    resume: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Go on with a run, by its id or name, where it was left."),
    ] = None,
    tensorboard: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write TensorBoard event files too, into a folder in this one."),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Where data sets are read from and downloaded to; else EXPLORER_DATA, else the user's cache."
        ),
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Log much, and show the traceback of an error.")
    ] = False,
) -> None:
    """Train a model without the app; the run is kept in the store that the app keeps its runs in.

    Each finished epoch is kept at once. Ctrl+C stops after the batch in hand, and --resume goes on.
    """
    asked = Event()
    with sentence_on_error(debug):
        from explorer.core.errors import ExplorerError

        settings = {"batch_size": batch_size, "learning_rate": learning_rate, "seed": seed}
        fixed = {"model": model, "latent": latent, **settings, "name": name}
        if resume is None:
            run = _begun(dataset, data_dir, epochs, fixed, tensorboard, asked.is_set)
        elif given := [f"--{key.replace('_', '-')}" for key, value in fixed.items() if value is not None]:
            raise ExplorerError(
                f"--resume goes on with a run as it was begun; leave {', '.join(given)} away."
            )
        else:
            run = _resumed(resume, dataset, data_dir, epochs, tensorboard, asked.is_set)
        typer.echo(f"run {run.run}, {run.name!r}")
        with _heeding(asked):
            last = _follow(run)
    _say_how_it_ended(run, last, stopped=asked.is_set())


def _say_how_it_ended(run: Headless, last: Step | None, *, stopped: bool) -> None:
    if stopped:
        typer.echo(f"Stopped; go on with: latent-explorer train --resume {run.run}")
        raise typer.Exit(INTERRUPTED)
    typer.echo(f"Done. {_terms(last)}" if last else "There was nothing left to train; give more --epochs.")


def _begun(
    dataset: str | None,
    data_dir: Path | None,
    epochs: int | None,
    given: Mapping[str, Any],
    tensorboard: Path | None,
    stop: Callable[[], bool],
) -> Headless:
    import models
    from explorer.core.datasets import load_dataset
    from explorer.core.datasets.lasting import lasting
    from explorer.runtime import runs
    from explorer.runtime.run import Job
    from explorer.runtime.training import headless

    family = str(given["model"] or "vae")
    models.options(family)  # before a long download
    data = load_dataset(dataset or "digits", folder=data_dir, progress=progress)
    seed: dict[str, Any] = {} if given["seed"] is None else {"seed": given["seed"]}
    latent = 2 if given["latent"] is None else given["latent"]
    job = Job(
        models.create(family, shape=data.shape, latent=latent, **seed),
        data,
        epochs=epochs,
        batch_size=given["batch_size"],
        learning_rate=given["learning_rate"],
        name=str(given["name"] or ""),
        source=lasting(dataset or "digits"),
        tensorboard=tensorboard,
        **seed,
    )
    return headless.begin(runs.store(), job, stop)


def _resumed(
    run: str,
    dataset: str | None,
    data_dir: Path | None,
    epochs: int | None,
    tensorboard: Path | None,
    stop: Callable[[], bool],
) -> Headless:
    from explorer.core.datasets import load_dataset
    from explorer.runtime import runs
    from explorer.runtime.training import headless

    kept = runs.store()
    data = None if dataset is None else load_dataset(dataset, folder=data_dir, progress=progress)
    record = kept.find(run)
    return headless.go_on(
        kept, record, epochs=epochs, stop=stop, dataset=data, data_folder=data_dir, tensorboard=tensorboard
    )


def _follow(run: Headless) -> Step | None:
    """Show how far it is until it ends; its last finished epoch, or None."""
    plan = run.job.plan
    done = 0 if run.job.start is None else run.job.start.epoch
    last = None
    hidden = not sys.stderr.isatty()
    with typer.progressbar(
        length=plan.epochs * run.job.samples, label="Training", file=sys.stderr, hidden=hidden
    ) as bar:
        bar.update(done * run.job.samples)
        for step in run:
            bar.label = f"Epoch {step.epoch}/{step.epochs}, {_terms(step)}"
            bar.update(step.seen - bar.pos)
            if step.epoch_done:
                last = step
                if hidden and (step.epoch * 10 // step.epochs) > (step.epoch - 1) * 10 // step.epochs:
                    typer.echo(bar.label, err=True)
    return last


def _terms(step: Step) -> str:
    told = f"loss {step.terms['loss']:.4g}"
    if step.held_out is not None:
        told += f" (held out {step.held_out['loss']:.4g})"
    return f"{told} nats per sample"


@contextmanager
def _heeding(asked: Event) -> Iterator[None]:
    """Ctrl+C asks to stop; the second one ends at once."""

    def ask(_signal: int, _frame: FrameType | None) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def progress(fraction: float, message: str) -> None:
    """Show how far a download or the loading of data is."""
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        typer.echo(f"\r{message} {fraction:4.0%}", err=True, nl=fraction >= 1)
