"""Slopes within datasets and between them are two answers; a pooled line mixes both."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from analysis.regression.fits import regress
from analysis.regression.stacking import Model, stack
from analysis.regression.term_rows import COLUMNS, t_inference, term_rows
from analysis.testing.constancy import centred_over


def within_and_between(
    points: pl.DataFrame, model: Model, *, by: Sequence[str], level: float = 0.95
) -> pl.DataFrame:
    """Fit the slope among the runs of a dataset, and the slope among the means of datasets.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group.
    model : Model
        Columns, without controls.
    by : sequence of str
        Columns that name a group.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        Rows as of `analysis.regression.fits.regress`, with the methods ``within`` (a constant per
        dataset,
        ``n - G - 1`` degrees of freedom) and ``between`` (a line through the dataset means,
        ``G - 2``), for the term ``similarity``.

    Notes
    -----
    ``within`` tests the same hypothesis as the repeated-measures correlation [1]_: its p-value is
    the same.

    References
    ----------
    .. [1] Bakdash and Marusich (2017), Frontiers in Psychology 8, 456.
    """
    points = points.drop_nulls(model.columns)
    if points.is_empty():
        return pl.DataFrame(schema={name: points.schema[name] for name in by} | COLUMNS)
    rows = [_within(points, model, by, level), _between(points, model, by, level)]
    return pl.concat(rows).select(*by, *COLUMNS).sort([*by, "method"], nulls_last=True)


def _within(points: pl.DataFrame, model: Model, by: Sequence[str], level: float) -> pl.DataFrame:
    """Slope of the deviations from the dataset means."""
    numbers = model.columns
    own = [*by, model.cluster]
    centred = points.with_columns(centred_over(name, own) for name in numbers)
    stacked = stack(centred, replace(model, controls=()), by)
    df = np.asarray(stacked.fits.df - stacked.clusters.counts + 1, dtype=np.float64)
    scale = stacked.fits.inverse_r[:, -1, -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(df > 0, stacked.fits.residual_sum_of_squares / df, np.nan)
    numbers_found = t_inference(
        stacked.fits.coefficients[:, -1], np.abs(scale) * np.sqrt(variance), df, level=level
    )
    problems = [
        "nothing varies within a dataset" if problem and "constant" in problem else problem
        for problem in stacked.problems
    ]
    keys = stacked.keys.with_columns(r_squared=pl.Series(stacked.r_squared).fill_nan(None))
    rows = term_rows(keys, numbers_found, problems, "every dataset has one run only")
    return rows.with_columns(
        method=pl.lit("within"), term=pl.lit(model.terms[-1]), level=pl.lit(level)
    ).select(*by, *COLUMNS)


def _between(points: pl.DataFrame, model: Model, by: Sequence[str], level: float) -> pl.DataFrame:
    """Slope of a line through the dataset means."""
    means = points.group_by([*by, model.cluster], maintain_order=True).agg(
        pl.col(model.columns).mean(), pl.col(model.run_id).first()
    )
    rows = regress(means, model, by=by, methods=["ols"], level=level)
    runs = points.group_by(by, maintain_order=True).agg(
        n_runs=pl.len().cast(pl.Int64),
        run_ids=pl.col(model.run_id).cast(pl.String).sort_by(model.cluster, model.run_id),
    )
    return (
        rows.filter(pl.col("term") == model.terms[-1])
        .drop("n_runs", "run_ids")
        .join(runs, on=by, nulls_equal=True)
        .with_columns(
            method=pl.lit("between"),
            reason=pl.col("reason").str.replace(r"^(\d+) runs", "${1} datasets"),
        )
        .select(*by, *COLUMNS)
    )


def sign_alarms(rows: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """Say where the slopes within and between datasets have different signs.

    Parameters
    ----------
    rows : DataFrame
        Rows of ``ols``, ``within`` and ``between`` for the term ``similarity``.
    by : sequence of str
        Columns that name a group.

    Returns
    -------
    DataFrame
        One row per group with both slopes: ``pooled, within, between`` (slopes), ``signs_differ``,
        and
        ``is_reversed``: the pooled slope has the sign that the slope within datasets has not
        (Simpson's paradox).
    """
    names = {"pooled": "ols", "within": "within", "between": "between"}
    slopes = (
        rows.filter(pl.col("term") == "similarity")
        .group_by(by, maintain_order=True)
        .agg(
            pl.col("estimate").filter(pl.col("method") == method).first().alias(name)
            for name, method in names.items()
        )
    )
    return (
        slopes.drop_nulls(list(names))
        .with_columns(
            signs_differ=pl.col("within") * pl.col("between") < 0,
            is_reversed=pl.col("within") * pl.col("pooled") < 0,
        )
        .sort(by, nulls_last=True)
    )
