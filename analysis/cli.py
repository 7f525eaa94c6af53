"""Statistics that survive a review: the `repdrift analysis` commands."""

from enum import StrEnum
from typing import Annotated

import typer

from warehouse.options import DEFAULT_WAREHOUSE, WarehouseOption

app = typer.Typer(no_args_is_help=True, help=__doc__)


class ReferencePolicy(StrEnum):
    """Score that a run is held against."""

    best = "best"
    linear = "linear"
    scratch = "scratch"


class Divergence(StrEnum):
    """How the distance from the reference score is taken."""

    absolute = "absolute"
    shortfall = "shortfall"


LevelOption = Annotated[float, typer.Option(min=0.5, max=0.999, help="Coverage of the intervals.")]


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
) -> None:
    """Fill results.*: intervals, gains, regressions, similarity space; one CSV row per analysis."""
    from analysis.settings import Settings
    from analysis.store import run_analyses

    settings = Settings(level, eta, epsilon, reference.value, divergence.value)
    typer.echo("analysis,analysis_id,n_runs,n_rows")
    for found in run_analyses(warehouse, settings, on_wait=_say):
        typer.echo(f"{found.name},{found.analysis_id},{found.n_runs},{found.n_rows}")


def _say(line: str) -> None:
    typer.echo(line, err=True)
