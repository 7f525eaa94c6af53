"""From votes on the source probe, before and after, to rows of results: forgetting."""

import polars as pl

from analysis.dimensions import CELL
from analysis.drift.forgetting import CHANGE, forgetting
from analysis.settings import Settings


def forgetting_rows(votes: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Change and retained share of the accuracy on the source, per fine-tuned cell."""
    rows = forgetting(
        votes,
        by=[*CELL, "token", "n_neighbours"],
        level=settings.level,
        n_resamples=settings.n_resamples,
        seed=settings.seed,
    )
    lowest = pl.when(pl.col("quantity") == CHANGE).then(-1.0).otherwise(0.0)
    highest = pl.when(pl.col("quantity") == CHANGE).then(1.0)
    is_out = (pl.col("ci_low") < lowest) | (pl.col("ci_high") > highest).fill_null(value=False)
    return rows.drop("sd").with_columns(
        is_cut=is_out,
        ci_low=pl.col("ci_low").clip(lower_bound=lowest),
        ci_high=pl.col("ci_high").clip(upper_bound=highest),
    )
