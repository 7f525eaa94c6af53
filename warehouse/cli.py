"""Fill the warehouse, look into it, keep it sound."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warehouse.options import DEFAULT_WAREHOUSE, QuietOption, WarehouseOption

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from warehouse.ingest import IngestReport

app = typer.Typer(no_args_is_help=True, help=__doc__)


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"
    markdown = "markdown"
    latex = "latex"
    parquet = "parquet"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print the rows.")]


@app.command()
def ingest(warehouse: WarehouseOption = DEFAULT_WAREHOUSE, quiet: QuietOption = False) -> None:
    """Bring runs that are new into the database; doing it again changes nothing."""
    from warehouse.ingest import ingest as ingest_runs
    from warehouse.layout import Layout
    from warehouse.progress import bars

    _require_directory(warehouse)
    with bars(quiet=quiet) as on_progress:
        report = ingest_runs(Layout(warehouse), on_wait=_say, on_progress=on_progress)
    _report_ingest(report, quiet=quiet)


@app.command("import")
def import_runs(
    mapping: Annotated[
        str, typer.Argument(help="Name of a shipped mapping, or path of a TOML file.")
    ],
    directory: Annotated[Path, typer.Argument(help="Directory with the files.")],
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    quiet: QuietOption = False,
) -> None:
    """Bring in runs that others logged, as a mapping file says; doing it again changes nothing."""
    from warehouse.importers.imported import land
    from warehouse.importers.mapping import read_mapping
    from warehouse.importers.tabular import read_tables
    from warehouse.layout import Layout
    from warehouse.progress import bars

    read = read_tables(directory, read_mapping(mapping))
    with bars(quiet=quiet) as on_progress:
        report = land(Layout(warehouse), read, on_progress=on_progress)
    for line in report.unmapped:
        _say(f"not mapped: {line}")
    for line in report.problems:
        _say(f"left out: {line}")
    if not quiet:
        _say(f"{report.n_new} runs imported, {report.n_known} known")
    ingest(warehouse, quiet)
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

    with connect(warehouse, on_wait=_say) as con:
        rows = described_columns(con, relation) if relation else described_relations(con)
    _write(rows, output)


@app.command()
def check(warehouse: WarehouseOption = DEFAULT_WAREHOUSE) -> None:
    """Find what is wrong: damaged files, half-written runs, rows that cannot be."""
    from warehouse.check import findings
    from warehouse.layout import Layout

    _require_directory(warehouse)
    found = findings(Layout(warehouse), on_wait=_say)
    for finding in found:
        typer.echo(f"{finding.message} [{finding.remedy}]")
    _say(f"{len(found)} findings" if found else "sound")
    if found:
        raise typer.Exit(1)


@app.command()
def repair(warehouse: WarehouseOption = DEFAULT_WAREHOUSE) -> None:
    """Set damaged runs aside and make the database anew from the others."""
    from warehouse.layout import Layout
    from warehouse.repair import repair as mend

    _require_directory(warehouse)
    report = mend(Layout(warehouse), on_wait=_say)
    for run_id in report.set_aside:
        _say(f"run {run_id} is damaged: moved to {warehouse / 'damaged' / run_id}")
    for run_id in report.removed:
        _say(f"run {run_id} was half written: removed")
    if report.old_database is not None:
        _say(f"the old database is {report.old_database}; `repdrift analysis run` fills results.*")
    _report_ingest(report.ingested)


@app.command()
def export(
    to: Annotated[Path, typer.Argument(help="New directory, or file for one portable database.")],
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
) -> None:
    """Write everything as Parquet into a directory, or into one file that ends in .duckdb."""
    from warehouse.connection import connect
    from warehouse.export import export_database, export_parquet

    if to.suffix == ".duckdb":
        written = [export_database(warehouse, to)]
    else:
        with connect(warehouse, on_wait=_say) as con:
            written = export_parquet(con, to)
    for path in written:
        typer.echo(path)


@app.command()
def diff(
    a: Annotated[Path, typer.Argument(help="Warehouse directory.")],
    b: Annotated[Path, typer.Argument(help="Warehouse directory.")],
    output: FormatOption = Format.table,
) -> None:
    """List what differs between two warehouses: runs, numbers, conclusions; exit 1 if anything."""
    from warehouse.diff import differences

    found = differences(a, b)
    _write(found, output)
    if len(found):
        raise typer.Exit(1)


def sql(
    query: Annotated[
        str | None, typer.Argument(help="One SELECT, @NAME of a saved query, or @FILE.sql.")
    ] = None,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", help="name=value for $name in the query; repeatable."),
    ] = None,
    output: FormatOption = Format.table,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write instead of the terminal.")
    ] = None,
    list_queries: Annotated[
        bool, typer.Option("--list", help="List the saved queries and their parameters.")
    ] = False,
) -> None:
    """Run a query on the warehouse, read-only and shut off from everything else."""
    from warehouse.connection import connect
    from warehouse.layout import Layout
    from warehouse.queries import parsed_values, saved_queries, saved_query
    from warehouse.sandbox import close_sandbox, query_rows

    layout = Layout(warehouse)
    if list_queries:
        for saved in saved_queries(layout).values():
            parameters = " ".join(f"[-p {name}=...]" for name in saved.parameters)
            typer.echo(f"@{saved.name} {parameters}".rstrip() + f"\n    {saved.question}")
        return
    if not query:
        raise typer.BadParameter("give a SELECT, @NAME of a saved query, @FILE.sql, or --list")
    values = parsed_values(parameter or [])
    if query.startswith("@"):
        saved = saved_query(layout, query[1:])
        query, values = saved.text, saved.bound(values)
    with connect(warehouse, on_wait=_say) as con:
        close_sandbox(con, layout)
        rows = query_rows(con, query, values)
        if rows.is_empty() and "results." in query and not _is_analysed(con):
            _say("no analysis was run yet: `repdrift analysis run` fills results.*")
    _write(rows, output, out)


def _is_analysed(con: "duckdb.DuckDBPyConnection") -> bool:
    return bool(con.execute("select 1 from results.analyses limit 1").fetchall())


def _write(rows: "pl.DataFrame", output: Format, out: Path | None = None) -> None:
    from warehouse.errors import WarehouseError
    from warehouse.output import FORMATS

    content = FORMATS[output](rows)
    if out is None:
        if output is Format.parquet and sys.stdout.isatty():
            raise typer.BadParameter("parquet is no text: name a file with --out")
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        raise WarehouseError(f"cannot write {out}: {error.strerror}") from error


def _require_directory(warehouse: Path) -> None:
    from warehouse.connection import no_warehouse

    if not warehouse.is_dir():
        raise no_warehouse(warehouse)


def _report_ingest(report: "IngestReport", *, quiet: bool = False) -> None:
    if not quiet:
        _say(f"{report.n_new} new, {report.n_changed} changed, {report.n_known} known runs")
    for problem in report.problems:
        _say(f"left out: {problem}")
    if report.problems:
        raise typer.Exit(1)


def _say(line: str) -> None:
    typer.echo(line, err=True)
