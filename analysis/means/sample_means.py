"""Interval of a mean over images, whose images come in groups or alone: few groups or many."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.means.bootstrap import bca_intervals
from analysis.regression.least_squares import Floats

FEWEST = 5
FEWEST_TO_RESAMPLE = 50


@dataclass(frozen=True)
class SampleMeans:
    """Means of several scores over the same images.

    Attributes
    ----------
    method : str
        ``bca``, ``jackknife`` or ``none``: too few groups for either.
    estimate, std_error, ci_low, ci_high : float array of shape (n_scores,)
        NaN where there is no interval.
    """

    method: str
    estimate: Floats
    std_error: Floats
    ci_low: Floats
    ci_high: Floats


def sample_means(
    sums: Floats,
    sizes: Floats,
    *,
    level: float = 0.95,
    n_resamples: int = 9999,
    seed: int = 0,
) -> SampleMeans:
    """Mean over images, with an interval over the groups that they come in.

    Parameters
    ----------
    sums : float array of shape (n_groups, n_scores)
        Sum of each score over the images of each group, as
        `analysis.means.bootstrap.cluster_totals` gives it.
    sizes : float array of shape (n_groups,)
        Images of each group; or another denominator that is at least 0, for a ratio of means.
    level : float, default 0.95
        Coverage.
    n_resamples : int, default 9999
        Resamples of the bootstrap.
    seed : int, default 0
        Its seed.

    Returns
    -------
    SampleMeans
        From 50 groups on the bias-corrected and accelerated bootstrap over groups (``bca``). With
        fewer it covers too little (85 % instead of 95 % with 5 groups), so that the jackknife over
        groups and t with ``n_groups - 1`` degrees of freedom are taken (``jackknife``). With fewer
        than 5, or where all groups are alike, there is no interval: nothing shows how much others
        would differ.

    Raises
    ------
    ValueError
        If the lengths differ, a size is negative, or without one group nothing is left.

    References
    ----------
    .. [1] Efron (1987), JASA 82, https://doi.org/10.1080/01621459.1987.10478410
    .. [2] Cameron and Miller (2015), J. Human Resources 50, section VI (few clusters),
       https://doi.org/10.3368/jhr.50.2.317
    """
    rest = sizes.sum() - sizes
    if len(sums) != len(sizes) or not (sizes >= 0).all() or not (rest > 0).all():
        raise ValueError(
            f"{len(sums)} sums and {len(sizes)} sizes: as many, at least 0, and not all in one"
        )
    estimate = sums.sum(axis=0) / sizes.sum()
    if len(sizes) < FEWEST:
        unknown = np.full(len(estimate), np.nan)
        return SampleMeans("none", estimate, unknown, unknown, unknown)
    left_out = (sums.sum(axis=0) - sums) / rest[:, None]
    is_flat = np.ptp(left_out, axis=0) <= 1e-12 * np.maximum(1.0, np.abs(estimate))
    if len(sizes) >= FEWEST_TO_RESAMPLE:
        method = "bca"
        found = bca_intervals(sums, sizes, level=level, n_resamples=n_resamples, seed=seed)
        std_error, low, high = found[:, 1:].T
    else:
        method = "jackknife"
        n = len(sizes)
        std_error = np.sqrt((n - 1) / n * ((left_out - estimate) ** 2).sum(axis=0))
        half = stats.t.ppf((1 + level) / 2, n - 1) * std_error
        low, high = estimate - half, estimate + half
    numbers = (np.where(is_flat, np.nan, column) for column in (std_error, low, high))
    return SampleMeans(method, estimate, *numbers)
