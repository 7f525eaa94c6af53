"""T statistics of sign vectors that count how much of a flipped predictor the intercept absorbs.

The bootstrap flips the residuals of whole datasets and fits again. The fit takes out what the
flipped predictor shares with the intercept, so that slopes of flipped residuals spread less than
the slope that was seen: with five datasets a test would reject 9 % of true nulls instead of 6.
"""

import numpy as np

from analysis.regression.least_squares import Floats
from analysis.regression.mixed import ClusterMoments, group_moments
from analysis.regression.stacking import Stacked
from analysis.regression.wild import bootstrap_statistics, cluster_sums

_NOTHING = 1e-6  # spreads below it are 0: nothing of the predictor is left


def standardised_statistics(stacked: Stacked, group: int, signs: Floats) -> Floats:
    """Absolute bootstrap t of every sign vector over the spread that the vector leaves of it.

    Parameters
    ----------
    stacked : Stacked
        Least-squares fits.
    group : int
        Which of them; it has a fit and at least two clusters.
    signs : float array of shape (n_draws, n_clusters)
        Sign of each cluster's residuals in each draw, the first draw all ones.

    Returns
    -------
    float array of shape (n_draws,)
        The first is the t that was seen, as it is; 0 where nothing of the predictor is left.

    Notes
    -----
    De Santis et al. [1]_ divide score contributions of independent rows likewise; here the t of
    CR1 is divided, and errors of one dataset are correlated.

    References
    ----------
    .. [1] De Santis et al. (2022), "Inference in generalized linear models with robustness to
       misspecified variances", https://arxiv.org/abs/2209.13918
    """
    sums = cluster_sums(stacked.fits, stacked.clusters, group)
    spread = relative_spread(sums.products, group_moments(stacked, group), signs)
    statistics = bootstrap_statistics(sums, signs)
    return np.divide(statistics, spread, out=np.zeros_like(spread), where=spread > _NOTHING)


def relative_spread(products: Floats, moments: ClusterMoments, signs: Floats) -> Floats:
    """Compare the standard deviation of slopes of flipped residuals with that of the one seen.

    Parameters
    ----------
    products : float array of shape (n_clusters, k)
        ``Q_c'q_c`` of the orthonormal basis ``Q`` and its last column ``q``, by cluster.
    moments : ClusterMoments
        Sums by cluster of the same fit.
    signs : float array of shape (n_draws, n_clusters)
        Sign of each cluster in each draw, the first draw all ones.

    Returns
    -------
    float array of shape (n_draws,)
        The first is 1. Runs weigh in the slope with ``F q`` less what the other columns explain of
        it, where ``F`` flips; their errors share the part that `variance_components` estimates.
    """
    absorbed = signs @ products[:, :-1]
    of_runs = 1 - (absorbed**2).sum(axis=1)
    sums = signs * moments.basis_sums[:, -1] - absorbed @ moments.basis_sums[:, :-1].T
    between, within = variance_components(moments)
    variances = within * of_runs + between * (sums**2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(variances / variances[0], 0.0)), dtype=np.float64)


def variance_components(moments: ClusterMoments) -> tuple[float, float]:
    """Variances of residuals between and within clusters, by analysis of variance.

    The one between clusters is at least 0; that within is 1 where no cluster has two runs, and the
    other is then 0: only their ratio counts.
    """
    sizes, n_clusters = moments.sizes, len(moments.sizes)
    n = sizes.sum()
    if n == n_clusters:
        return 0.0, 1.0
    square_of_means = (moments.residual_sums**2 / sizes).sum()
    within = max(moments.residual_squares - square_of_means, 0.0) / (n - n_clusters)
    size = (n - (sizes**2).sum() / n) / (n_clusters - 1)
    between = (square_of_means / (n_clusters - 1) - within) / size
    return max(float(between), 0.0), float(within)
