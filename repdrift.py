"""What fine-tuning does to the representations of pre-trained vision models, and whether it matters."""

import typer

from analysis.cli import app as analysis
from collect.cli import app as collect
from reports.cli import app as report
from warehouse.cli import app as warehouse
from warehouse.cli import sql
from warehouse.errors import RepdriftError

app = typer.Typer(
    help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.add_typer(collect, name="collect")
app.add_typer(warehouse, name="warehouse")
app.add_typer(analysis, name="analysis")
app.add_typer(report, name="report")
app.command()(sql)


def main() -> None:
    """Run the command line; print an expected error as one line."""
    try:
        app()
    except RepdriftError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from error
