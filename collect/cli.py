"""Fine-tune, measure, record: the `repdrift collect` commands."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warehouse.options import DEFAULT_WAREHOUSE, WarehouseOption

if TYPE_CHECKING:
    from collect.gate import Finding

app = typer.Typer(no_args_is_help=True, help=__doc__)

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="Study file (TOML).")]
AcceptLeakage = Annotated[
    str | None,
    typer.Option(
        metavar="REASON",
        help="Go on in spite of what the gate finds; the reason is written into every run.",
    ),
]


@app.callback()
def root() -> None:
    """Commands of this group."""


@app.command("plan")
def show_plan(study: StudyFile, warehouse: WarehouseOption) -> None:
    """List the runs of a study as CSV, and say what is there and what the gate finds."""
    from collect.plan import plan
    from collect.study import Study
    from warehouse.layout import Layout

    planned = plan(Study.load(study), Layout(warehouse))
    typer.echo(planned.table().write_csv(), nl=False)
    _report_findings(planned.findings)
    n_complete = len(planned.runs) - len(planned.to_run)
    typer.echo(
        f"{len(planned.runs)} runs, {n_complete} complete, {len(planned.to_run)} to run", err=True
    )


@app.command("run")
def run_study(
    study: StudyFile,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    workers: Annotated[int, typer.Option(min=1, help="Processes that train at a time.")] = 1,
    quiet: Annotated[bool, typer.Option(help="Show nothing but problems.")] = False,
    accept_leakage: AcceptLeakage = None,
) -> None:
    """Train, measure and record every run of a study that the warehouse does not have."""
    from rich.console import Console

    from collect.executors.local import run_all
    from collect.gate import require_clean
    from collect.plan import plan
    from collect.progress import shown
    from collect.study import Study
    from warehouse.layout import Layout

    layout = Layout(warehouse)
    planned = plan(Study.load(study), layout)
    if not quiet:
        _report_findings(planned.findings)
    reason = require_clean(planned.findings, accept_leakage)
    runs = [run.model_copy(update={"accepted_leakage": reason}) for run in planned.to_run]
    if not quiet:
        n_complete = len(planned.runs) - len(runs)
        typer.echo(f"{len(runs)} runs to go, {n_complete} complete already", err=True)
    with shown(runs, Console(file=sys.stderr), quiet=quiet) as on_event:
        run_all(runs, layout, workers=workers, on_event=on_event)


def _report_findings(findings: Sequence["Finding"]) -> None:
    for finding in findings:
        typer.echo(f"{'stops' if finding.stops else 'noted'}: {finding}", err=True)
