"""What fine-tuning does to representations of pre-trained vision models, and whether it matters."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.cli import app as analysis
from analysis.cli import check_claims as judge_claims
from analysis.cli import run as analyse
from collect.cli import app as collect
from collect.cli import run_study
from reports.cli import app as report
from reports.cli import build as build_report
from warehouse.cli import app as warehouse
from warehouse.cli import ingest as ingest_runs
from warehouse.cli import sql
from warehouse.errors import RepdriftError
from warehouse.options import DEFAULT_WAREHOUSE, WarehouseOption

if TYPE_CHECKING:
    import polars as pl

STUDIES = Path(__file__).with_name("collect") / "studies"
app = typer.Typer(
    help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.add_typer(collect, name="collect")
app.add_typer(warehouse, name="warehouse")
app.add_typer(analysis, name="analysis")
app.add_typer(report, name="report")
claims = typer.Typer(no_args_is_help=True, help="Claims about runs, judged under rising rigour.")
claims.command("check")(judge_claims)
app.add_typer(claims, name="claims")
app.command()(sql)


@app.command()
def demo(
    directory: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            file_okay=False,
            help="Where warehouse and report go: repdrift-demo, or repdrift-replay with --replay.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that train at a time.")] = 2,
    replay: Annotated[
        bool,
        typer.Option(
            "--replay", help="Zu et al. in miniature, from recorded runs; trains nothing."
        ),
    ] = False,
) -> None:
    """Fine-tune two pre-trained networks on a stained tissue section, analyse and report them.

    Needs no network, no GPU and about 5 minutes on 2 cores; started again, it goes on where it
    stopped. With --replay it takes runs that were recorded before, and about a minute.
    """
    if replay:
        replay_study(STUDIES / "zu2025_miniature", directory or Path("repdrift-replay"))
        return
    directory = directory or Path("repdrift-demo")
    study = STUDIES / "demo.toml"
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
    """Say in two lines a network what the demo found: held-out AUC, and drift with its price."""
    from warehouse.connection import connect
    from warehouse.views import read_view

    drift = {"adaptation": "full", "measure": "cka_linear_debiased", "probe": "target"}
    with connect(store) as con:
        cells = read_view(con, "results.intervals", where={"method": "nadeau_bengio"})
        similarities = read_view(con, "marts.final_similarities", where=drift)
    return [
        line
        for backbone in cells["backbone"].unique().sort(descending=True)
        for line in network_findings(
            cells.filter(backbone=backbone), similarities.filter(backbone=backbone)
        )
    ]


def network_findings(cells: "pl.DataFrame", similarities: "pl.DataFrame") -> list[str]:
    """Say it of one network, from its rows of results.intervals and marts.final_similarities."""
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
        f"{cells['backbone'][0]}, held-out AUC, mean over folds with its Nadeau-Bengio 95 % "
        f"interval: {scores}",
        f"Full fine-tuning leaves {last_layer} with a debiased CKA of {min(cka):.2f} to "
        f"{max(cka):.2f} to its start; 10-NN accuracy on photographs is "
        f"{_shown(kept.get('full'))}, untouched {_shown(kept.get('linear'))}",
    ]


def _shown(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"


def replay_study(recorded: Path, directory: Path) -> None:
    """Bring recorded runs into a warehouse, analyse and report them; say what was found."""
    from analysis.computing import audit_tables
    from analysis.printed.files import THREE_PAPERS, load_tables
    from analysis.printed.store import check_claims, write_audit
    from analysis.settings import Settings
    from analysis.store import run_analyses
    from analysis.zu2025 import ON_SOURCE, zu2025_analyses, zu2025_claims
    from warehouse.importers.imported import land
    from warehouse.layout import Layout
    from warehouse.recorded import read_recorded

    store, report_directory = directory / "warehouse", directory / "report"
    landed = land(Layout(store), read_recorded(recorded, similarities=ON_SOURCE))
    typer.echo(f"{landed.n_new} recorded runs written, {landed.n_known} known", err=True)
    ingest_runs(store)
    for found in run_analyses(store, Settings(), analyses=zu2025_analyses()):
        typer.echo(f"{found.name}: {found.n_rows} rows from {found.n_runs} runs", err=True)
    verdicts, _ = check_claims(store, zu2025_claims())
    write_audit(store, audit_tables(*load_tables()), name=THREE_PAPERS)
    build_report(store, report_directory, paper="zu2025")
    for line in replay_findings(store):
        typer.echo(line)
    judged = verdicts.filter(rigour="adjusted").select("claim", "verdict").iter_rows()
    typer.echo(
        "Their claims, errors by dataset, adjusted: "
        + ", ".join(f"{name} {verdict}" for name, verdict in judged)
    )


def replay_findings(store: Path) -> list[str]:
    """Say in two lines what is forgotten, and how much of it similarity explains."""
    from analysis.zu2025 import ON_CLS, ON_SOURCE, explained, forgetting
    from warehouse.connection import connect
    from warehouse.views import read_view

    shown = {**ON_SOURCE, "adaptation": "full", "outcome": "knn_accuracy", **ON_CLS}
    with connect(store) as con:
        scores = read_view(con, "marts.final_scores")
        points = read_view(con, "marts.similarity_by_outcome", where=shown)
        bins = read_view(con, "results.binned_fits", where=shown)
    layer = str(points["layer"].max())
    kept = forgetting(scores).iter_rows()
    shares = explained(points.filter(layer=layer), bins.filter(layer=layer)).iter_rows()
    return [
        "k-NN accuracy on the source, frozen and after full fine-tuning: "
        + ", ".join(f"{name} {before:.2f} and {after:.2f}" for name, before, after in kept),
        f"R² of it on the similarity of {layer} over runs, within datasets, over bins: "
        + ", ".join(f"{name} {a:.2f}, {b:.2f}, {c:.2f}" for name, a, b, c in shares),
    ]


@warehouse.command()
def trace(
    artefact: Annotated[
        Path, typer.Argument(help="Any file of a table or figure of a report, or its numbers.tex.")
    ],
    cell: Annotated[
        str,
        typer.Argument(
            help="ROW:COLUMN or name=value,name=value:COLUMN of its numbers; LINE,COLUMN of a "
            "table as printed; a name of numbers.tex."
        ),
    ],
    store: WarehouseOption = DEFAULT_WAREHOUSE,
) -> None:
    """Go from a number in a report to its SQL, its row and its runs, and compute it again."""
    from analysis.recomputation import recomputed
    from warehouse.connection import connect
    from warehouse.layout import Layout
    from warehouse.sandbox import close_sandbox
    from warehouse.trace import agrees, trace_text, traced

    with connect(store, on_wait=lambda line: typer.echo(line, err=True)) as con:
        close_sandbox(con, Layout(store))
        found = traced(con, artefact, cell, recompute=recomputed)
    typer.echo(trace_text(found), nl=False)
    if not agrees(found):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; print an expected error as one line."""
    try:
        places = (os.environ.get(name, "") for name in ("REPDRIFT_WAREHOUSE", "PWD"))
        _require_text([*sys.argv[1:], *places])
        app()
    except RepdriftError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from error


def _require_text(arguments: list[str]) -> None:
    """Refuse a path of other bytes than UTF-8, which neither the database nor Parquet can open."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError as error:
            raise RepdriftError(
                f"{argument!a} is not UTF-8: rename the file or directory"
            ) from error
