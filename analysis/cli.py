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
    margin: Annotated[
        float, typer.Option(min=0.0001, help="Differences of scores below it count as none.")
    ] = 0.01,
    bins: Annotated[int, typer.Option(min=3, help="Bins of the binned fit.")] = 10,
    seed: Annotated[int, typer.Option(help="Seed of bootstraps and permutations.")] = 0,
) -> None:
    """Fill results.* with every analysis that the runs allow; print one CSV row per analysis."""
    from analysis.settings import Settings
    from analysis.store import run_analyses

    settings = Settings(
        level=level,
        eta=eta,
        epsilon=epsilon,
        reference_policy=reference.value,
        divergence=divergence.value,
        margin=margin,
        n_bins=bins,
        seed=seed,
    )
    typer.echo("analysis,analysis_id,n_runs,n_rows")
    for found in run_analyses(warehouse, settings, on_wait=_say):
        typer.echo(f"{found.name},{found.analysis_id},{found.n_runs},{found.n_rows}")


def _say(line: str) -> None:
    typer.echo(line, err=True)
