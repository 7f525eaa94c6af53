"""Regression of an outcome on a similarity: one fit, several standard errors.

As the papers do it (independent runs), robust to unequal variances, and by cluster. Where a number
is undefined the row says so and why.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy import stats

from analysis.clustered import classical, cr1, cr3, hc3
from analysis.least_squares import Floats
from analysis.stacking import Model, Stacked, stack
from analysis.wild import cluster_sums, wild_cluster_test

METHODS = ("ols", "hc3", "cluster_cr1", "cluster_cr3", "wild_cluster")
_COVARIANCE_FAILS = {
    "ols": "no degree of freedom is left",
    "hc3": "a run has leverage 1: without it there is no fit",
    "cluster_cr1": "one cluster: nothing varies between clusters",
    "cluster_cr3": "without one of the clusters there is no fit",
    "wild_cluster": "one cluster: nothing varies between clusters",
}
_COLUMNS: dict[str, pl.DataType] = {
    "method": pl.String(),
    "status": pl.String(),
    "reason": pl.String(),
    "term": pl.String(),
    "estimate": pl.Float64(),
    "std_error": pl.Float64(),
    "statistic": pl.Float64(),
    "df": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "level": pl.Float64(),
    "p_value": pl.Float64(),
    "r_squared": pl.Float64(),
    "n_runs": pl.Int64(),
    "n_clusters": pl.Int64(),
    "run_ids": pl.List(pl.String()),
}


def regress(
    points: pl.DataFrame,
    model: Model,
    *,
    by: Sequence[str],
    methods: Sequence[str] = METHODS,
    level: float = 0.95,
) -> pl.DataFrame:
    """Fit a line per group and test its coefficients by each method.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group; rows without predictor or outcome are left out.
    model : Model
        Columns.
    by : sequence of str
        Columns that name a group.
    methods : sequence of str
        Of ``ols``, ``hc3``, ``cluster_cr1``, ``cluster_cr3``, ``wild_cluster``.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per group, method and term: ``method, status, reason, term, estimate, std_error,
        statistic, df, ci_low, ci_high, level, p_value, r_squared, n_runs, n_clusters, run_ids``. A
        row whose status is
        ``undefined`` has null numbers and a reason. ``wild_cluster`` tests ``similarity`` only; its
        statistic and standard error are those of ``cluster_cr1``, and it has no df. Its interval
        ends are infinite where no slope on that side is rejected.

    Raises
    ------
    ValueError
        If a number is NaN or infinite, a method is unknown or a column is missing.

    Notes
    -----
    Reference distributions: t with ``n - k`` degrees of freedom for ``ols`` and ``hc3``, with ``G -
    1`` for the clustered ones.

    Examples
    --------
    >>> points = pl.DataFrame(
    ...     {
    ...         "layer": ["a"] * 4,
    ...         "run_id": list("wxyz"),
    ...         "dataset": list("pqrs"),
    ...         "similarity": [0.0, 1.0, 2.0, 3.0],
    ...         "outcome_value": [1.0, 3.0, 4.0, 4.0],
    ...     }
    ... )
    >>> rows = regress(points, Model(), by=["layer"], methods=["ols"])
    >>> rows.select("term", "estimate", "n_runs", "n_clusters").rows()
    [('intercept', 1.5, 4, 4), ('similarity', 1.0, 4, 4)]
    """
    unknown = sorted(set(methods) - set(METHODS))
    if unknown:
        raise ValueError(f"unknown methods {unknown}; known are {list(METHODS)}")
    points = points.drop_nulls([*model.controls, model.predictor, model.outcome])
    if points.is_empty():
        return pl.DataFrame(schema={name: points.schema[name] for name in by} | _COLUMNS)
    stacked = stack(points, model, by)
    frames = [_rows(stacked, model, method, level) for method in methods]
    return pl.concat(frames).select(*by, *_COLUMNS).sort([*by, "method", "term"], nulls_last=True)


def _rows(stacked: Stacked, model: Model, method: str, level: float) -> pl.DataFrame:
    """Every group and term under one method."""
    if method == "wild_cluster":
        return _wild_rows(stacked, level)
    covariance, df = _covariance(stacked, method)
    return pl.concat(
        _term_rows(stacked, method, term, _inference(stacked, covariance, df, j, level))
        for j, term in enumerate(model.terms)
    ).with_columns(level=pl.lit(level))


def _covariance(stacked: Stacked, method: str) -> tuple[Floats, Floats]:
    """Covariance of the coefficients and degrees of freedom of the t distribution."""
    fits, clusters = stacked.fits, stacked.clusters
    if method == "ols":
        return classical(fits), np.asarray(fits.df, dtype=np.float64)
    if method == "hc3":
        return hc3(fits), np.asarray(fits.df, dtype=np.float64)
    by_cluster = cr1 if method == "cluster_cr1" else cr3
    return by_cluster(fits, clusters), np.asarray(clusters.counts - 1, dtype=np.float64)


def _inference(
    stacked: Stacked, covariance: Floats, df: Floats, j: int, level: float
) -> dict[str, Floats]:
    """Numbers of one coefficient in every group; NaN where undefined."""
    estimate = stacked.fits.coefficients[:, j]
    std_error = np.sqrt(covariance[:, j, j])
    has_df = np.where(df > 0, df, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / std_error
    half = stats.t.ppf((1 + level) / 2, has_df) * std_error
    return {
        "estimate": estimate,
        "std_error": std_error,
        "statistic": statistic,
        "df": has_df,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "p_value": np.asarray(2 * stats.t.sf(np.abs(statistic), has_df), dtype=np.float64),
        "r_squared": stacked.r_squared,
    }


def _term_rows(
    stacked: Stacked, method: str, term: str, numbers: dict[str, Floats]
) -> pl.DataFrame:
    """One row per group, undefined ones emptied and given their reason."""
    defined = pl.col("reason").is_null()
    fails = pl.when(pl.col("std_error").is_nan()).then(pl.lit(_COVARIANCE_FAILS.get(method)))
    return (
        stacked.keys.with_columns(
            pl.Series("reason", stacked.problems, dtype=pl.String),
            *(pl.Series(name, values, dtype=pl.Float64) for name, values in numbers.items()),
            method=pl.lit(method),
            term=pl.lit(term),
        )
        .with_columns(reason=pl.coalesce("reason", fails))
        .with_columns(
            *(pl.when(defined).then(name).fill_nan(None).alias(name) for name in numbers),
            status=pl.when(defined).then(pl.lit("fitted")).otherwise(pl.lit("undefined")),
        )
    )


def _wild_rows(stacked: Stacked, level: float) -> pl.DataFrame:
    """Every group under the wild-cluster bootstrap, for the last term."""
    covariance, df = _covariance(stacked, "cluster_cr1")
    last = stacked.fits.coefficients.shape[1] - 1
    numbers = _inference(stacked, covariance, df, last, level)
    numbers["df"] = np.full(len(df), np.nan)
    for name in ("p_value", "ci_low", "ci_high"):
        numbers[name] = np.full(len(df), np.nan)
    for group, problem in enumerate(stacked.problems):
        if problem is None and stacked.clusters.counts[group] > 1:
            sums = cluster_sums(stacked.fits, stacked.clusters, group)
            test = wild_cluster_test(sums, level=level)
            numbers["p_value"][group] = test.p_value
            numbers["ci_low"][group], numbers["ci_high"][group] = test.ci_low, test.ci_high
    return _term_rows(stacked, "wild_cluster", "similarity", numbers).with_columns(
        level=pl.lit(level)
    )
