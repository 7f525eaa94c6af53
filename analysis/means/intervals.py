"""Means over runs with an interval whose kind of variation is named.

What varies between runs decides what an interval means: other folds of one cross-validation (whose
training sets overlap), or other seeds on the same split. The two are never mixed in one interval.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy import stats

COLUMNS: dict[str, pl.DataType] = {
    "uncertainty": pl.String(),
    "method": pl.String(),
    "level": pl.Float64(),
    "estimate": pl.Float64(),
    "sd": pl.Float64(),
    "std_error": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "unit": pl.String(),
    "n_units": pl.Int64(),
    "n_runs": pl.Int64(),
    "run_ids": pl.List(pl.String()),
}


def nadeau_bengio_factor(n_values: int, test_train_ratio: float) -> float:
    """Factor that turns the variance over folds into the variance of their mean.

    Folds of a cross-validation share most of their training images, so ``1 / K`` is too small.

    Parameters
    ----------
    n_values : int
        Folds in the mean, K.
    test_train_ratio : float
        Test images over training images of a fold, ``1 / (K - 1)`` in plain K-fold.

    Returns
    -------
    float
        ``1 / K + n_test / n_train``.

    References
    ----------
    .. [1] Nadeau and Bengio (2003), Machine Learning 52, https://doi.org/10.1023/A:1024068626366

    Examples
    --------
    >>> nadeau_bengio_factor(5, 0.25)
    0.45
    """
    return 1.0 / n_values + test_train_ratio


def over_folds() -> pl.Expr:
    """Whether the runs of a cell vary by fold; otherwise by seed."""
    is_single = (pl.len() == 1) & (pl.col("fold").count() == 1)
    return (pl.col("fold").n_unique() > 1) | is_single


def test_train_ratio() -> pl.Expr:
    """Test images over training images of a fold: as recorded, or that of plain folds."""
    is_recorded = (pl.col("n_train") + pl.col("n_test")).count() == pl.len()
    recorded = (pl.col("n_test") / pl.col("n_train")).mean()
    return pl.when(is_recorded).then(recorded).otherwise(1.0 / (pl.col("n_folds").max() - 1))


def shared_ratio() -> pl.Expr:
    """Test over training images of the folds of a cell, as if plain where unknown; 0 of one fold.

    Unlike `test_train_ratio`, which leaves an interval undefined there: folds are never taken for
    independent.
    """
    n_folds = pl.col("fold").n_unique()
    ratio = pl.coalesce(test_train_ratio(), 1 / (n_folds - 1))
    return pl.when(n_folds > 1).then(ratio).otherwise(0.0)


def effective_runs() -> pl.Expr:
    """Independent runs that would say as much about a share as those of a cell.

    Over folds ``1 / (1 / K + n_test / n_train)``: the seeds of a fold add nothing for sure, and
    folds share training images (Nadeau and Bengio); ``1 / (K - 1)`` where their sizes are unknown.
    Over seeds all of them.
    """
    n_folds = pl.col("fold").n_unique()
    of_folds = 1 / (1 / n_folds + shared_ratio())
    return pl.when(n_folds > 1).then(of_folds).otherwise(pl.len().cast(pl.Float64))


def mean_intervals(
    scores: pl.DataFrame, *, by: Sequence[str], value: str = "value", level: float = 0.95
) -> pl.DataFrame:
    """Mean, standard deviation and interval of each cell, over its folds or over its seeds.

    Parameters
    ----------
    scores : DataFrame
        One row per run: the columns of ``by`` and ``value``, and ``run_id, fold, n_folds, seed,
        n_train, n_test``. Rows without a value are left out.
    by : sequence of str
        Columns that name a cell.
    value : str, default "value"
        Column that is averaged.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per cell: ``uncertainty, method, level, estimate, sd, std_error, ci_low, ci_high,
        unit, n_units, n_runs, run_ids``, units being folds or seeds. A cell with two folds or more
        varies by fold (method ``nadeau_bengio``; seeds of one fold are averaged first); otherwise
        it varies by seed (method ``t``). A cell with one value has no standard deviation and no
        interval.

    Notes
    -----
    ``sd`` is over folds or seeds with ``n - 1``. Nadeau-Bengio takes the recorded numbers of test
    and training images where every run has them, and ``1 / (n_folds - 1)`` otherwise; t with K - 1
    degrees of freedom.

    Examples
    --------
    >>> scores = pl.DataFrame(
    ...     {
    ...         "dataset": "knee",
    ...         "run_id": list("abc"),
    ...         "value": [0.8, 0.9, 1.0],
    ...         "fold": [1, 2, 3],
    ...         "n_folds": 3,
    ...         "seed": 0,
    ...         "n_train": 200,
    ...         "n_test": 100,
    ...     }
    ... )
    >>> mean_intervals(scores, by=["dataset"]).select("method", "estimate", "n_runs").row(0)
    ('nadeau_bengio', 0.9, 3)
    """
    scores = scores.drop_nulls(value)
    runs = scores.group_by(by, maintain_order=True).agg(
        n_runs=pl.len().cast(pl.Int64),
        run_ids=pl.col("run_id").cast(pl.String).sort(),
        ratio=test_train_ratio(),
        over_folds=over_folds(),
    )
    units = (  # sorted: sums of the same numbers in another order differ
        scores.join(runs.select(*by, "over_folds"), on=by, nulls_equal=True)
        .with_columns(row=pl.int_range(pl.len()))
        .with_columns(unit=pl.when("over_folds").then("fold").otherwise("row"))
        .group_by([*by, "unit"], maintain_order=True)
        .agg(pl.col(value).sort().mean())
        .group_by(by, maintain_order=True)
        .agg(
            estimate=pl.col(value).sort().mean(),
            sd=pl.col(value).sort().std(),
            n_units=pl.len().cast(pl.Int64),
        )
    )
    kind = pl.when("over_folds").then(pl.lit("fold")).otherwise(pl.lit("seed"))
    cells = runs.join(units, on=by, nulls_equal=True).with_columns(
        uncertainty=kind,
        unit=kind,
        method=pl.when("over_folds").then(pl.lit("nadeau_bengio")).otherwise(pl.lit("t")),
        level=pl.lit(level),
        std_error=pl.col("sd")
        * (1 / pl.col("n_units") + pl.when("over_folds").then("ratio").otherwise(0.0)).sqrt(),
    )
    quantile = stats.t.ppf((1 + level) / 2, np.maximum(cells["n_units"].to_numpy() - 1, 1))
    half = pl.col("std_error") * pl.Series(quantile)
    return (
        cells.with_columns(ci_low=pl.col("estimate") - half, ci_high=pl.col("estimate") + half)
        .select(*by, *COLUMNS)
        .sort(by, nulls_last=True)
    )
