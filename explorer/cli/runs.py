"""`latent-explorer runs`: the runs that are kept, and what can be done with them."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from explorer.cli.exit_code import sentence_on_error

if TYPE_CHECKING:
    from explorer.runtime.store.records import RunRecord
    from explorer.runtime.store.store import RunStore

app = typer.Typer(help="List the runs that are kept, and look after them.", add_completion=False)

Named = Annotated[str, typer.Argument(metavar="RUN", help="A run: its id, the beginning of it, or its name.")]
SHOWN = {"name": "name", "state": "state", "epoch": "epoch", "epochs": "of", "dataset": "data"}
SHOWN |= {"model": "model", "latent": "latent", "loss": "loss", "held_out_loss": "held out"}


@app.callback(invoke_without_command=True)
def table(
    context: typer.Context,
    search: Annotated[
        str, typer.Option(help="Only those whose name, note, id, data set or model has all these words.")
    ] = "",
    deleted: Annotated[bool, typer.Option("--deleted", help="Those that were deleted, instead.")] = False,
) -> None:
    """List the runs that are kept, newest first; losses are nats per sample."""
    if context.invoked_subcommand is not None:
        return
    with sentence_on_error(False):
        from explorer.runtime import runs

        frame = runs.table(search, trashed=deleted)
        if frame.empty:
            what = "No deleted run" if deleted else "No run"
            typer.echo(f"{what} {'matches' if search else 'is kept yet; `latent-explorer train` makes one'}.")
            return
        shown = frame[list(SHOWN)].rename(columns=SHOWN).reset_index()
        typer.echo(shown.to_string(index=False, na_rep="-", float_format=lambda value: f"{value:.4g}"))


@app.command()
def show(run: Named) -> None:
    """Show a run and its epochs."""
    with sentence_on_error(False):
        from explorer.runtime import runs

        kept = runs.open(run)
        record = kept.record
        lines = {
            "run": record.id,
            "name": record.name,
            "note": record.note or "-",
            "state": f"{record.state.value}{f': {record.error}' if record.error else ''}",
            "data": f"{record.dataset['name']}, {record.dataset['train']:,} samples to train on",
            "way": f"{'unknown' if record.mode is None else record.mode.value}, on {record.trained_on}",
            "model": ", ".join(f"{key} {value}" for key, value in record.model.items()),
            "plan": ", ".join(f"{key} {value}" for key, value in record.plan.items()),
            "parent": "-" if record.parent is None else f"{record.parent}, epoch {record.parent_epoch}",
            "trained by": f"{record.owner}, on {record.device}",
        }
        for key, value in lines.items():
            typer.echo(f"{key:>10}  {value}")
        if len(kept.epochs) > 1:
            typer.echo(kept.steps().to_string(float_format=lambda value: f"{value:.5g}"))


@app.command()
def rename(run: Named, name: Annotated[str, typer.Argument(help="What it is called from now on.")]) -> None:
    """Give a run another name."""
    with sentence_on_error(False):
        store, record = _found(run)
        store.edit(record.id, name=name)


@app.command()
def note(
    run: Named, text: Annotated[str, typer.Argument(help="The note, in place of the one there.")]
) -> None:
    """Write a note on a run."""
    with sentence_on_error(False):
        store, record = _found(run)
        store.edit(record.id, note=text)


@app.command()
def delete(run: Named) -> None:
    """Delete a run; `restore` brings it back until `sweep`."""
    with sentence_on_error(False):
        store, record = _found(run)
        store.trash(record.id)
        typer.echo(f"Deleted {record.name!r}; undo with: latent-explorer runs restore {record.id}")


@app.command()
def restore(run: Annotated[str, typer.Argument(metavar="RUN", help="The id of a deleted run.")]) -> None:
    """Bring a deleted run back."""
    with sentence_on_error(False):
        store, record = _found(run)
        store.restore(record.id)


@app.command()
def sweep() -> None:
    """Remove deleted runs for good, and what killed processes left behind."""
    with sentence_on_error(False):
        from explorer.runtime import runs

        gone = runs.store().sweep()
        typer.echo(f"{gone} run{'' if gone == 1 else 's'} removed for good.")


@app.command()
def film(
    run: Named,
    file: Annotated[Path, typer.Argument(help="The film to write, ending in .gif or .mp4.")],
    size: Annotated[str, typer.Option(help="Width and height in pixels.")] = "720x640",
    fps: Annotated[int, typer.Option(help="Frames per second.")] = 20,
    speed: Annotated[float, typer.Option(help="Epochs per second.")] = 4.0,
    projection: Annotated[str, typer.Option(help="A map with a formula; the page's by default.")] = "",
    colour_by: Annotated[str, typer.Option(help="label, split or a column.")] = "label",
    theme: Annotated[str, typer.Option(help="light or dark.")] = "light",
    aligned: Annotated[
        bool, typer.Option("--aligned/--as-they-are", help="Turn each epoch's map to match the last one's.")
    ] = True,
) -> None:
    """Film how a run's map evolved, epoch by epoch."""
    with sentence_on_error(False):
        from explorer.runtime import runs

        width, height = _sides(size)
        with ExitStack() as shown:

            @cache
            def bar() -> Any:  # once there is progress: what cannot be filmed is said without one
                return shown.enter_context(typer.progressbar(length=1000, label="filming"))

            runs.film(
                run,
                file,
                width=width,
                height=height,
                fps=fps,
                speed=speed,
                projection=projection,
                colour_by=colour_by,
                theme=theme,
                aligned=aligned,
                progress=lambda share: bar().update(round(1000 * share) - bar().pos),
            )
        typer.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


def _sides(size: str) -> tuple[int, int]:
    from explorer.core.errors import ExplorerError

    width, _, height = size.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise ExplorerError(f"{size!r} is no size; give width and height in pixels, such as 720x640.")
    return int(width), int(height)


@app.command("export")
def export_to(run: Named, file: Annotated[Path, typer.Argument(help="The file to write, a zip.")]) -> None:
    """Write a run into one file."""
    with sentence_on_error(False):
        from explorer.runtime.store.archive import export_run

        store, record = _found(run)
        export_run(store, record.id, file)


@app.command()
def tensorboard(
    run: Named, folder: Annotated[Path, typer.Argument(help="What `tensorboard --logdir` is given.")]
) -> None:
    """Write TensorBoard event files of a run's epochs."""
    with sentence_on_error(False):
        from explorer.runtime import runs

        typer.echo(f"Written to {runs.open(run).tensorboard(folder)}")


@app.command("import")
def import_from(file: Annotated[Path, typer.Argument(help="A file that `export` wrote.")]) -> None:
    """Take a run out of a file into the store; nothing in it is executed."""
    with sentence_on_error(False):
        from explorer.runtime import runs
        from explorer.runtime.store.archive import import_run

        record = import_run(runs.store(), file)
        typer.echo(f"run {record.id}, {record.name!r}")


def _found(run: str) -> tuple[RunStore, RunRecord]:
    from explorer.runtime import runs

    store = runs.store()
    return store, store.find(run)
