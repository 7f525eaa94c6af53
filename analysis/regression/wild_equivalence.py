"""Showing that a slope is small by a wild-cluster bootstrap at both ends of the margin."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.regression.clustered import cr1
from analysis.regression.fits import ONE_CLUSTER
from analysis.regression.least_squares import Floats
from analysis.regression.stacking import Model, stack, testable
from analysis.regression.term_rows import term_rows
from analysis.regression.wild import (
    TIES,
    ClusterSums,
    cluster_sums,
    sign_vectors,
    signed_statistics,
)

ROUNDING = 1e-12  # 1 - 0.95 is a little more than 0.05


def wild_equivalence_p_values(sums: ClusterSums, *, margin: float) -> tuple[float, float]:
    """Test that a slope lies within a margin, and that it lies outside: one-sided wild bootstraps.

    Parameters
    ----------
    sums : ClusterSums
        Sums by cluster of the fit, at least two clusters.
    margin : float
        Positive; in units of the slope.

    Returns
    -------
    tuple of float
        Of equivalence, the larger of two one-sided p-values: never below ``2 ** -n_clusters``, so
        that five clusters can show equivalence at 5 %. Of a slope beyond either end, twice the
        smaller of the opposite two, at most 1.

    Notes
    -----
    At the lower end of the margin the t statistic is held against those of all sign vectors with
    that slope imposed, and at the upper end likewise: as a two-sided bootstrap [1]_, one side at a
    time.

    References
    ----------
    .. [1] Cameron, Gelbach and Miller (2008), Rev. Econ. Stat. 90,
       https://doi.org/10.1162/rest.90.3.414
    """
    signs = sign_vectors(len(sums.scores))
    lower = signed_statistics(sums, signs, -margin)
    upper = signed_statistics(sums, signs, margin)
    within = max(_reached(lower), _reached(-upper))
    return within, min(1.0, 2 * min(_reached(-lower), _reached(upper)))


def _reached(statistics: Floats) -> float:
    """Share of draws at least as large as the observed one, the first."""
    observed = statistics[0]
    return float(np.mean(statistics >= observed - TIES * abs(observed)))


def wild_equivalences(
    points: pl.DataFrame, model: Model, *, by: Sequence[str], margin: float, level: float
) -> pl.DataFrame:
    """Test in every group whether the slope lies within a margin, or outside.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group, at least one, without nulls.
    model : Model
        Columns.
    by : sequence of str
        Columns that name a group.
    margin : float
        Positive; in units of the slope.
    level : float
        One minus it is the level of the tests.

    Returns
    -------
    DataFrame
        ``by, status, reason, estimate, std_error`` (CR1, which the bootstrap studentises by),
        ``p_value`` of equivalence, ``verdict, n_runs, n_clusters, run_ids``.
    """
    stacked = stack(points, model, by)
    tests = np.full((2, len(stacked.keys)), np.nan)
    for group in testable(stacked):
        sums = cluster_sums(stacked.fits, stacked.clusters, group)
        tests[:, group] = wild_equivalence_p_values(sums, margin=margin)
    numbers = {
        "estimate": stacked.fits.coefficients[:, -1],
        "std_error": np.sqrt(cr1(stacked.fits, stacked.clusters)[:, -1, -1]),
        "p_value": tests[0],
        "p_beyond": tests[1],
    }
    rows = term_rows(stacked.keys, numbers, stacked.problems, ONE_CLUSTER)
    alpha = 1 - level + ROUNDING
    verdict = (
        pl.when(pl.col("p_value") <= alpha)
        .then(pl.lit("supported"))
        .when(pl.col("p_beyond") <= alpha)
        .then(pl.lit("contradicted"))
        .when(pl.col("p_value").is_not_null())
        .then(pl.lit("inconclusive"))
    )
    return rows.with_columns(verdict=verdict).drop("p_beyond")
