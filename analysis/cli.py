"""The `repdrift analysis` commands."""

import typer

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.callback()
def root() -> None:
    """Commands of this group."""
