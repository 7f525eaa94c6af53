"""Fill the warehouse, look into it, keep it sound."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from warehouse.options import DEFAULT_WAREHOUSE, WarehouseOption

app = typer.Typer(no_args_is_help=True, help=__doc__)


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print the rows.")]


@app.command()
def ingest(warehouse: WarehouseOption = DEFAULT_WAREHOUSE) -> None:
    """Bring runs that are new into the database; doing it again changes nothing."""
    from warehouse.errors import WarehouseError
    from warehouse.ingest import ingest as ingest_runs
    from warehouse.layout import Layout

    if not warehouse.is_dir():
        raise WarehouseError(f"no directory {warehouse}: `repdrift collect run` makes one")
    report = ingest_runs(Layout(warehouse), on_wait=_say)
    _say(f"{report.n_new} new, {report.n_changed} changed, {report.n_known} known runs")
    for problem in report.problems:
        _say(f"left out: {problem}")
    if report.problems:
        raise typer.Exit(1)


@app.command("import")
def import_runs(
    mapping: Annotated[
        str, typer.Argument(help="Name of a shipped mapping, or path of a TOML file.")
    ],
    directory: Annotated[
        Path, typer.Argument(help="Directory with the files.", exists=True, file_okay=False)
    ],
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
) -> None:
    """Bring in runs that others logged, as a mapping file says; doing it again changes nothing."""
    from warehouse.importers.imported import land
    from warehouse.importers.mapping import read_mapping
    from warehouse.importers.tabular import read_tables
    from warehouse.layout import Layout

    report = land(Layout(warehouse), read_tables(directory, read_mapping(mapping)))
    for line in report.unmapped:
        _say(f"not mapped: {line}")
    for line in report.problems:
        _say(f"left out: {line}")
    _say(f"{report.n_new} runs imported, {report.n_known} known")
    ingest(warehouse)
    if report.problems:
        raise typer.Exit(1)


@app.command()
def describe(
    relation: Annotated[
        str | None, typer.Argument(help="Table or view whose columns to describe.")
    ] = None,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    output: FormatOption = Format.table,
) -> None:
    """Print what the tables and views are, or the columns of one."""
    from warehouse.connection import connect
    from warehouse.describe import described_columns, described_relations
    from warehouse.output import FORMATS

    with connect(warehouse, on_wait=_say) as con:
        rows = described_columns(con, relation) if relation else described_relations(con)
    typer.echo(FORMATS[output](rows), nl=False)


def sql(
    query: Annotated[str, typer.Argument(help="One SELECT.")],
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    output: FormatOption = Format.table,
) -> None:
    """Run a query on the warehouse, read-only and shut off from everything else."""
    from warehouse.connection import connect
    from warehouse.layout import Layout
    from warehouse.output import FORMATS
    from warehouse.sandbox import close_sandbox, query_rows

    with connect(warehouse, on_wait=_say) as con:
        close_sandbox(con, Layout(warehouse))
        rows = query_rows(con, query)
    typer.echo(FORMATS[output](rows), nl=False)


def _say(line: str) -> None:
    typer.echo(line, err=True)
