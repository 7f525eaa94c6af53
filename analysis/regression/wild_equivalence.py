"""Showing that a slope is small by a wild-cluster bootstrap at both ends of the margin."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.regression.stacking import Model, stack
from analysis.regression.wild import (
    TIES,
    ClusterSums,
    cluster_sums,
    sign_vectors,
    signed_statistics,
)


def wild_equivalence_p_value(sums: ClusterSums, *, margin: float) -> float:
    """Test that a slope lies within a margin: two one-sided wild bootstraps, the end imposed.

    Parameters
    ----------
    sums : ClusterSums
        Sums by cluster of the fit, at least two clusters.
    margin : float
        Positive; in units of the slope.

    Returns
    -------
    float
        The larger of the two one-sided p-values; never below ``2 ** -n_clusters``, so that five
        clusters can show equivalence at 5 %.

    Notes
    -----
    At a lower end of the margin the t statistic is held against those of all sign vectors with that
    slope imposed, and at the upper end likewise: as a two-sided bootstrap [1]_, one side at a time.

    References
    ----------
    .. [1] Cameron, Gelbach and Miller (2008), Rev. Econ. Stat. 90,
       https://doi.org/10.1162/rest.90.3.414
    """
    signs = sign_vectors(len(sums.scores))
    above = signed_statistics(sums, signs, -margin)
    below = -signed_statistics(sums, signs, margin)
    return float(max(np.mean(side >= side[0] - TIES * abs(side[0])) for side in (above, below)))


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
        ``by`` and ``p_value``.
    """
    stacked = stack(points, model, by)
    counts = stacked.clusters.counts
    p_values = [
        None
        if problem is not None or counts[group] < 2
        else wild_equivalence_p_value(
            cluster_sums(stacked.fits, stacked.clusters, group), margin=margin
        )
        for group, problem in enumerate(stacked.problems)
    ]
    return stacked.keys.select(by).with_columns(
        p_value=pl.Series(p_values, dtype=pl.Float64, strict=False)
    )
