"""Bootstrap intervals of means over images or patients, many scores at once.

Resampling is drawn once, as counts; every score is then a matrix product. That keeps scores on the
same images comparable and makes the cost nearly independent of their number.
"""

import numpy as np
import numpy.typing as npt
from scipy import stats

from analysis.regression.least_squares import Floats

_CHUNK = 150_000  # counts at a time: what fits the cache


def cluster_totals(values: npt.ArrayLike, clusters: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Add up clusters (patients) of rows (images).

    Parameters
    ----------
    values : array_like of shape (n, n_scores)
        One row per image, one column per score.
    clusters : array_like of shape (n,)
        Cluster of each row; a different one for each row when rows are independent.

    Returns
    -------
    tuple of float arrays of shape (n_clusters, n_scores) and (n_clusters,)
        Sums and sizes, in the order of the sorted clusters.
    """
    values = np.atleast_2d(np.asarray(values, dtype=np.float64).T).T
    _, codes = np.unique(np.asarray(clusters), return_inverse=True)
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    sums = np.add.reduceat(values[order], starts, axis=0)
    return sums, np.bincount(codes).astype(np.float64)


def bootstrap_means(
    sums: Floats, sizes: Floats, *, n_resamples: int = 9999, seed: int = 0
) -> Floats:
    """Means of resampled clusters.

    Parameters
    ----------
    sums : float array of shape (n_clusters, n_scores)
        Sum of each score over the rows of each cluster.
    sizes : float array of shape (n_clusters,)
        Rows of each cluster.
    n_resamples : int, default 9999
        Resamples, of as many clusters as there are, with replacement.
    seed : int, default 0
        Seed of the resampling.

    Returns
    -------
    float array of shape (n_resamples, n_scores)
        Resampled sum over resampled size.
    """
    rng = np.random.default_rng(seed)
    n = len(sizes)
    columns = np.column_stack([sums, sizes])
    totals = np.empty((n_resamples, columns.shape[1]))
    step = max(1, _CHUNK // n)
    for start in range(0, n_resamples, step):
        rows = min(step, n_resamples - start)
        drawn = rng.integers(0, n, size=(rows, n))
        drawn += (np.arange(rows) * n)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
        totals[start : start + rows] = counts.astype(np.float64) @ columns
    return np.asarray(totals[:, :-1] / totals[:, -1:], dtype=np.float64)


def bca_intervals(
    sums: Floats,
    sizes: Floats,
    *,
    level: float = 0.95,
    n_resamples: int = 9999,
    seed: int = 0,
) -> Floats:
    """Bias-corrected and accelerated bootstrap intervals of means over clusters.

    Parameters
    ----------
    sums : float array of shape (n_clusters, n_scores)
        Sum of each score over the rows of each cluster; at least three clusters.
    sizes : float array of shape (n_clusters,)
        Rows of each cluster.
    level : float, default 0.95
        Coverage.
    n_resamples : int, default 9999
        Resamples.
    seed : int, default 0
        Seed of the resampling.

    Returns
    -------
    float array of shape (n_scores, 4)
        Mean, standard error (standard deviation of the resampled means), lower and upper end. A
        score that is equal in every cluster has an interval of no width.

    References
    ----------
    .. [1] Efron (1987), JASA 82, https://doi.org/10.1080/01621459.1987.10478410
    """
    if len(sizes) < 3:
        raise ValueError(f"{len(sizes)} clusters are too few to resample; at least 3")
    estimates = sums.sum(axis=0) / sizes.sum()
    means = bootstrap_means(sums, sizes, n_resamples=n_resamples, seed=seed)
    left_out = (sums.sum(axis=0) - sums) / (sizes.sum() - sizes)[:, None]
    influence = left_out.mean(axis=0) - left_out
    spread = (influence**2).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        acceleration = np.nan_to_num((influence**3).sum(axis=0) / (6 * spread**1.5))
    below = np.mean(means < estimates, axis=0) + np.mean(means == estimates, axis=0) / 2
    bias = stats.norm.ppf(np.clip(below, 1 / n_resamples, 1 - 1 / n_resamples))
    quantiles = np.asarray(stats.norm.ppf([(1 - level) / 2, (1 + level) / 2]))
    tails = quantiles[:, None] + bias
    shares = stats.norm.cdf(bias + tails / (1 - acceleration * tails))
    ends = [
        np.quantile(column, share)
        for column, share in zip(means.T, np.transpose(shares), strict=True)
    ]
    return np.column_stack([estimates, means.std(axis=0, ddof=1), np.array(ends)])
