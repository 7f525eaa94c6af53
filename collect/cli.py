"""Fine-tune, measure, record: the `repdrift collect` commands."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from collect.similarity_cli import compare_layers, remeasure_runs
from warehouse.options import DEFAULT_WAREHOUSE, QuietOption, WarehouseOption

if TYPE_CHECKING:
    from collect.configuration.plan import Plan
    from collect.data.gate import Finding
    from warehouse.layout import Layout

app = typer.Typer(no_args_is_help=True, help=__doc__)
datasets = typer.Typer(help="The papers' datasets.")
app.add_typer(datasets, name="datasets")

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="Study file (TOML).")]
AcceptLeakage = Annotated[
    str | None,
    typer.Option(
        metavar="REASON",
        help="Go on in spite of what the gate finds; the reason is written into every run.",
    ),
]
Executor = Literal["local", "slurm", "ray", "torchrun"]
Miniature = Annotated[
    bool, typer.Option("--miniature", help="Make the study small, as its table miniature says.")
]


@app.callback()
def root() -> None:
    """Commands of this group."""


@app.command("plan")
def show_plan(
    study: StudyFile,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    miniature: Miniature = False,
    cost: Annotated[
        bool, typer.Option(help="Measure the networks on this device and estimate time and disk.")
    ] = True,
) -> None:
    """List the runs of a study as CSV: what is there, what it will cost, what the gate finds."""
    from collect.configuration.names import require_known
    from collect.configuration.plan import plan
    from collect.configuration.study import Study
    from warehouse.layout import Layout

    planned = plan(Study.load(study, miniature=miniature), Layout(warehouse))
    require_known(planned.to_run)
    table = planned.table()
    if cost:
        from collect.configuration.cost import costs

        table = table.join(costs(planned), on="run_id", maintain_order="left")
    typer.echo(table.write_csv(float_precision=6), nl=False)
    _report_findings(planned.findings)
    _report_unrecorded(planned, Layout(warehouse))
    n_complete = len(planned.runs) - len(planned.to_run)
    summary = f"{len(planned.runs)} runs, {n_complete} complete, {len(planned.to_run)} to run"
    if cost:
        left = table.filter(~table["is_complete"])
        summary += (
            f": at most {left['hours'].sum():.2f} hours on one such device (measures on top), "
            f"{left['disk_mb'].sum():.0f} MB"
        )
    typer.echo(summary, err=True)


@app.command("run")
def run_study(
    study: StudyFile,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    workers: Annotated[
        int, typer.Option(min=1, help="Runs at a time, where this machine trains.")
    ] = 1,
    executor: Annotated[Executor, typer.Option(help="Where the runs are executed.")] = "local",
    partition: Annotated[str | None, typer.Option(help="Slurm: partition.")] = None,
    account: Annotated[str | None, typer.Option(help="Slurm: account.")] = None,
    address: Annotated[
        str | None,
        typer.Option(help="Ray: a running cluster; without one, a local one is started."),
    ] = None,
    gpus: Annotated[int, typer.Option(min=0, help="Slurm, Ray: GPUs of a run.")] = 0,
    minutes: Annotated[int, typer.Option(min=1, help="Slurm: time limit of a job.")] = 240,
    quiet: QuietOption = False,
    accept_leakage: AcceptLeakage = None,
    miniature: Miniature = False,
) -> None:
    """Train, measure and record every run of a study that the warehouse does not have."""
    from rich.console import Console

    from collect.configuration.names import require_known
    from collect.configuration.plan import plan
    from collect.configuration.study import Study
    from collect.data.gate import require_clean
    from collect.executors.local import run_all
    from collect.executors.ray import RaySettings
    from collect.executors.ray import run_all as run_on_ray
    from collect.executors.slurm import SlurmSettings
    from collect.executors.slurm import run_all as run_on_slurm
    from collect.executors.torchrun import is_first
    from collect.executors.torchrun import run_all as run_together
    from collect.progress import shown
    from warehouse.layout import Layout

    layout = Layout(warehouse)
    quiet = quiet or (executor == "torchrun" and not is_first())
    planned = plan(Study.load(study, miniature=miniature), layout)
    require_known(planned.to_run)
    if not quiet:
        _report_findings(planned.findings)
    reason = require_clean(planned.findings, accept_leakage)
    runs = [run.model_copy(update={"accepted_leakage": reason}) for run in planned.to_run]
    if not quiet:
        n_complete = len(planned.runs) - len(runs)
        typer.echo(f"{len(runs)} runs to go, {n_complete} complete already", err=True)
        _report_unrecorded(planned, layout)
    with shown(runs, Console(file=sys.stderr), quiet=quiet) as on_event:
        if executor == "local":
            run_all(runs, layout, workers=workers, on_event=on_event)
        elif executor == "ray":
            cluster = RaySettings(address=address, n_workers=workers, n_gpus=gpus)
            run_on_ray(runs, layout, settings=cluster, on_event=on_event)
        elif executor == "torchrun":
            run_together(runs, layout, on_event=on_event)
        else:
            settings = SlurmSettings(
                partition=partition, account=account, n_gpus=gpus, time_min=minutes
            )
            run_on_slurm(runs, layout, settings=settings, on_event=on_event)


app.command("remeasure")(remeasure_runs)
app.command("compare")(compare_layers)


@datasets.callback(invoke_without_command=True)
def list_datasets(context: typer.Context) -> None:
    """List the papers' datasets as CSV: where to get them, their layout, what the papers count."""
    if context.invoked_subcommand is not None:
        return
    import polars as pl

    from collect.datasets.catalogue import DATASETS

    rows = [
        {
            "name": name,
            "title": dataset.title,
            "source": dataset.source,
            "licence": dataset.licence,
            "layout": dataset.layout,
            "n_expected": "; ".join(f"{key} {n}" for key, n in dataset.counts.items()),
            "papers": dataset.papers,
        }
        for name, dataset in DATASETS.items()
    ]
    typer.echo(pl.DataFrame(rows).write_csv(), nl=False)


@datasets.command("check")
def check_dataset(
    name: Annotated[str, typer.Argument(help="Name, as `collect datasets` lists it.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Downloaded and unpacked.")],
) -> None:
    """Read a download and compare its counts with the published ones; exit 1 if any differs."""
    import polars as pl

    from collect.configuration.sections import DatasetConfig
    from collect.datasets.catalogue import found_counts, named_dataset
    from collect.datasets.load import load

    expected = named_dataset(name).counts
    found = found_counts(load(DatasetConfig(path=str(folder), reader=name)))
    rows = [
        {"count": key, "n_expected": expected.get(key), "n_found": found.get(key, 0)}
        for key in dict.fromkeys([*expected, *found])
    ]
    types = {"n_expected": pl.Int64, "n_found": pl.Int64}
    typer.echo(pl.DataFrame(rows, schema_overrides=types).write_csv(), nl=False)
    differing = [key for key, n in expected.items() if found.get(key, 0) != n]
    if differing:
        typer.echo(f"{name}: {', '.join(differing)} differ from the published download", err=True)
        raise typer.Exit(1)


def _report_findings(findings: Sequence["Finding"]) -> None:
    for finding in findings:
        typer.echo(f"{'stops' if finding.stops else 'noted'}: {finding}", err=True)


def _report_unrecorded(planned: "Plan", layout: "Layout") -> None:
    """Tell of measures that were added to a study after its runs."""
    from collect.configuration.recorded_measures import unrecorded_measures

    complete = [run for run in planned.runs if run.run_id in planned.complete]
    for line in unrecorded_measures(complete, layout):
        typer.echo(f"noted: {line}", err=True)
