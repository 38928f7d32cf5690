"""`latent-explorer serve`: the app, opened on a data set."""

from __future__ import annotations

import gc
import os
import socket
import sys
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer

from explorer.cli.exit_code import sentence_on_error
from explorer.cli.train import progress

if TYPE_CHECKING:
    from explorer.core.datasets import Dataset
    from explorer.runtime.base import Choice
    from explorer.runtime.store.reader import KeptRun
    from models import Autoencoder


def serve(
    context: typer.Context,
    dataset: Annotated[
        str,
        typer.Option(
            help="A name (digits, iris, mnist, ...), the path of a folder of images, an .npz, a .csv or a "
            ".parquet file, or package.module:attribute."
        ),
    ] = "digits",
    model: Annotated[
        str, typer.Option(help="A family of autoencoder: ae, vae, sphere-ae or sphere-vae.")
    ] = "vae",
    latent: Annotated[int, typer.Option(help="Latent dimensions, 1 or more.")] = 2,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Weights kept by models.save, instead of a new model.")
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(
            help="A run that is kept, by its id, the beginning of it, or its name: it opens with its own "
            "data and model. Else the newest finished one of that data and model opens, if there is one."
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 5006,
    address: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Where data sets are read from and downloaded to; else EXPLORER_DATA, else the user's cache."
        ),
    ] = None,
    open_browser: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open",
            help="Open a browser; by default in a terminal that has a display to open it on.",
        ),
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Log much, and show the traceback of an error.")
    ] = False,
) -> None:
    """Open the app on a data set."""
    own = {name for name in ("dataset", "model", "latent", "checkpoint") if _is_given(context, name)}
    with sentence_on_error(debug):
        _check_free(address, port)
        if run is None:
            opened = _chosen(dataset, model, latent, checkpoint, data_dir)
        else:
            opened = _kept(run, dataset if "dataset" in own else None, own - {"dataset"}, data_dir)
        _serve(*opened, port, address, data_dir, _wanted(open_browser))


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def _chosen(
    dataset: str, model: str, latent: int, checkpoint: Path | None, data_dir: Path | None
) -> tuple[Choice, Dataset, Autoencoder | None, KeptRun | None]:
    import models
    from explorer.core.datasets import load_dataset
    from explorer.core.latent.batches import check_fits

    # What cannot be used is said before the rest is imported, and before a long download where possible.
    models.options(model)
    given = None if checkpoint is None else models.load(checkpoint)
    data = load_dataset(dataset, folder=data_dir, progress=progress)
    if given is None:
        models.create(model, shape=data.shape, latent=latent)
    else:
        check_fits(given, data)
    from explorer.runtime.base import Choice

    return Choice(dataset, model, latent), data, given, None


def _kept(
    run: str, dataset: str | None, others: set[str], data_dir: Path | None
) -> tuple[Choice, Dataset, None, KeptRun]:
    from explorer.core.datasets import load_dataset
    from explorer.core.errors import StoreError
    from explorer.runtime import runs
    from explorer.runtime.base import Choice

    if others:
        named = ", ".join(f"--{name}" for name in sorted(others))
        raise StoreError(f"a run has a model of its own; give --run without {named}.")
    kept = runs.open(run)
    record = kept.record
    if dataset is None:
        data = kept.dataset(data_dir)
    else:
        data = load_dataset(dataset, folder=data_dir, progress=progress)
        kept.check(data)
    return Choice(record.dataset["source"], record.model["name"], record.model["latent"]), data, None, kept


def _serve(
    start: Choice,
    data: Dataset,
    given: Autoencoder | None,
    kept: KeptRun | None,
    port: int,
    address: str,
    data_dir: Path | None,
    open_browser: bool,
) -> None:
    import panel as pn

    from explorer.services import Services
    from explorer.views.page.page import pages

    services = Services(data_folder=data_dir, start=start)
    try:
        services.bases.hold(start.source, data)
        base = None if given is None else services.bases.given(data, given)
        if kept is not None:
            base = services.bases.opened(services.store, kept.record)
        # What is imported stays: looking for garbage when a tab has closed passes it over. That took
        # 0.3 s, in which nothing moved on anybody's page.
        gc.freeze()
        Thread(target=services.warm_up, args=(base,), name="warm-up", daemon=True).start()
        typer.echo(f"Latent Explorer: http://{address}:{port}/  (Ctrl+C ends it)")
        pn.serve(
            {"/": pages(services, base)},
            port=port,
            address=address,
            show=open_browser,
            title="Latent Explorer",
            websocket_max_message_size=150 * 1024 * 1024,
            verbose=False,
        )
    finally:
        services.close()


def _check_free(address: str, port: int) -> None:
    """Raise an `OSError` with a sentence where that port is taken."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":  # as the server does: a port that was left a moment ago is free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except OSError as error:
        raise OSError(
            f"cannot listen on port {port} of {address} ({error.strerror or error}); "
            "give another --port or --address."
        ) from error


def _wanted(open_browser: bool | None) -> bool:
    """Decide whether to open a browser: as told, else where there is a terminal with a display.

    Without a display, what opens is a browser in the terminal, or nothing.
    """
    if open_browser is not None:
        return open_browser
    display = (
        sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    return bool(display) and sys.stdout.isatty()
