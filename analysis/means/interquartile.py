"""Interquartile mean of a network's runs over datasets, and its interval."""

from collections.abc import Sequence

import numpy as np

from analysis.means.bootknife import bootknife_draws, t_interval
from analysis.means.drawn_runs import DrawnRuns, common_uncertainty
from analysis.regression.least_squares import Floats


def interquartile_mean(values: Floats) -> Floats:
    """Mean of the middle half of each row, whole values only; shape (n,) from (n, m).

    NaN is no value.

    Examples
    --------
    >>> interquartile_mean(np.array([[9.0, 1.0, 2.0, -50.0], [2.0, 4.0, np.nan, np.nan]])).tolist()
    [1.5, 3.0]
    """
    ordered = np.sort(values, axis=1)
    n = np.count_nonzero(~np.isnan(values), axis=1)[:, None]
    cut, position = n // 4, np.arange(values.shape[1])
    is_inside = (cut <= position) & (position < n - cut)
    return np.asarray(ordered.sum(axis=1, where=is_inside) / is_inside.sum(axis=1))


def interquartile_interval(
    runs: Sequence[DrawnRuns], *, level: float, n_resamples: int, rng: np.random.Generator
) -> tuple[float, float] | None:
    """Interval of the interquartile mean, were the folds or seeds of each dataset drawn anew.

    Parameters
    ----------
    runs : sequence of DrawnRuns
        Runs of a network, one entry per dataset.
    level : float
        Coverage.
    n_resamples : int
        Resamples.
    rng : Generator
        Source of the resamples.

    Returns
    -------
    tuple of float or None
        Lower and upper end. None where a dataset has a single fold or seed, where some datasets
        vary by fold and others by seed, and where no run differs from another.

    Notes
    -----
    Stratified bootknife; the mean of a resampled dataset is moved further from that of its runs by
    `DrawnRuns.spread`, so that it varies as much as that of correlated folds. Of the resampled
    means the standard deviation is taken, with t: each dataset counts by how much the interquartile
    mean follows its mean, and datasets outside the middle half bring no degrees of freedom.

    References
    ----------
    .. [1] Agarwal et al. (2021), "Deep RL at the edge of the statistical precipice", NeurIPS.
    .. [2] Nadeau and Bengio (2003), Machine Learning 52, https://doi.org/10.1023/A:1024068626366
    """
    if common_uncertainty(runs) is None:
        return None
    drawn, moved = [], []
    for one in runs:
        draws = bootknife_draws(one.n_units, n_resamples=n_resamples, rng=rng)
        means = np.nanmean(one.values, axis=1)
        further = means[draws].mean(axis=1) - means.mean()
        moved.append(one.spread * further)
        shift = (one.spread - 1) * further
        drawn.append((one.values[draws] + shift[:, None, None]).reshape(n_resamples, -1))
    resampled = interquartile_mean(np.hstack(drawn))
    variances = _contributions(resampled, np.column_stack(moved))
    if not variances.any():
        return None
    pooled = np.concatenate([one.values.ravel() for one in runs])
    return t_interval(
        float(interquartile_mean(pooled[None])[0]),
        variances,
        np.array([one.n_units - 1.0 for one in runs]),
        std_error=float(resampled.std()),
        level=level,
    )


def _contributions(resampled: Floats, means: Floats) -> Floats:
    """Variance that the mean of each dataset brings into a statistic that follows them linearly."""
    centred = means - means.mean(axis=0)
    weights = np.linalg.lstsq(centred, resampled - resampled.mean())[0]
    return np.asarray(weights**2 * centred.var(axis=0), dtype=np.float64)
