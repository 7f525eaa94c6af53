"""What fine-tuning did to the vote of the neighbours on the source, query by query.

The same queries are put to a network before and after: their changes are paired, and the same for
every run. Other queries and other runs are two kinds of uncertainty, and both together the total.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from analysis.means.bootstrap import cluster_totals
from analysis.means.intervals import COLUMNS, mean_intervals
from analysis.means.sample_means import SampleMeans, sample_means
from analysis.means.sampling import total_intervals

CHANGE, RETAINED = "change", "retained"


def forgetting(
    votes: pl.DataFrame,
    *,
    by: Sequence[str],
    level: float = 0.95,
    n_resamples: int = 9999,
    seed: int = 0,
) -> pl.DataFrame:
    """Change of accuracy on the source, and the share that is retained, with typed intervals.

    Parameters
    ----------
    votes : DataFrame
        One row per run and query: columns of ``by``; ``run_id, fold, n_folds, seed, n_train,
        n_test, sample_id, group_id``; ``was_right, is_right``: whether the vote was right before,
        and is after, 0 or 1.
    by : sequence of str
        Columns that name a cell.
    level : float, default 0.95
        Coverage.
    n_resamples : int, default 9999
        Resamples of queries.
    seed : int, default 0
        Their seed.

    Returns
    -------
    DataFrame
        One row per cell, quantity (``change``: after less before; ``retained``: after over before)
        and kind of uncertainty: the columns of `analysis.means.intervals.mean_intervals` with
        ``quantity, accuracy_before, accuracy_after, n_queries``. ``test_sample``: other queries, by
        ``group_id`` where every query has one. ``fold`` or ``seed``: other runs, where there are
        several. ``total``: both. Only queries that every run of a cell saw count; a cell without
        any, or that was never right before, has no row.

    Notes
    -----
    Runs count equally within a fold, and folds equally. ``retained`` is a ratio of means; over runs
    its error is that of the linearised ratio, ``R + (after - R before) / mean(before)``.

    Examples
    --------
    >>> votes = pl.DataFrame(
    ...     {
    ...         "network": "a",
    ...         "run_id": "r",
    ...         **dict.fromkeys(["fold", "n_folds", "n_train", "n_test"], None),
    ...         "seed": 0,
    ...         "sample_id": [str(i) for i in range(8)],
    ...         "group_id": None,
    ...         "was_right": [1, 1, 1, 1, 1, 0, 0, 0],
    ...         "is_right": [1, 1, 1, 0, 0, 0, 0, 1],
    ...     }
    ... )
    >>> forgetting(votes, by=["network"]).select("quantity", "method", "estimate").rows()
    [('change', 'jackknife', -0.125), ('retained', 'jackknife', 0.8)]
    """
    keys = [*by, "quantity"]
    in_run = pl.col("run_id").n_unique()
    everywhere = in_run.over([*by, "sample_id"]) == in_run.over(by)
    shared = votes.filter(everywhere).with_columns(pl.col("was_right", "is_right").cast(pl.Float64))
    over_queries = _over_queries(shared, by, level=level, n_resamples=n_resamples, seed=seed)
    values = _run_values(shared, over_queries, by)
    over_runs = mean_intervals(values, by=keys, level=level).drop_nulls("std_error")
    images = over_queries.with_columns(df=pl.col("n_units") - 1.0)
    total = total_intervals(over_runs, images, by=keys, level=level)
    known = over_queries.select(*keys, *_MEANS)
    runs = pl.concat([over_runs, total]).join(known, on=keys, nulls_equal=True)
    columns = [*keys, *_MEANS, *COLUMNS]
    rows = pl.concat([over_queries.select(columns), runs.select(columns)])
    return rows.sort([*keys, "uncertainty"], nulls_last=True)


def _over_queries(
    shared: pl.DataFrame, by: Sequence[str], *, level: float, n_resamples: int, seed: int
) -> pl.DataFrame:
    """Rows of both quantities over queries, the runs as they are."""
    rows: list[dict[str, Any]] = []
    for key, group in shared.group_by(by, maintain_order=True):
        queries = _mean_over_runs(group, [])
        is_alone = queries["group_id"].null_count() > 0
        names = queries["sample_id" if is_alone else "group_id"].to_numpy()
        sums, sizes = cluster_totals(queries.select("was_right", "is_right").to_numpy(), names)
        if not (sums[:, 0].sum() - sums[:, 0] > 0).all():
            continue
        options = {"level": level, "n_resamples": n_resamples, "seed": seed}
        change = sample_means(sums[:, 1:] - sums[:, :1], sizes, **options)  # type: ignore[arg-type]
        retained = sample_means(sums[:, 1:], sums[:, 0], **options)  # type: ignore[arg-type]
        named = dict(zip(by, key, strict=True)) | {
            "accuracy_before": queries["was_right"].mean(),
            "accuracy_after": queries["is_right"].mean(),
            "n_queries": len(queries),
            "uncertainty": "test_sample",
            "level": level,
            "unit": "image" if is_alone else "group",
            "n_units": len(sizes),
            "n_runs": group["run_id"].n_unique(),
            "run_ids": group["run_id"].unique().sort().to_list(),
        }
        rows += [named | _numbers(CHANGE, change), named | _numbers(RETAINED, retained)]
    schema = {name: shared.schema[name] for name in by} | {"quantity": pl.String()} | _MEANS
    return pl.DataFrame(rows, schema=schema | COLUMNS, orient="row").with_columns(
        pl.col("std_error", "ci_low", "ci_high").fill_nan(None)
    )


def _numbers(quantity: str, found: SampleMeans) -> dict[str, object]:
    return {
        "quantity": quantity,
        "method": found.method,
        "estimate": found.estimate.item(),
        "std_error": found.std_error.item(),
        "ci_low": found.ci_low.item(),
        "ci_high": found.ci_high.item(),
    }


def _mean_over_runs(votes: pl.DataFrame, kept: Sequence[str]) -> pl.DataFrame:
    """Mean vote of each query over the runs of a fold, then over folds; in order of their names."""
    means = pl.col("was_right", "is_right").mean(), pl.col("group_id").first()
    folds = votes.group_by(*kept, "fold", "sample_id", maintain_order=True).agg(*means)
    return (
        folds.group_by(*kept, "sample_id", maintain_order=True).agg(*means).sort(*kept, "sample_id")
    )


def _run_values(
    shared: pl.DataFrame, over_queries: pl.DataFrame, by: Sequence[str]
) -> pl.DataFrame:
    """Value of each run and quantity, whose mean over runs is the estimate."""
    runs = shared.group_by(*by, *_RUN, maintain_order=True).agg(
        pl.col("was_right", "is_right").mean()
    )
    ratio = over_queries.filter(quantity=RETAINED).select(
        *by, ratio="estimate", start="accuracy_before"
    )
    linear = pl.col("ratio") + (
        pl.col("is_right") - pl.col("ratio") * pl.col("was_right")
    ) / pl.col("start")
    values = {CHANGE: pl.col("is_right") - pl.col("was_right"), RETAINED: linear}
    joined = runs.join(ratio, on=by, nulls_equal=True)
    return pl.concat(
        joined.select(*by, *_RUN, value=value, quantity=pl.lit(quantity))
        for quantity, value in values.items()
    )


_RUN = ("run_id", "fold", "n_folds", "seed", "n_train", "n_test")
_MEANS: dict[str, pl.DataType] = {
    "accuracy_before": pl.Float64(),
    "accuracy_after": pl.Float64(),
    "n_queries": pl.Int64(),
}
