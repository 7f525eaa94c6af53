"""How sure an agreement of two networks is: intervals over images, or over patients.

Networks that are mostly right leave few errors to compare. A bootstrap of images that hold no error
of one network, or no disagreement, never draws one: its interval shrinks to a point. The posterior
of the table of right and wrong keeps its width there.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from analysis.drift.agreement import Agreement, agreement, independent_share
from analysis.means.bootstrap import cluster_totals
from analysis.regression.least_squares import Floats
from analysis.testing.student import t_quantile

Ends = tuple[float, float]
UNDEFINED: Ends = (float("nan"), float("nan"))
_JEFFREYS = 0.5


@dataclass(frozen=True)
class AgreementIntervals:
    """Agreement with intervals over images, or over patients.

    Attributes
    ----------
    estimate : Agreement
        On the images at hand.
    observed, excess, kappa : tuple of float
        Intervals of the observed share, of observed less independent, and of kappa. NaN over one
        patient, and for kappa where both networks are always right.
    n_images : int
        Images.
    n_effective : float
        Independent images that would tell as much about the observed share.
    """

    estimate: Agreement
    observed: Ends
    excess: Ends
    kappa: Ends
    n_images: int
    n_effective: float


def agreement_intervals(
    correct: npt.ArrayLike,
    other_correct: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    level: float = 0.95,
    n_draws: int = 1999,
    seed: int = 0,
) -> AgreementIntervals:
    """Agreement of two networks with intervals over images, the networks as they are.

    Parameters
    ----------
    correct, other_correct : array_like of shape (n_images,)
        Whether each network gets each image right; the same images in the same order.
    clusters : array_like of shape (n_images,), optional
        Patient of each image; patients would be drawn whole. By default images are.
    level : float, default 0.95
        Coverage.
    n_draws : int, default 1999
        Draws of the posterior behind ``excess`` and ``kappa``.
    seed : int, default 0
        Seed of the draws.

    Returns
    -------
    AgreementIntervals

    Raises
    ------
    ValueError
        If the lengths differ or there are fewer than 10 images.

    Notes
    -----
    Equal-tailed intervals of posteriors with the prior of Jeffreys [1]_: Beta(1/2, 1/2) for the
    observed share, Dirichlet(1/2, 1/2, 1/2, 1/2) for the table of both right, one right, the other,
    none. The table counts as many images as would be as uncertain if they were independent and
    their variance known [2]_: ``n / d * (z / t)^2``, with the design effect ``d >= 1`` of the
    linearised statistic over patients and t of one degree less than patients. Where a statistic
    does not vary, a patient counts as one image.

    References
    ----------
    .. [1] Brown, Cai and DasGupta (2001), Statistical Science 16,
       https://doi.org/10.1214/ss/1009213286
    .. [2] Korn and Graubard (1998), "Confidence intervals for proportions with small expected
       number of positive counts estimated from survey data", Survey Methodology 24, 193-201.
    """
    a, b = np.asarray(correct, dtype=np.bool_), np.asarray(other_correct, dtype=np.bool_)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 10:
        raise ValueError(f"{a.shape} and {b.shape} images: needs the same at least 10")
    cells = np.column_stack([a & b, a & ~b, ~a & b, ~a & ~b])
    tables, _ = cluster_totals(cells, np.arange(len(a)) if clusters is None else clusters)
    return table_intervals(tables, level=level, n_draws=n_draws, seed=seed)


def table_intervals(
    tables: Floats, *, worth: float = 1.0, level: float = 0.95, n_draws: int = 1999, seed: int = 0
) -> AgreementIntervals:
    """Agreement of two networks from one table per patient, fold or seed.

    Parameters
    ----------
    tables : float array of shape (n_clusters, 4)
        Images of each cluster that both networks get right, the first alone, the second alone,
        neither.
    worth : float, default 1
        Share of their number that the clusters are worth, below 1 where they depend on each other:
        folds that share training images.
    level, n_draws, seed
        As `agreement_intervals`.

    Returns
    -------
    AgreementIntervals
        Of the sum of all tables.
    """
    sizes = tables.sum(axis=1)
    n = float(sizes.sum())
    both, one, other, none = (float(count) for count in tables.sum(axis=0))
    estimate = agreement((both + one) / n, (both + other) / n, (both + none) / n)
    shares = np.array([both, one, other, none]) / n
    n_observed, n_excess, n_kappa = (
        worth * effective_size(tables, sizes, slopes, level=level) for slopes in _slopes(shares)
    )
    rng = np.random.default_rng(seed)
    excess = _posterior(rng, shares * n_excess, n_draws)[0]
    kappa = _posterior(rng, shares * n_kappa, n_draws)[1]
    return AgreementIntervals(
        estimate=estimate,
        observed=_share_interval(estimate.observed, n_observed, level),
        excess=_ends(excess, level, estimate.observed - estimate.independent),
        kappa=_ends(kappa, level, estimate.kappa),
        n_images=round(n),
        n_effective=n_observed,
    )


def effective_size(sums: Floats, sizes: Floats, slopes: Floats, *, level: float = 0.95) -> float:
    """Independent images that would tell as much about a function of the shares of a table.

    Parameters
    ----------
    sums : float array of shape (n_clusters, n_cells)
        Images of each patient in each cell of the table.
    sizes : float array of shape (n_clusters,)
        Images of each patient.
    slopes : float array of shape (n_cells,)
        Derivatives of the function with respect to the shares, in any unit.
    level : float, default 0.95
        Coverage of the interval that the number is for.

    Returns
    -------
    float
        At most the number of images; NaN for one patient.

    Examples
    --------
    >>> pairs = np.array([[2.0, 0.0], [0.0, 2.0]] * 500)  # both images of a patient are alike
    >>> round(effective_size(pairs, pairs.sum(axis=1), np.array([1.0, 0.0])))
    997
    """
    n, n_clusters = float(sizes.sum()), len(sizes)
    if n_clusters < 2:
        return float("nan")
    shares = sums.sum(axis=0) / n
    influences = (sums - sizes[:, None] * shares) @ slopes / n
    clustered = n_clusters / (n_clusters - 1) * float((influences**2).sum())
    independent = float(shares @ slopes**2 - (shares @ slopes) ** 2) / (n - 1)
    varies = independent > 1e-12 * float(np.max(slopes**2))
    design_effect = max(clustered / independent, 1.0) if varies else n / n_clusters
    quantile = float(stats.norm.ppf((1 + level) / 2)) / t_quantile((1 + level) / 2, n_clusters - 1)
    return n / design_effect * quantile**2


def _slopes(shares: Floats) -> Floats:
    """Slopes of observed, excess and kappa in the shares, (3, 4), each in units of its own."""
    right, other_right = shares[0] + shares[1], shares[0] + shares[2]
    independent = independent_share(right, other_right)
    observed = np.array([1.0, 0.0, 0.0, 1.0])
    expected = (2 * other_right - 1) * np.array([1.0, 1.0, 0.0, 0.0])
    expected += (2 * right - 1) * np.array([1.0, 0.0, 1.0, 0.0])
    kappa = (1 - independent) * observed - (shares[1] + shares[2]) * expected
    return np.stack([observed, observed - expected, kappa])


def _posterior(rng: np.random.Generator, counts: Floats, n_draws: int) -> tuple[Floats, Floats]:
    """Draws of excess and kappa for a table with these counts; NaN where they are unknown."""
    if np.isnan(counts).any():
        return np.full(n_draws, np.nan), np.full(n_draws, np.nan)
    both, one, other, none = rng.dirichlet(counts + _JEFFREYS, size=n_draws).T
    right, other_right = both + one, both + other
    independent = independent_share(right, other_right)
    excess = both + none - independent
    return excess, excess / (1 - independent)


def _share_interval(share: float, n: float, level: float) -> Ends:
    """Jeffreys interval of a share, which reaches 0 or 1 where no image is otherwise."""
    if np.isnan(n):
        return UNDEFINED
    posterior = stats.beta(share * n + _JEFFREYS, (1 - share) * n + _JEFFREYS)
    low, high = (float(posterior.ppf(tail)) for tail in ((1 - level) / 2, (1 + level) / 2))
    return (0.0 if share == 0 else low), (1.0 if share == 1 else high)


def _ends(draws: Floats, level: float, estimate: float) -> Ends:
    """Quantiles of the draws, which reach the estimate where that is at the end of its range."""
    if np.isnan(estimate):
        return UNDEFINED
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(np.minimum(low, estimate)), float(np.maximum(high, estimate))
