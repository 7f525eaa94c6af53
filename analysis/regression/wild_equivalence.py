"""Showing that a slope is small by a wild-cluster bootstrap at both ends of the margin."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.regression.least_squares import Floats
from analysis.regression.stacking import Model, stack
from analysis.regression.wild import (
    TIES,
    ClusterSums,
    cluster_sums,
    sign_vectors,
    signed_statistics,
)


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


def wild_p_values(
    points: pl.DataFrame, model: Model, *, by: Sequence[str], margin: float
) -> pl.DataFrame:
    """P-values of equivalence of every group that can be fitted and has two clusters or more.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group.
    model : Model
        Columns.
    by : sequence of str
        Columns that name a group.
    margin : float
        Positive; in units of the slope.

    Returns
    -------
    DataFrame
        ``by``, ``p_within`` of equivalence and ``p_beyond`` of a slope outside the margin, null
        where a group has no test.
    """
    stacked = stack(points, model, by)
    counts = stacked.clusters.counts
    p_values = [
        (None, None)
        if problem is not None or counts[group] < 2
        else wild_equivalence_p_values(
            cluster_sums(stacked.fits, stacked.clusters, group), margin=margin
        )
        for group, problem in enumerate(stacked.problems)
    ]
    schema = {"p_within": pl.Float64(), "p_beyond": pl.Float64()}
    tests = pl.DataFrame(p_values, schema=schema, orient="row")
    return pl.concat([stacked.keys.select(by), tests], how="horizontal")
