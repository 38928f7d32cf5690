"""The command line."""

from __future__ import annotations

import typer

from explorer.cli import runs
from explorer.cli.serve import serve
from explorer.cli.train import train

app = typer.Typer(
    help="See, touch and change the latent space of an autoencoder.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _root() -> None:
    """See, touch and change the latent space of an autoencoder."""


app.command()(serve)
app.command()(train)
app.add_typer(runs.app, name="runs")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
