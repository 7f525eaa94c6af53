"""Wild-cluster bootstrap of a coefficient, with the null imposed: for few clusters.

With seven datasets the normal theory behind cluster-robust errors is a hope. Here the residuals of
each cluster keep their size and change sign together, and the t statistic is compared with itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from analysis.regression.clustered import Clusters
from analysis.regression.least_squares import Fits, Floats, group_sums

MAX_ENUMERATED = 12
TIES = 1e-9


@dataclass(frozen=True)
class WildTest:
    """Result of a wild-cluster bootstrap of one coefficient.

    Attributes
    ----------
    p_value : float
        Share of sign vectors with a t statistic at least as large as the one seen, two-sided.
    ci_low, ci_high : float
        Coefficients that the test does not reject; infinite when no value is rejected on that side.
    n_draws : int
        Sign vectors: ``2 ** n_clusters`` when all were taken.
    """

    p_value: float
    ci_low: float
    ci_high: float
    n_draws: int


@dataclass(frozen=True)
class ClusterSums:
    """What the bootstrap needs of one fit, by cluster; its size does not depend on the rows.

    Attributes
    ----------
    products : float array of shape (n_clusters, k)
        ``Q_c'q_c``, where ``q`` is the last column of the orthonormal basis ``Q``.
    scores : float array of shape (n_clusters, k)
        ``Q_c'e_c`` of the unrestricted residuals.
    length : float
        ``q'y``: the coefficient in the orthonormal basis.
    scale : float
        What turns ``length`` into the coefficient.
    """

    products: Floats
    scores: Floats
    length: float
    scale: float


def cluster_sums(fits: Fits, clusters: Clusters, group: int) -> ClusterSums:
    """Add up one group of a fit by cluster, for its last coefficient.

    Parameters
    ----------
    fits : Fits
        Least-squares fits; the last column of the design is the one that is tested.
    clusters : Clusters
        Clusters of the rows.
    group : int
        Which of the fits.
    """
    rows = slice(fits.starts[group], fits.starts[group] + fits.sizes[group])
    mine = clusters.groups == group
    starts = clusters.starts[mine] - fits.starts[group]
    basis, residuals = fits.basis[rows], fits.residuals[rows]
    scale = float(fits.inverse_r[group, -1, -1])
    return ClusterSums(
        products=group_sums(basis * basis[:, -1:], starts),
        scores=group_sums(basis * residuals[:, None], starts),
        length=float(fits.coefficients[group, -1]) / scale,
        scale=scale,
    )


@lru_cache(maxsize=16)
def sign_vectors(n_clusters: int, n_draws: int = 9999, seed: int = 0) -> Floats:
    """Rademacher sign vectors, shape (n, n_clusters); the first is all ones.

    All ``2 ** n_clusters`` of them up to 12 clusters, beyond that the one seen and ``n_draws``
    random ones.

    Examples
    --------
    >>> sign_vectors(2).tolist()
    [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]
    """
    if n_clusters <= MAX_ENUMERATED:
        codes = np.arange(2**n_clusters)[:, None] >> np.arange(n_clusters)[::-1] & 1
        signs = 1.0 - 2.0 * codes
    else:
        draws = np.random.default_rng(seed).integers(0, 2, size=(n_draws, n_clusters))
        signs = np.vstack([np.ones((1, n_clusters)), 1.0 - 2.0 * draws])
    signs.setflags(write=False)
    return np.asarray(signs, dtype=np.float64)


def bootstrap_p_value(sums: ClusterSums, signs: Floats, null: float = 0.0) -> float:
    """Share of sign vectors whose t is at least as large as the observed one, two-sided.

    Parameters
    ----------
    sums : ClusterSums
        Sums by cluster of the fit.
    signs : float array of shape (n_draws, n_clusters)
        Sign of each cluster's residuals in each draw, the first draw all ones.
    null : float, default 0
        Coefficient under the null hypothesis.

    Returns
    -------
    float
        In (0, 1]; never below ``2 / n_draws`` when all sign vectors are taken.

    Notes
    -----
    Costs O(n_draws * n_clusters * k), whatever the number of rows.
    """
    statistics = bootstrap_statistics(sums, signs, null)
    return float(np.mean(statistics >= statistics[0] * (1 - TIES)))


def bootstrap_statistics(sums: ClusterSums, signs: Floats, null: float = 0.0) -> Floats:
    """Absolute t statistics of every sign vector, as `signed_statistics` gives them."""
    return np.abs(signed_statistics(sums, signs, null))


def signed_statistics(sums: ClusterSums, signs: Floats, null: float = 0.0) -> Floats:
    """T statistics of every sign vector, shape (n_draws,); the first is the observed one.

    Parameters
    ----------
    sums : ClusterSums
        Sums by cluster of the fit.
    signs : float array of shape (n_draws, n_clusters)
        Sign of each cluster's residuals in each draw.
    null : float, default 0
        Coefficient under the null hypothesis.

    Returns
    -------
    float array of shape (n_draws,)
        Positive where the coefficient is above the null. The factor of CR1 for small samples is
        left out: it is the same in every draw.
    """
    excess = sums.length - null / sums.scale
    restricted = sums.scores + excess * sums.products
    draws = signs @ restricted
    cluster_scores = signs * restricted[:, -1] - draws @ sums.products.T
    spread = np.sqrt((cluster_scores**2).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistics = np.sign(sums.scale) * draws[:, -1] / spread
    return np.asarray(np.nan_to_num(statistics, nan=0.0, posinf=np.inf, neginf=-np.inf))


def statistics_by_null(sums: ClusterSums, signs: Floats) -> Callable[[float], Floats]:
    """`bootstrap_statistics` as a function of the null, its matrix products done once.

    Numerator and cluster scores of a draw are linear in the null, so a statistic is the root of one
    quadratic over another: inverting the test costs O(n_draws) for every value that it tries.

    Parameters
    ----------
    sums : ClusterSums
        Sums by cluster of the fit.
    signs : float array of shape (n_draws, n_clusters)
        Sign of each cluster's residuals in each draw.

    Returns
    -------
    callable
        From a null to the float array of shape (n_draws,).
    """
    parts = []
    for restricted in (sums.scores, sums.products):
        draws = signs @ restricted
        parts.append((draws[:, -1], signs * restricted[:, -1] - draws @ sums.products.T))
    (constant, fixed), (slope, moving) = parts
    squares = [(a * b).sum(axis=1) for a, b in ((fixed, fixed), (fixed, moving), (moving, moving))]

    def statistics(null: float) -> Floats:
        excess = sums.length - null / sums.scale
        spread = squares[0] + excess * (2 * squares[1] + excess * squares[2])
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.abs(constant + excess * slope) / np.sqrt(np.maximum(spread, 0.0))
        found[np.isnan(found)] = 0.0
        return np.asarray(found, dtype=np.float64)

    return statistics


def wild_cluster_test(
    sums: ClusterSums, *, level: float = 0.95, n_draws: int = 9999, seed: int = 0
) -> WildTest:
    """Test of no effect and interval of the last coefficient of a fit.

    Parameters
    ----------
    sums : ClusterSums
        Sums by cluster of the fit, at least two clusters.
    level : float, default 0.95
        Coverage of the interval, by inversion of the test.
    n_draws : int, default 9999
        Random sign vectors, when there are more than 12 clusters; otherwise all are taken.
    seed : int, default 0
        Seed of the random sign vectors.

    Returns
    -------
    WildTest
        With 5 clusters or fewer no p-value is below 0.05, so the 95 % interval is the whole line.

    References
    ----------
    .. [1] Cameron, Gelbach and Miller (2008), Rev. Econ. Stat. 90,
       https://doi.org/10.1162/rest.90.3.414
    .. [2] Roodman et al. (2019), "Fast and wild", Stata J. 19,
       https://doi.org/10.1177/1536867X19830877
    """
    n_clusters = len(sums.scores)
    if n_clusters < 2:
        raise ValueError(f"{n_clusters} cluster: signs cannot vary between clusters")
    signs = sign_vectors(n_clusters, n_draws, seed)
    if n_clusters <= MAX_ENUMERATED:
        # Turning every sign leaves |t| as it is: the half with the first sign positive says it all.
        signs = signs[: len(signs) // 2]
    estimate = sums.length * sums.scale
    statistics = statistics_by_null(sums, signs)

    def rejects(value: float) -> bool:
        found = statistics(value)
        n_reached = np.count_nonzero(found >= found[0] * (1 - TIES))
        return bool(n_reached / len(found) <= 1 - level)

    unit = abs(sums.scale) * float(np.sqrt((sums.scores[:, -1] ** 2).sum())) or abs(sums.scale)
    return WildTest(
        p_value=bootstrap_p_value(sums, signs),
        ci_low=_boundary(rejects, estimate, -unit),
        ci_high=_boundary(rejects, estimate, unit),
        n_draws=2**n_clusters if n_clusters <= MAX_ENUMERATED else len(signs),
    )


def _boundary(rejects: Callable[[float], bool], inside: float, step: float) -> float:
    """Where rejection begins, going from a value that is not rejected; infinite if nowhere."""
    outside = inside + step
    for _ in range(30):
        if rejects(outside):
            break
        inside, outside = outside, inside + 2 * (outside - inside)
    else:
        return float(np.copysign(np.inf, step))
    for _ in range(26):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if rejects(middle) else (middle, outside)
    return (inside + outside) / 2
