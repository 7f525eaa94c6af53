"""Regression of an outcome on a similarity: one fit, rising rigour of inference.

As the papers do it (independent runs), robust to unequal variances, by cluster, and with a random
intercept per dataset. Where a number is undefined the row says so and why.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from analysis.regression.clustered import classical, cr1, cr2, cr3, hc3
from analysis.regression.least_squares import Floats
from analysis.regression.mixed import mixed_terms, weighted_fits
from analysis.regression.stacking import Model, Stacked, stack, testable
from analysis.regression.term_rows import COLUMNS, t_inference, term_rows
from analysis.regression.wild import cluster_sums, wild_cluster_test

ONE_CLUSTER = "one cluster: nothing varies between clusters"
WITHOUT_ONE = "without one of the clusters there is no fit"
FALLBACK = "the variance between datasets is estimated as 0: least squares with cluster_cr3 errors"


def regress(
    points: pl.DataFrame,
    model: Model,
    *,
    by: Sequence[str],
    methods: Sequence[str] | None = None,
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
        Of ``ols``, ``hc3``, ``cluster_cr1``, ``cluster_cr2``, ``cluster_cr3``, ``wild_cluster``,
        ``mixed``, ``mixed_cr2``; all by default.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per group, method and term: ``method, status, reason, term, estimate, std_error,
        statistic, df, ci_low, ci_high, level, p_value, r_squared, n_runs, n_clusters, run_ids``. A
        row whose status is ``undefined`` has null numbers and a reason. ``wild_cluster`` tests
        ``similarity`` only; its statistic and standard error are those of ``cluster_cr1``, and it
        has no df. Its interval ends are infinite where no slope on that side is rejected. A fitted
        ``mixed`` row with a reason is least squares with CR3 errors, because the variance between
        datasets is estimated as 0; ``mixed_cr2``, the estimate of that model with CR2 errors by
        dataset, then equals ``cluster_cr2``.

    Raises
    ------
    ValueError
        If a number is NaN or infinite, a method is unknown or a column is missing.

    Notes
    -----
    Reference distributions: t with ``n - k`` degrees of freedom for ``ols`` and ``hc3``, with ``G -
    1`` for ``cluster_cr1`` and ``cluster_cr3``, with Satterthwaite's for ``cluster_cr2``, ``mixed``
    and ``mixed_cr2``.

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
    methods = METHODS if methods is None else methods
    unknown = sorted(set(methods) - set(METHODS))
    if unknown:
        raise ValueError(f"unknown methods {unknown}; known are {list(METHODS)}")
    points = points.drop_nulls(model.columns)
    if points.is_empty():
        return pl.DataFrame(schema={name: points.schema[name] for name in by} | COLUMNS)
    stacked = stack(points, model, by)
    r_squared = pl.Series("r_squared", stacked.r_squared).fill_nan(None)
    stacked = replace(stacked, keys=stacked.keys.with_columns(r_squared))
    frames = [
        _INFERENCE[method](stacked, model, level).with_columns(
            method=pl.lit(method), level=pl.lit(level)
        )
        for method in methods
    ]
    return pl.concat(frames).select(*by, *COLUMNS).sort([*by, "method", "term"], nulls_last=True)


def sandwich_rows(
    stacked: Stacked, model: Model, level: float, covariance: Floats, df: Floats, fails: str
) -> pl.DataFrame:
    """Rows of every term of a least-squares fit, from the covariance of its coefficients.

    Parameters
    ----------
    stacked : Stacked
        The fits.
    model : Model
        Their columns.
    level : float
        Coverage of the intervals.
    covariance : float array of shape (n_groups, k, k)
        NaN where undefined.
    df : float array of shape (n_groups,) or (n_groups, k)
        Degrees of freedom of each group, or of each of its coefficients.
    fails : str
        Why a group that has a fit may have no covariance.
    """
    df = np.broadcast_to(df.T, (len(model.terms), len(stacked.keys)))
    return pl.concat(
        term_rows(
            stacked.keys,
            t_inference(
                stacked.fits.coefficients[:, j], np.sqrt(covariance[:, j, j]), df[j], level=level
            ),
            stacked.problems,
            fails,
        ).with_columns(term=pl.lit(term))
        for j, term in enumerate(model.terms)
    )


def _ols(stacked: Stacked, model: Model, level: float) -> pl.DataFrame:
    covariance, df = classical(stacked.fits), np.asarray(stacked.fits.df, dtype=np.float64)
    fails = "no degree of freedom is left"
    return sandwich_rows(stacked, model, level, covariance, df, fails)


def _hc3(stacked: Stacked, model: Model, level: float) -> pl.DataFrame:
    covariance, df = hc3(stacked.fits), np.asarray(stacked.fits.df, dtype=np.float64)
    fails = "a run has leverage 1: without it there is no fit"
    return sandwich_rows(stacked, model, level, covariance, df, fails)


def _cluster_cr1(stacked: Stacked, model: Model, level: float) -> pl.DataFrame:
    covariance = cr1(stacked.fits, stacked.clusters)
    df = np.asarray(stacked.clusters.counts - 1, dtype=np.float64)
    return sandwich_rows(stacked, model, level, covariance, df, ONE_CLUSTER)


def _cluster_cr2(stacked: Stacked, model: Model, level: float) -> pl.DataFrame:
    covariance, df = cr2(stacked.fits, stacked.clusters)
    return sandwich_rows(stacked, model, level, covariance, df, WITHOUT_ONE)


def _cluster_cr3(stacked: Stacked, model: Model, level: float) -> pl.DataFrame:
    covariance = cr3(stacked.fits, stacked.clusters)
    df = np.asarray(stacked.clusters.counts - 1, dtype=np.float64)
    return sandwich_rows(stacked, model, level, covariance, df, WITHOUT_ONE)


def _wild_cluster(stacked: Stacked, model: Model, level: float) -> pl.DataFrame:
    """Every group under the wild-cluster bootstrap, for the last term."""
    std_error = np.sqrt(cr1(stacked.fits, stacked.clusters)[:, -1, -1])
    df = np.asarray(stacked.clusters.counts - 1, dtype=np.float64)
    numbers = t_inference(stacked.fits.coefficients[:, -1], std_error, df, level=level)
    for name in ("df", "p_value", "ci_low", "ci_high"):
        numbers[name] = np.full(len(df), np.nan)
    for group in testable(stacked):
        sums = cluster_sums(stacked.fits, stacked.clusters, group)
        test = wild_cluster_test(sums, level=level)
        numbers["p_value"][group] = test.p_value
        numbers["ci_low"][group], numbers["ci_high"][group] = test.ci_low, test.ci_high
    rows = term_rows(stacked.keys, numbers, stacked.problems, ONE_CLUSTER)
    return rows.with_columns(term=pl.lit(model.terms[-1]))


def _mixed(stacked: Stacked, model: Model, level: float) -> pl.DataFrame:
    """Every group under a random intercept per cluster."""
    shape = stacked.fits.coefficients.shape
    estimate, std_error, df = (np.full(shape, np.nan) for _ in range(3))
    falls_back = np.zeros(shape[0], dtype=bool)
    fallback = cr3(stacked.fits, stacked.clusters)
    for group in testable(stacked):
        terms = mixed_terms(stacked, group, fallback)
        estimate[group], std_error[group], df[group] = terms.estimate, terms.std_error, terms.df
        falls_back[group] = terms.is_fallback
    rows = [
        term_rows(
            stacked.keys,
            t_inference(estimate[:, j], std_error[:, j], df[:, j], level=level),
            stacked.problems,
            ONE_CLUSTER,
        ).with_columns(
            term=pl.lit(term),
            reason=pl.when(pl.Series(falls_back)).then(pl.lit(FALLBACK)).otherwise("reason"),
        )
        for j, term in enumerate(model.terms)
    ]
    return pl.concat(rows)


def _mixed_cr2(stacked: Stacked, model: Model, level: float) -> pl.DataFrame:
    """Every group with the weights of a random intercept and errors by cluster."""
    weighted = weighted_fits(stacked, testable(stacked))
    covariance, df = cr2(weighted, stacked.clusters)
    rows = replace(stacked, fits=weighted)
    return sandwich_rows(rows, model, level, covariance, df, WITHOUT_ONE)


_INFERENCE: dict[str, Callable[[Stacked, Model, float], pl.DataFrame]] = {
    "ols": _ols,
    "hc3": _hc3,
    "cluster_cr1": _cluster_cr1,
    "cluster_cr2": _cluster_cr2,
    "cluster_cr3": _cluster_cr3,
    "wild_cluster": _wild_cluster,
    "mixed": _mixed,
    "mixed_cr2": _mixed_cr2,
}
METHODS = tuple(_INFERENCE)
