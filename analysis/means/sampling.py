"""How far means would move with other images, the networks as they are; and the total with runs.

A score's own interval over images belongs to one run. Runs on images of their own (the folds of a
cross-validation) vary independently of each other; runs on the same images (seeds on one split, any
runs on the source probe) vary together, by an amount that their own intervals do not tell.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy import stats

from analysis.means.intervals import COLUMNS

Names = tuple[str, str, str]


def sample_intervals(
    runs: pl.DataFrame,
    *,
    by: Sequence[str],
    kind: str,
    methods: Names,
    level: float = 0.95,
) -> pl.DataFrame:
    """Mean of each cell over its runs, with an interval over the images that it was taken on.

    Parameters
    ----------
    runs : DataFrame
        One row per run: columns of ``by``; ``run_id, value``; ``sample`` (name of the images: runs
        with the same one saw the same images, null is a name too); ``std_error, ci_low, ci_high,
        level`` of the value over its images; ``df`` of that standard error; ``unit, n_units``.
    by : sequence of str
        Columns that name a cell.
    kind : str
        Value of ``uncertainty``: ``test_sample`` or ``stimulus``.
    methods : tuple of str
        Names of the method for one run, runs on images of their own, runs on the same images.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    DataFrame
        One row per cell, columns as `analysis.means.intervals.mean_intervals`. Where a standard
        error is missing or 0 (no image differs from the others) the cell has no interval.

    Notes
    -----
    The mean is over samples, each the mean of its runs. Of K samples with standard errors ``s_k``
    the mean has ``sqrt(sum s_k^2) / K``, with the degrees of freedom of Satterthwaite. Runs on the
    same images are correlated by an unknown amount: ``s_k`` is then the mean of their standard
    errors, which is what it is at a correlation of 1 and never less than the truth. A single run
    keeps its recorded interval if that has the wanted level.
    """
    has_error = pl.col("std_error").is_not_null() & (pl.col("std_error") > 0)
    samples = runs.group_by([*by, "sample"], maintain_order=True).agg(
        value=pl.col("value").mean(),
        error=pl.when(has_error.all()).then(pl.col("std_error").mean()),
        unit=pl.col("unit").first(),
        n_units=pl.col("n_units").max().cast(pl.Int64),
        df=pl.col("df").min(),
        n_runs=pl.len().cast(pl.Int64),
        run_ids=pl.col("run_id").cast(pl.String),
        **{end: pl.when(pl.col("level") == level).then(end).first() for end in _ENDS},
    )
    squared = pl.col("error") ** 2
    cells = samples.group_by(by, maintain_order=True).agg(
        estimate=pl.col("value").mean(),
        std_error=pl.when(pl.col("error").count() == pl.len()).then(
            squared.sum().sqrt() / pl.len()
        ),
        df=squared.sum() ** 2 / (squared**2 / pl.col("df")).sum(),
        unit=pl.col("unit").first(),
        n_units=pl.col("n_units").sum(),
        n_samples=pl.len(),
        n_runs=pl.col("n_runs").sum(),
        run_ids=pl.col("run_ids").explode().sort(),
        **{f"recorded_{end}": pl.col(end).first() for end in _ENDS},
    )
    quantile = np.asarray(stats.t.ppf((1 + level) / 2, cells["df"].to_numpy()))
    half = pl.Series(quantile).fill_nan(None) * pl.col("std_error")
    is_single = pl.col("n_runs") == 1
    kept = is_single & pl.col("recorded_ci_low").is_not_null() & pl.col("std_error").is_not_null()
    is_own = pl.col("n_samples") == pl.col("n_runs")
    return (
        cells.with_columns(
            uncertainty=pl.lit(kind),
            method=pl.when(is_single)
            .then(pl.lit(methods[0]))
            .when(is_own)
            .then(pl.lit(methods[1]))
            .otherwise(pl.lit(methods[2])),
            level=pl.lit(level),
            sd=pl.lit(None, pl.Float64),
            ci_low=pl.when(kept).then("recorded_ci_low").otherwise(pl.col("estimate") - half),
            ci_high=pl.when(kept).then("recorded_ci_high").otherwise(pl.col("estimate") + half),
        )
        .select(*by, *COLUMNS, "df")
        .sort(by, nulls_last=True)
    )


def total_intervals(
    over_runs: pl.DataFrame, over_images: pl.DataFrame, *, by: Sequence[str], level: float = 0.95
) -> pl.DataFrame:
    """Interval over other runs and other images at once, of cells whose runs saw the same images.

    Parameters
    ----------
    over_runs : DataFrame
        Rows over folds or seeds, as `analysis.means.intervals.mean_intervals` gives them; those
        with an interval count.
    over_images : DataFrame
        Rows over images of the same cells, as `sample_intervals` gives them. Only cells whose runs
        all saw the same images belong here: where every fold has images of its own, the interval
        over folds holds their variation already.
    by : sequence of str
        Columns that name a cell.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    DataFrame
        One row per cell with both, ``uncertainty`` total and method ``sum``: variances add up, with
        the degrees of freedom of Satterthwaite.

    Notes
    -----
    With runs crossed with images the variance of the mean is ``a / S + b / n + e / (S n)`` (runs,
    images, and both). The variance between runs estimates the first and the last term, that over
    images the last two: the sum counts the last twice and is never too small.
    """
    both = over_runs.join(
        over_images.select(*by, image_error="std_error", image_df="df"), on=by, nulls_equal=True
    ).drop_nulls(["std_error", "image_error"])
    runs, images = pl.col("std_error") ** 2, pl.col("image_error") ** 2
    both = both.with_columns(
        total=(runs + images).sqrt(),
        df=(runs + images) ** 2
        / (runs**2 / (pl.col("n_units") - 1) + images**2 / pl.col("image_df")),
    )
    half = pl.Series(np.asarray(stats.t.ppf((1 + level) / 2, both["df"].to_numpy()))) * pl.col(
        "total"
    )
    return both.with_columns(
        uncertainty=pl.lit("total"),
        method=pl.lit("sum"),
        level=pl.lit(level),
        sd=pl.lit(None, pl.Float64),
        std_error=pl.col("total"),
        ci_low=pl.col("estimate") - half,
        ci_high=pl.col("estimate") + half,
        unit=pl.lit(None, pl.String),
        n_units=pl.lit(None, pl.Int64),
    ).select(*by, *COLUMNS)


_ENDS = ("ci_low", "ci_high")
