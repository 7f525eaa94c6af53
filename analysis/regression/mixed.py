"""Mixed model with a random intercept per dataset, by restricted maximum likelihood.

The model says: datasets shift the outcome by independent normal amounts, runs of one dataset are
otherwise independent. Likelihood and its derivatives need a few sums per cluster only, so the fit
is solved here rather than by `statsmodels.MixedLM`, which returns effects of exactly 0 with
``converged = True`` when the variance between groups is estimated near 0 (statsmodels issue 10239).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from analysis.regression.least_squares import Fits, Floats, fit_groups, group_sums
from analysis.regression.satterthwaite import satterthwaite
from analysis.regression.stacking import Stacked

_LOG_RATIOS = np.linspace(-12.0, 12.0, 25)


@dataclass(frozen=True)
class ClusterMoments:
    """Sums by cluster of one least-squares fit; all that the likelihood depends on.

    Attributes
    ----------
    sizes : float array of shape (n_clusters,)
        Rows of each cluster.
    basis_sums : float array of shape (n_clusters, k)
        Column sums of the orthonormal basis in each cluster.
    residual_sums : float array of shape (n_clusters,)
        Sums of least-squares residuals in each cluster.
    residual_squares : float
        Sum of squared residuals of the fit.
    """

    sizes: Floats
    basis_sums: Floats
    residual_sums: Floats
    residual_squares: float

    @property
    def df(self) -> float:
        """Rows less coefficients."""
        return float(self.sizes.sum() - self.basis_sums.shape[1])


@dataclass(frozen=True)
class RandomIntercept:
    """Fit of a mixed model.

    Attributes
    ----------
    shift : float array of shape (k,)
        What is added to the least-squares coefficients in the orthonormal basis.
    covariance : float array of shape (k, k)
        Covariance of the coefficients in the orthonormal basis.
    variance_between, variance_within : float
        Of the datasets' shifts and of runs within a dataset.
    """

    shift: Floats
    covariance: Floats
    variance_between: float
    variance_within: float

    @property
    def is_singular(self) -> bool:
        """Whether the variance between datasets is estimated as 0: then it is least squares."""
        return self.variance_between == 0.0


def fit_random_intercept(moments: ClusterMoments) -> RandomIntercept:
    """Fit a random intercept per cluster by restricted maximum likelihood (REML).

    Parameters
    ----------
    moments : ClusterMoments
        Sums by cluster, at least two clusters and one residual degree of freedom.

    Returns
    -------
    RandomIntercept
        With a variance between clusters of exactly 0 where the likelihood is highest there.

    Notes
    -----
    The ratio of the two variances is searched on a grid of its logarithm from -12 to 12 in steps of
    1 and refined between the neighbours of the best point.

    References
    ----------
    .. [1] Bates et al. (2015), J. Stat. Software 67, https://doi.org/10.18637/jss.v067.i01
    """
    best = int(np.argmin(_profiled_deviances(moments, np.exp(_LOG_RATIOS))))
    if best == 0:
        return _solution(moments, 0.0)
    low, high = _LOG_RATIOS[best - 1], _LOG_RATIOS[min(best + 1, len(_LOG_RATIOS) - 1)]
    refined = optimize.minimize_scalar(
        lambda x: _profiled_deviance(moments, float(np.exp(x))),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-10},
    )
    if _profiled_deviance(moments, 0.0) <= refined.fun:
        return _solution(moments, 0.0)
    return _solution(moments, float(np.exp(refined.x)))


def satterthwaite_df(moments: ClusterMoments, fit: RandomIntercept, directions: Floats) -> Floats:
    """Degrees of freedom of the t distributions of combinations of coefficients.

    Parameters
    ----------
    moments : ClusterMoments
        Sums by cluster.
    fit : RandomIntercept
        Its fit, not singular.
    directions : float array of shape (n, k)
        The combinations, in the orthonormal basis.

    Returns
    -------
    float array of shape (n,)
        See `analysis.regression.satterthwaite.satterthwaite`.
    """

    def variances(log_variances: Floats) -> Floats:
        between, within = np.exp(log_variances)
        precision, _ = _normal_equations(moments, between / within)
        solved = np.linalg.solve(precision, directions.T)
        return np.asarray(within * (directions.T * solved).sum(axis=0), dtype=np.float64)

    def deviance(log_variances: Floats) -> float:
        return _deviance(moments, *np.exp(log_variances))

    at = np.log([fit.variance_between, fit.variance_within])
    return satterthwaite(variances, deviance, at)


def _normal_equations(moments: ClusterMoments, ratio: float) -> tuple[Floats, Floats]:
    """Weighted cross products of the basis, and of the basis with the residuals."""
    weights = ratio / (1 + moments.sizes * ratio)
    weighted = moments.basis_sums * weights[:, None]
    precision = np.eye(moments.basis_sums.shape[1]) - moments.basis_sums.T @ weighted
    return precision, -weighted.T @ moments.residual_sums


def _quadratic(moments: ClusterMoments, ratio: float) -> tuple[float, Floats, Floats]:
    """Weighted residual sum of squares, shift of the coefficients, their precision."""
    precision, cross = _normal_equations(moments, ratio)
    shift = np.asarray(np.linalg.solve(precision, cross), dtype=np.float64)
    weights = ratio / (1 + moments.sizes * ratio)
    quadratic = moments.residual_squares - weights @ moments.residual_sums**2 - cross @ shift
    return float(quadratic), shift, precision


def _profiled_deviance(moments: ClusterMoments, ratio: float) -> float:
    """Twice the negative restricted log-likelihood at the best within variance, but a constant."""
    quadratic, _, precision = _quadratic(moments, ratio)
    determinant = np.log1p(moments.sizes * ratio).sum() + np.linalg.slogdet(precision)[1]
    return float(moments.df * np.log(quadratic) + determinant)


def _profiled_deviances(moments: ClusterMoments, ratios: Floats) -> Floats:
    """`_profiled_deviance` of many ratios at once."""
    weights = ratios[:, None] / (1 + np.outer(ratios, moments.sizes))
    sums, residuals = moments.basis_sums, moments.residual_sums
    weighted = weights[:, :, None] * sums
    precision = np.eye(sums.shape[1]) - weighted.transpose(0, 2, 1) @ sums
    cross = -(weighted.transpose(0, 2, 1) @ residuals)
    explained = (cross * np.linalg.solve(precision, cross[:, :, None])[:, :, 0]).sum(axis=1)
    quadratic = moments.residual_squares - weights @ residuals**2 - explained
    determinant = np.log1p(np.outer(ratios, moments.sizes)).sum(axis=1)
    determinant += np.linalg.slogdet(precision)[1]
    return np.asarray(moments.df * np.log(quadratic) + determinant, dtype=np.float64)


def _deviance(moments: ClusterMoments, between: float, within: float) -> float:
    """Twice the negative restricted log-likelihood, but a constant."""
    ratio = between / within
    quadratic, _, precision = _quadratic(moments, ratio)
    determinant = np.log1p(moments.sizes * ratio).sum() + np.linalg.slogdet(precision)[1]
    return float(moments.df * np.log(within) + determinant + quadratic / within)


def _solution(moments: ClusterMoments, ratio: float) -> RandomIntercept:
    quadratic, shift, precision = _quadratic(moments, ratio)
    within = quadratic / moments.df
    covariance = np.asarray(within * np.linalg.inv(precision), dtype=np.float64)
    return RandomIntercept(shift, covariance, within * ratio, within)


def group_moments(stacked: Stacked, group: int) -> ClusterMoments:
    """Add up one group of a stacked fit by cluster."""
    fits, clusters = stacked.fits, stacked.clusters
    rows = slice(fits.starts[group], fits.starts[group] + fits.sizes[group])
    starts = clusters.starts[clusters.groups == group] - fits.starts[group]
    basis, residuals = fits.basis[rows], fits.residuals[rows]
    return ClusterMoments(
        sizes=np.diff(np.append(starts, len(residuals))).astype(np.float64),
        basis_sums=group_sums(basis, starts),
        residual_sums=group_sums(residuals, starts),
        residual_squares=float(residuals @ residuals),
    )


@dataclass(frozen=True)
class MixedTerms:
    """Coefficients of a mixed model in the columns of the design.

    Attributes
    ----------
    estimate, std_error, df : float array of shape (k,)
        Numbers of each coefficient.
    is_fallback : bool
        Whether the variance between datasets is 0, so that least squares with CR3 errors stands in.
    """

    estimate: Floats
    std_error: Floats
    df: Floats
    is_fallback: bool


def mixed_terms(stacked: Stacked, group: int, fallback: Floats) -> MixedTerms:
    """Coefficients of the mixed model of one group, or of its stated fallback.

    Parameters
    ----------
    stacked : Stacked
        Least-squares fits.
    group : int
        Which of them; it has a fit and at least two clusters.
    fallback : float array of shape (n_groups, k, k)
        Covariances by `analysis.regression.clustered.cr3`.

    Returns
    -------
    MixedTerms
        Where the variance between datasets is estimated as 0 the model would count runs as
        independent; least squares with CR3 errors by dataset and ``G - 1`` degrees of freedom
        replaces it, and says so.
    """
    moments = group_moments(stacked, group)
    fit = fit_random_intercept(moments)
    inverse_r = stacked.fits.inverse_r[group]
    estimate = stacked.fits.coefficients[group] + inverse_r @ fit.shift
    if fit.is_singular:
        variances = np.diagonal(fallback[group])
        df = np.full(len(estimate), len(moments.sizes) - 1.0)
        return MixedTerms(estimate, np.sqrt(variances), df, is_fallback=True)
    covariance = inverse_r @ fit.covariance @ inverse_r.T
    df = satterthwaite_df(moments, fit, inverse_r)
    return MixedTerms(estimate, np.sqrt(np.diagonal(covariance)), df, is_fallback=False)


def weighted_fits(stacked: Stacked, groups: Sequence[int]) -> Fits:
    """Fits with the weights of a random intercept: as estimates of `mixed_terms`, but no errors.

    Parameters
    ----------
    stacked : Stacked
        Least-squares fits.
    groups : sequence of int
        Those to be weighted; each has a fit and at least two clusters.

    Returns
    -------
    Fits
        Least squares of what is left of design and outcome when a share of each cluster's mean is
        taken off: ``1 - 1 / sqrt(1 + n r)`` in a cluster of ``n`` rows, ``r`` being the variance
        between clusters over that within. Where it is estimated as 0, the fits as they are.

    References
    ----------
    .. [1] Fuller and Battese (1973), JASA 68, "Transformations for estimation of linear models
       with nested-error structure".
    """
    clusters, n = stacked.clusters, len(stacked.outcome)
    ratios = np.zeros(len(stacked.keys))
    for group in groups:
        fit = fit_random_intercept(group_moments(stacked, group))
        ratios[group] = fit.variance_between / fit.variance_within
    sizes = np.diff(np.append(clusters.starts, n))
    share = 1 - 1 / np.sqrt(1 + sizes * ratios[clusters.groups])
    rows = np.column_stack([stacked.design, stacked.outcome])
    means = group_sums(rows, clusters.starts) / sizes[:, None]
    rows -= np.repeat(share[:, None] * means, sizes, axis=0)
    return fit_groups(rows[:, :-1], rows[:, -1], stacked.fits.sizes)
