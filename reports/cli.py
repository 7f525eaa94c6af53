"""The `repdrift report` commands."""

from pathlib import Path
from typing import Annotated

import typer

from warehouse.options import DEFAULT_WAREHOUSE, WarehouseOption

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.callback()
def root() -> None:
    """Commands of this group."""


@app.command()
def build(
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    directory: Annotated[
        Path, typer.Option("--output", "-o", file_okay=False, help="Where the report goes.")
    ] = Path("repdrift-report"),
    paper: Annotated[
        str | None, typer.Option(help="Only the exhibits of this paper, e.g. juodelyte2023.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every measure, probe and score, not the primary ones.")
    ] = False,
    pdf: Annotated[bool, typer.Option(help="Compile report.tex when pdflatex is there.")] = True,
) -> None:
    """Write tables, figures, their numbers and SQL, and the document; print its path."""
    from reports.build import write_report
    from reports.rendering import render
    from warehouse.connection import connect
    from warehouse.lineage import analysis_states

    with connect(warehouse) as con:
        stale = [state.name for state in analysis_states(con) if state.is_stale]
        report = render(con, paper=paper, everything=everything)
    if stale:
        names = ", ".join(stale)
        typer.echo(f"stale: runs have changed since {names}: `repdrift analysis run`", err=True)
    written = write_report(report, directory, pdf=pdf)
    for message in written.messages:
        typer.echo(message, err=True)
    if report.selection:
        typer.echo(report.selection, err=True)
    typer.echo(f"{report.n_tables} tables, {report.n_figures} figures", err=True)
    typer.echo(written.document)


@app.command()
def check(
    directory: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A report.")],
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
) -> None:
    """Say which numbers of a report the warehouse no longer has; one CSV row per problem."""
    from reports.checking import manifest_of, problems
    from reports.rendering import render
    from warehouse.connection import connect

    manifest = manifest_of(directory)
    paper, everything = manifest["paper"], bool(manifest.get("everything"))
    with connect(warehouse) as con:
        report = render(
            con,
            paper=None if paper is None else str(paper),
            everything=everything,
            pictures=False,
        )
    found = problems(report, directory)
    typer.echo(found.write_csv(), nl=False)
    typer.echo(f"{len(found)} problems in {directory}", err=True)
    if len(found):
        raise typer.Exit(1)
