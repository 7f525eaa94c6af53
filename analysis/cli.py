"""Statistics that survive a review: the `repdrift analysis` commands."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from analysis.options import GridOption, LevelOption
from analysis.single import add_commands
from warehouse.options import DEFAULT_WAREHOUSE, WarehouseOption

app = typer.Typer(no_args_is_help=True, help=__doc__)


class ReferencePolicy(StrEnum):
    """Score that a run is held against."""

    best = "best"
    linear = "linear"
    scratch = "scratch"


class Uncertainty(StrEnum):
    """What varies behind an interval."""

    fold = "fold"
    seed = "seed"
    test_sample = "test_sample"
    total = "total"


class Divergence(StrEnum):
    """How the distance from the reference score is taken."""

    absolute = "absolute"
    shortfall = "shortfall"


FolderArgument = Annotated[
    Path | None,
    typer.Argument(
        file_okay=False,
        help="Folder with CSVs and checks.toml; by default the tables of the three papers.",
    ),
]
MixedOption = Annotated[
    bool, typer.Option("--allow-mixed", help="Print intervals of several kinds in one column.")
]


@app.callback()
def root() -> None:
    """Commands of this group."""


@app.command()
def run(
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    eta: Annotated[
        float, typer.Option(min=0, max=1, help="Similarity space: similarity of at least 1 - eta.")
    ] = 0.5,
    epsilon: Annotated[
        float, typer.Option(min=0, help="Similarity space: score within epsilon of the reference.")
    ] = 0.05,
    level: LevelOption = 0.95,
    reference: Annotated[
        ReferencePolicy, typer.Option(help="Similarity space: what the score is held against.")
    ] = ReferencePolicy.best,
    divergence: Annotated[
        Divergence, typer.Option(help="Similarity space: either side, or only what is lost.")
    ] = Divergence.absolute,
    margin: Annotated[
        float, typer.Option(min=0.0001, help="Differences of scores below it count as none.")
    ] = 0.01,
    correlation_margin: Annotated[
        float, typer.Option(min=0.01, max=0.99, help="Correlations below it count as none.")
    ] = 0.3,
    slope_margin: Annotated[
        float, typer.Option(min=0.0001, help="Slopes below it count as none.")
    ] = 0.05,
    bins: Annotated[int, typer.Option(min=3, help="Bins of the binned fit.")] = 10,
    grid: GridOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of bootstraps and permutations.")] = 0,
) -> None:
    """Fill results.* with every analysis that the runs allow; print one CSV row per analysis."""
    from analysis.grids import load_grid
    from analysis.settings import Settings
    from analysis.store import run_analyses

    settings = Settings(
        level=level,
        eta=eta,
        epsilon=epsilon,
        reference_policy=reference.value,
        divergence=divergence.value,
        margin=margin,
        correlation_margin=correlation_margin,
        slope_margin=slope_margin,
        n_bins=bins,
        grid=load_grid(grid),
        seed=seed,
    )
    for number, found in enumerate(run_analyses(warehouse, settings, on_wait=_say)):
        if number == 0:  # not before: a warehouse that is not there leaves no output
            typer.echo("analysis,analysis_id,n_runs,n_rows")
        typer.echo(f"{found.name},{found.analysis_id},{found.n_runs},{found.n_rows}")


@app.command()
def intervals(
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    uncertainty: Annotated[
        Uncertainty | None, typer.Option(help="What varies: one kind in a table.")
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Only this target dataset.")] = None,
    score: Annotated[str | None, typer.Option(help="Only this score.")] = None,
    allow_mixed: MixedOption = False,
) -> None:
    """Print the means of `analysis run` with intervals of one kind; one CSV row per cell, score."""
    from analysis.store import typed_rows

    chosen = {"uncertainty": uncertainty, "dataset": dataset, "score": score}
    where = {name: str(value) for name, value in chosen.items() if value is not None}
    rows = typed_rows(warehouse, "intervals", where, allow_mixed=allow_mixed, on_wait=_say)
    typer.echo(rows.drop("analysis_id", "run_ids").write_csv(), nl=False)


@app.command()
def forgetting(
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    uncertainty: Annotated[
        Uncertainty, typer.Option(help="What varies: other queries, other runs, or both (total).")
    ] = Uncertainty.test_sample,
    level: LevelOption = 0.95,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap over queries.")] = 0,
    allow_mixed: MixedOption = False,
) -> None:
    """Compare k-NN votes on the source before and after, query by query; print CSV, write rows."""
    from analysis.analyses import ANALYSES
    from analysis.settings import Settings
    from analysis.store import run_analyses, typed_rows
    from warehouse.errors import AnalysisError

    own = [analysis for analysis in ANALYSES if analysis.name == "forgetting"]
    settings = Settings(level=level, seed=seed)
    try:
        (found,) = run_analyses(warehouse, settings, analyses=own, on_wait=_say)
    except AnalysisError as error:
        raise AnalysisError(
            f"no run in {warehouse} kept votes on source images before and after fine-tuning"
        ) from error
    kind = {} if allow_mixed else {"uncertainty": uncertainty.value}
    where = {"analysis_id": found.analysis_id, **kind}
    rows = typed_rows(warehouse, "forgetting", where, allow_mixed=allow_mixed, on_wait=_say)
    typer.echo(rows.drop("analysis_id", "run_ids").write_csv(), nl=False)


@app.command()
def multiverse(
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    grid: GridOption = None,
    level: LevelOption = 0.95,
    curve: Annotated[
        bool, typer.Option("--curve", help="One row per specification, in rising order.")
    ] = False,
) -> None:
    """Fit every combination of the choices of a grid, test all together; print CSV, write rows."""
    from analysis.grids import load_grid
    from analysis.settings import Settings
    from analysis.store import analysed_rows

    settings = Settings(level=level, grid=load_grid(grid))
    curves, tests = (
        analysed_rows(warehouse, name, settings, where={}, on_wait=_say)
        for name in ("specifications", "specification tests")
    )
    typer.echo((curves if curve else tests).write_csv(), nl=False)


@app.command("claims")
def check_claims(
    file: Annotated[
        Path | None,
        typer.Argument(help="Claims file (TOML); by default the claims of the three papers."),
    ] = None,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    level: LevelOption = 0.95,
    panels: Annotated[
        bool, typer.Option("--panels", help="One row per panel, with the effect behind it.")
    ] = False,
) -> None:
    """Judge claims on the runs under rising rigour; print one CSV row per claim and rigour."""
    from analysis.printed.files import load_claims
    from analysis.printed.store import check_claims as check

    verdicts, effects = check(
        warehouse,
        load_claims(file),
        level=level,
        on_wait=_say,
        on_unmet=None if file is None else _say,
    )
    if panels:
        typer.echo(effects.drop("run_ids").write_csv(), nl=False)
    else:
        columns = ["claim", "rigour", "verdict", "n_panels"]
        counts = ["n_supported", "n_contradicted", "n_equivalent", "n_inconclusive"]
        typer.echo(verdicts.select(*columns, *counts).write_csv(), nl=False)


@app.command("audit")
def audit_tables(
    folder: FolderArgument = None,
    warehouse: Annotated[
        Path | None,
        typer.Option(
            "--warehouse",
            "-w",
            file_okay=False,
            help="Also write to results.audits and results.printed_numbers.",
        ),
    ] = None,
    problems: Annotated[
        bool, typer.Option("--problems", help="Print only what does not agree.")
    ] = False,
) -> None:
    """Hold printed tables against themselves and their text; print one CSV row per check."""
    from analysis.computing import audit_tables
    from analysis.printed.files import THREE_PAPERS, load_tables
    from analysis.printed.store import write_audit

    found = audit_tables(*load_tables(folder))
    findings = found["audits"].drop("number")
    if warehouse is not None:
        name = THREE_PAPERS if folder is None else str(folder.absolute())
        write_audit(warehouse, found, name=name)
    shown = findings.filter(~findings["is_consistent"]) if problems else findings
    typer.echo(shown.write_csv(), nl=False)


@app.command("meta")
def compare_printed_tables(
    folder: FolderArgument = None,
    warehouse: Annotated[
        Path | None,
        typer.Option(
            "--warehouse", "-w", file_okay=False, help="Also write to results.meta_analyses."
        ),
    ] = None,
    level: LevelOption = 0.95,
    columns: Annotated[
        bool, typer.Option("--columns", help="Each column by itself, not all together.")
    ] = False,
) -> None:
    """Compare the rows of printed tables from their means and SDs; print one CSV row per pair."""
    from analysis.computing import meta_tables
    from analysis.printed.files import THREE_PAPERS, load_tables
    from analysis.printed.store import write_meta_analysis

    tables, _ = load_tables(folder)
    found = meta_tables(tables, level=level)
    if warehouse is not None:
        name = THREE_PAPERS if folder is None else str(folder.absolute())
        write_meta_analysis(warehouse, found, name=name, level=level)
    rows = found["meta_analyses"]
    shown = rows.filter(rows["table_column"].is_null() ^ columns)
    typer.echo(shown.write_csv(), nl=False)


def _say(line: str) -> None:
    typer.echo(line, err=True)


add_commands(app)
