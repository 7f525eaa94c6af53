"""Agreement that runs logged themselves, over the folds or seeds of two networks."""

from collections.abc import Sequence

import polars as pl

from analysis.dimensions import CELL, network_name
from analysis.means.intervals import mean_intervals
from analysis.settings import Settings

PLACE = ("origin", "study", "dataset", "first", "second")
LOGGED = ("prediction_similarity", "prediction_similarity_independent_juodelyte")


def over_runs(
    pairs: pl.DataFrame, *, by: Sequence[str], values: Sequence[str], level: float
) -> pl.DataFrame:
    """Means of several numbers of each pair over its folds or seeds, with intervals.

    Parameters
    ----------
    pairs : DataFrame
        One row per pair of runs: columns of ``by`` and ``values``; ``run_ids, fold, n_folds, seed,
        n_train, n_test``.
    by : sequence of str
        Columns that name a pair of networks.
    values : sequence of str
        Numbers. One that is null in a row of a pair is null for the pair.
    level : float
        Coverage.

    Returns
    -------
    DataFrame
        ``by, method, level, run_ids`` and each value with its ``_low`` and ``_high``. Pairs with a
        single fold or seed have no row.
    """
    named = pairs.with_columns(run_id=pl.col("run_ids").list.first())
    complete = [pl.col(name).null_count().over(by) == 0 for name in values]
    cells = pairs.group_by(by, maintain_order=True).agg(
        run_ids=pl.col("run_ids").explode().unique().sort()
    )
    for name, is_complete in zip(values, complete, strict=True):
        means = mean_intervals(named.filter(is_complete), by=by, value=name, level=level)
        means = means.filter(pl.col("n_units") > 1).rename(
            {"estimate": name, "ci_low": f"{name}_low", "ci_high": f"{name}_high"}
        )
        first = ["method", "level"] if name == values[0] else []
        kept = [*by, *first, name, f"{name}_low", f"{name}_high"]
        cells = cells.join(means.select(kept), on=by, how="left", nulls_equal=True)
    return cells.drop_nulls(values[0]).sort(by, nulls_last=True)


def logged_agreement_rows(similarities: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Agreement that was logged per fold, with the baseline of the 2023 code, over folds."""
    observed, baseline = LOGGED
    logged = similarities.filter(pl.col("measure").is_in(LOGGED))
    if logged["measure"].n_unique() < len(LOGGED):
        return pl.DataFrame(schema=_ROW)
    index = [*CELL, "reference_pretraining", "reference_adaptation"]
    fold = ["run_id", "reference_run_id", "fold", "n_folds", "seed", "n_train", "n_test"]
    wide = logged.pivot("measure", index=[*index, *fold], values="value")
    pairs = (
        wide.drop_nulls(LOGGED)
        .rename({observed: "observed"})
        .with_columns(
            excess=pl.col("observed") - pl.col(baseline),
            run_ids=pl.concat_list("run_id", "reference_run_id"),
        )
    )
    means = over_runs(pairs, by=index, values=("observed", "excess"), level=settings.level)
    one_model = pairs.group_by(index, maintain_order=True).agg(
        independent_one_model=pl.col(baseline).sort().mean()
    )
    return (
        means.join(one_model, on=index, nulls_equal=True)
        .select(
            *(name for name in _ROW if name not in ("fold", "seed", "first", "second")),
            fold=pl.lit(None, pl.Int32),
            seed=pl.lit(None, pl.Int32),
            first=network_name(),
            second=network_name("reference_pretraining", "reference_adaptation"),
        )
        .sort(*PLACE, nulls_last=True)
    )


_ROW: dict[str, pl.DataType] = {
    "origin": pl.String(),
    "study": pl.String(),
    "dataset": pl.String(),
    "fold": pl.Int32(),
    "seed": pl.Int32(),
    "first": pl.String(),
    "second": pl.String(),
    "method": pl.String(),
    "observed": pl.Float64(),
    "observed_low": pl.Float64(),
    "observed_high": pl.Float64(),
    "independent_one_model": pl.Float64(),
    "excess": pl.Float64(),
    "excess_low": pl.Float64(),
    "excess_high": pl.Float64(),
    "level": pl.Float64(),
    "run_ids": pl.List(pl.String()),
}
