"""What fine-tuning does to representations of pre-trained vision models, and whether it matters."""

from pathlib import Path
from typing import Annotated

import typer

from analysis.cli import app as analysis
from analysis.cli import run as analyse
from collect.cli import app as collect
from collect.cli import run_study
from reports.cli import app as report
from reports.cli import build as build_report
from warehouse.cli import app as warehouse
from warehouse.cli import ingest as ingest_runs
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


@app.command()
def demo(
    directory: Annotated[
        Path, typer.Option("--output", "-o", file_okay=False, help="Where warehouse and report go.")
    ] = Path("repdrift-demo"),
    workers: Annotated[int, typer.Option(min=1, help="Processes that train at a time.")] = 2,
) -> None:
    """Fine-tune a genuine ImageNet network on a stained tissue section, analyse and report it.

    Needs no network, no GPU and about 4 minutes on 2 cores; started again, it goes on where it
    stopped.
    """
    study = Path(__file__).with_name("collect") / "studies" / "demo.toml"
    store, report_directory = directory / "warehouse", directory / "report"
    run_study(study, store, workers=workers)
    ingest_runs(store)
    analyse(store)
    build_report(store, report_directory)
    for line in demo_findings(store):
        typer.echo(line)
    typer.echo(
        f"Open {report_directory / 'index.html'} or {report_directory / 'report.pdf'}; "
        f'ask more: repdrift sql "from marts.trajectories limit 5" -w {store}'
    )


def demo_findings(store: Path) -> list[str]:
    """Say in two lines what the demo's warehouse holds: held-out AUC, and drift with its price."""
    from warehouse.connection import connect
    from warehouse.views import read_view

    with connect(store) as con:
        cells = read_view(con, "results.intervals", where={"method": "nadeau_bengio"})
        similarities = read_view(
            con,
            "marts.final_similarities",
            where={"adaptation": "full", "measure": "cka_linear_debiased", "probe": "target"},
        )
    auc = cells.filter(split="test", score="auc").sort("estimate", descending=True)
    neighbours = cells.filter(split="source", score="accuracy", n_neighbours=10)
    kept = dict(neighbours.select("adaptation", "estimate").iter_rows())
    last_layer = str(similarities["layer"].max())
    cka = similarities.filter(layer=last_layer)["value"].to_list()
    scores = ", ".join(
        f"{row['adaptation']} {row['estimate']:.3f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}]"
        for row in auc.iter_rows(named=True)
    )
    return [
        f"Held-out AUC, mean over folds with its Nadeau-Bengio 95 % interval: {scores}",
        f"Full fine-tuning leaves {last_layer} with a debiased CKA of {min(cka):.2f} to "
        f"{max(cka):.2f} to its start; 10-NN accuracy on photographs is {kept['full']:.2f}, "
        f"untouched {kept['linear']:.2f}",
    ]


def main() -> None:
    """Run the command line; print an expected error as one line."""
    try:
        app()
    except RepdriftError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from error
