"""Errors clustered by dataset and by network at once, for runs of several networks.

Random intercepts (`analysis.regression.crossed`) count runs as independent but for two shifts.
Where networks suit datasets differently, or slopes differ between them, they do not stand alone.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from analysis.regression.clustered import cr3
from analysis.regression.crossed import FEW, MIN_NETWORKS
from analysis.regression.fits import ONE_CLUSTER, WITHOUT_ONE, sandwich_rows
from analysis.regression.least_squares import Floats, Ints
from analysis.regression.stacking import Model, stack
from analysis.regression.term_rows import COLUMNS


def two_way_rows(
    points: pl.DataFrame,
    model: Model,
    *,
    by: Sequence[str],
    network: str = "pretraining",
    level: float = 0.95,
) -> pl.DataFrame:
    """Fit a line per group by least squares with errors clustered by dataset and by network.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group; rows without predictor or outcome are left out.
    model : Model
        Columns; its cluster is the dataset.
    by : sequence of str
        Columns that name a group; not the network.
    network : str, default "pretraining"
        Column that names the network.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        Rows as of `analysis.regression.fits.regress` with the method ``two_way``. Groups of fewer
        than three networks are undefined.

    Notes
    -----
    The variance is that of CR3 by dataset plus that by network; what runs of one dataset and
    network share is counted twice rather than taken off, which few clusters cannot afford. Degrees
    of freedom by Satterthwaite, from datasets less 1 and networks less 1.

    References
    ----------
    .. [1] Cameron, Gelbach and Miller (2011), J. Bus. Econ. Stat. 29, eq. 2.10,
       https://doi.org/10.1198/jbes.2010.07136
    """
    points = points.drop_nulls(model.columns)
    if points.is_empty():
        return pl.DataFrame(schema={name: points.schema[name] for name in by} | COLUMNS)
    by_dataset, by_network = (
        stack(points, replace(model, cluster=cluster), by) for cluster in (model.cluster, network)
    )
    counts = [stacked.clusters.counts for stacked in (by_dataset, by_network)]
    few = [_few(*of_group) for of_group in zip(*counts, strict=True)]
    stacked = replace(
        by_dataset,
        keys=by_dataset.keys.with_columns(
            pl.Series("r_squared", by_dataset.r_squared).fill_nan(None)
        ),
        problems=[why or other for why, other in zip(by_dataset.problems, few, strict=True)],
    )
    covariances = np.array([cr3(way.fits, way.clusters) for way in (by_dataset, by_network)])
    df = _degrees(np.diagonal(covariances, axis1=2, axis2=3), np.array(counts))
    rows = sandwich_rows(stacked, model, level, covariances.sum(axis=0), df, WITHOUT_ONE)
    named = rows.with_columns(method=pl.lit("two_way"), level=pl.lit(level))
    return named.select(*by, *COLUMNS).sort([*by, "term"], nulls_last=True)


def _few(n_datasets: int, n_networks: int) -> str | None:
    """Why a group has too few clusters; None where it has enough."""
    if n_datasets < 2:
        return ONE_CLUSTER
    return FEW if n_networks < MIN_NETWORKS else None


def _degrees(variances: Floats, counts: Ints) -> Floats:
    """Satterthwaite's degrees of freedom of sums of variances, shape (n_groups, k).

    The ways of clustering come first: variances (2, n_groups, k), counts of clusters (2, n_groups).
    """
    with np.errstate(divide="ignore"):
        spread = (variances**2 / (counts - 1)[:, :, None]).sum(axis=0)
    return np.asarray(variances.sum(axis=0) ** 2 / spread, dtype=np.float64)
