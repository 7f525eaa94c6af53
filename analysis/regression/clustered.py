"""Covariances of least-squares coefficients: classical, heteroscedastic, and by cluster.

Runs on one dataset share its images, its labels and its difficulty. Where a regression runs over
several datasets its rows are therefore not independent, and the unit that varies is the dataset:
the cluster.
"""

from dataclasses import dataclass

import numpy as np

from analysis.regression.least_squares import Fits, Floats, Ints, group_sums


@dataclass(frozen=True)
class Clusters:
    """Clusters of consecutive rows, nested in the groups of a fit.

    Attributes
    ----------
    starts : int array of shape (n_clusters,)
        First row of each cluster, over all groups.
    groups : int array of shape (n_clusters,)
        Group that each cluster belongs to, in rising order.
    """

    starts: Ints
    groups: Ints

    @property
    def group_starts(self) -> Ints:
        """First cluster of each group, shape (n_groups,)."""
        return np.flatnonzero(np.diff(self.groups, prepend=-1)).astype(np.int64)

    @property
    def counts(self) -> Ints:
        """Clusters in each group, shape (n_groups,)."""
        return np.bincount(self.groups).astype(np.int64)


def classical(fits: Fits) -> Floats:
    """Covariance when errors are independent with one variance, shape (n_groups, k, k).

    NaN where no degree of freedom is left.
    """
    identity = np.eye(fits.basis.shape[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(fits.df > 0, fits.residual_sum_of_squares / fits.df, np.nan)
    return fits.covariance(variance[:, None, None] * identity)


def hc3(fits: Fits) -> Floats:
    """Covariance when errors are independent with any variances: HC3, shape (n_groups, k, k).

    Each residual is divided by one less its leverage: the residual of a fit without that row.
    NaN where a row has leverage 1, because the fit without it is undefined.

    References
    ----------
    .. [1] MacKinnon and White (1985), J. Econometrics 29,
       https://doi.org/10.1016/0304-4076(85)90158-7
    """
    remainder = 1.0 - (fits.basis**2).sum(axis=1)
    remainder[remainder < 1e-10] = np.nan
    scores = fits.basis * (fits.residuals / remainder)[:, None]
    return fits.covariance(group_sums(scores[:, :, None] * scores[:, None, :], fits.starts))


def cr1(fits: Fits, clusters: Clusters) -> Floats:
    """Covariance when errors are dependent within clusters: CR1, shape (n_groups, k, k).

    The sum of outer products of the clusters' scores, times ``G / (G - 1) * (n - 1) / (n - k)``:
    what Stata and ``sandwich::vcovCL(type = "HC1")`` print. Too small when clusters are few;
    compare with `cr3`.

    References
    ----------
    .. [1] Cameron and Miller (2015), J. Human Resources 50, eq. 11-12,
       https://doi.org/10.3368/jhr.50.2.317
    """
    scores = group_sums(fits.basis * fits.residuals[:, None], clusters.starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        correction = np.where(
            (clusters.counts > 1) & (fits.df > 0),
            clusters.counts / (clusters.counts - 1) * (fits.sizes - 1) / fits.df,
            np.nan,
        )
    meat = group_sums(scores[:, :, None] * scores[:, None, :], clusters.group_starts)
    return fits.covariance(correction[:, None, None] * meat)


def cr2(fits: Fits, clusters: Clusters) -> tuple[Floats, Floats]:
    """Covariance that is unbiased when runs are independent: CR2, with Satterthwaite's df.

    The scores of a cluster are divided by the root of what its leverage leaves of them. The degrees
    of freedom of each coefficient fall with the number of clusters that carry it [2]_: a similarity
    that differs between datasets alone has fewer than one that varies within them.

    Returns
    -------
    tuple of float array
        Covariances, shape (n_groups, k, k), and degrees of freedom, shape (n_groups, k); NaN where
        a fit without one of the clusters is undefined.

    References
    ----------
    .. [1] Bell and McCaffrey (2002), Survey Methodology 28, 169-181.
    .. [2] Pustejovsky and Tipton (2018), J. Bus. Econ. Stat. 36, eq. 11,
       https://doi.org/10.1080/07350015.2016.1247004
    """
    own, scores = _cross_products(fits, clusters)
    adjust = _powers(np.eye(own.shape[1]) - own, -0.5)
    adjusted = (adjust @ scores[:, :, None])[:, :, 0]
    meat = group_sums(adjusted[:, :, None] * adjusted[:, None, :], clusters.group_starts)
    # Row j: what each cluster's residuals weigh in coefficient j; residuals of a fit correlate.
    weights = fits.inverse_r[clusters.groups] @ adjust
    spread = weights @ own
    lengths = (weights * spread).sum(axis=2)
    squares = (spread**2).sum(axis=2)
    products = group_sums(spread[:, :, :, None] * spread[:, :, None, :], clusters.group_starts)
    trace = group_sums(lengths - squares, clusters.group_starts)
    norm = group_sums(lengths**2 - 2 * lengths * squares, clusters.group_starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = trace**2 / (norm + (products**2).sum(axis=(2, 3)))
    return fits.covariance(meat), np.asarray(df, dtype=np.float64)


def cr3(fits: Fits, clusters: Clusters) -> Floats:
    """Covariance from leaving out one cluster at a time: CR3, shape (n_groups, k, k).

    ``(G - 1) / G`` times the sum of squared changes of the coefficients when a cluster is left out;
    the choice of MacKinnon, Nielsen and Webb when clusters are few or unequal. NaN where a fit
    without one of the clusters is undefined.

    References
    ----------
    .. [1] MacKinnon, Nielsen and Webb (2023), J. Econometrics 232, eq. 13-15,
       https://doi.org/10.1016/j.jeconom.2022.04.001
    """
    changes = changes_without_cluster(fits, clusters)
    counts = clusters.counts
    with np.errstate(divide="ignore", invalid="ignore"):
        correction = np.where(counts > 1, (counts - 1) / counts, np.nan)
    meat = group_sums(changes[:, :, None] * changes[:, None, :], clusters.group_starts)
    return fits.covariance(correction[:, None, None] * meat)


def changes_without_cluster(fits: Fits, clusters: Clusters) -> Floats:
    """Change of the coefficients in the orthonormal basis without each cluster, (n_clusters, k).

    Without cluster ``c`` the basis has the cross product ``I - Q_c'Q_c``, so the change is
    ``-(I - Q_c'Q_c)^-1 Q_c'e_c``; ``R^-1`` of it is the change of the coefficients. NaN where the
    rest of the group has no full rank.
    """
    own, scores = _cross_products(fits, clusters)
    inverse = _powers(np.eye(own.shape[1]) - own, -1.0)
    return np.asarray(-(inverse @ scores[:, :, None])[:, :, 0], dtype=np.float64)


def _cross_products(fits: Fits, clusters: Clusters) -> tuple[Floats, Floats]:
    """``Q_c'Q_c``, shape (n_clusters, k, k), and ``Q_c'e_c``, shape (n_clusters, k)."""
    own = group_sums(fits.basis[:, :, None] * fits.basis[:, None, :], clusters.starts)
    return own, group_sums(fits.basis * fits.residuals[:, None], clusters.starts)


def _powers(matrices: Floats, power: float) -> Floats:
    """Powers of symmetric matrices, shape (n, k, k); NaN where one is singular."""
    values, vectors = np.linalg.eigh(matrices)
    values[values[:, 0] < 1e-10] = np.nan
    powers: Floats = vectors * values[:, None, :] ** power @ vectors.transpose(0, 2, 1)
    return powers
