"""Whether two networks err on the same images more than their accuracies make them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.means.bootstrap import bootstrap_means, cluster_totals
from analysis.regression.least_squares import Floats


@dataclass(frozen=True)
class Agreement:
    """Prediction similarity of two networks on the same images.

    Attributes
    ----------
    observed : float
        Share of images that both get right or both get wrong (Mania et al.).
    independent : float
        The share to expect if errors were independent: ``a b + (1 - a)(1 - b)`` with both
        accuracies.
    independent_one_model : float
        The same with the first accuracy twice, as the code of Juodelyte et al. (2023) has it.
    kappa : float
        Error consistency ``(observed - independent) / (1 - independent)``; 0 is chance, 1 the same
        errors. NaN where both are always right.
    """

    observed: float
    independent: float
    independent_one_model: float
    kappa: float


def agreement(accuracy: float, other_accuracy: float, observed: float) -> Agreement:
    """Relate the observed agreement of two networks to their accuracies.

    Parameters
    ----------
    accuracy, other_accuracy : float
        Shares of images that each gets right.
    observed : float
        Share of images that both get right or both get wrong.

    Returns
    -------
    Agreement

    References
    ----------
    .. [1] Mania et al. (2019), "Model similarity mitigates test set overuse", NeurIPS.
    .. [2] Geirhos et al. (2020), "Beyond accuracy: quantifying trial-by-trial behaviour ...",
       NeurIPS.

    Examples
    --------
    >>> found = agreement(0.9, 0.6, 0.62)
    >>> round(found.independent, 2), round(found.independent_one_model, 2), round(found.kappa, 3)
    (0.58, 0.82, 0.095)
    """
    a, b = accuracy, other_accuracy
    independent = a * b + (1 - a) * (1 - b)
    one_model = a * a + (1 - a) * (1 - a)
    kappa = (observed - independent) / (1 - independent) if independent < 1 else float("nan")
    return Agreement(observed, independent, one_model, kappa)


@dataclass(frozen=True)
class AgreementIntervals:
    """Agreement with intervals over images, or over patients.

    Attributes
    ----------
    estimate : Agreement
        On the images at hand.
    observed, excess, kappa : tuple of float
        Percentile intervals of the observed share, of observed less independent, and of kappa.
    n_images : int
        Images.
    """

    estimate: Agreement
    observed: tuple[float, float]
    excess: tuple[float, float]
    kappa: tuple[float, float]
    n_images: int


def agreement_intervals(
    correct: npt.ArrayLike,
    other_correct: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    level: float = 0.95,
    n_resamples: int = 1999,
    seed: int = 0,
) -> AgreementIntervals:
    """Agreement of two networks with bootstrap intervals.

    Parameters
    ----------
    correct, other_correct : array_like of shape (n_images,)
        Whether each network gets each image right; the same images in the same order.
    clusters : array_like of shape (n_images,), optional
        Patient of each image; patients are resampled whole. By default images are.
    level : float, default 0.95
        Coverage.
    n_resamples : int, default 1999
        Resamples.
    seed : int, default 0
        Seed of the resampling.

    Returns
    -------
    AgreementIntervals

    Raises
    ------
    ValueError
        If the lengths differ or there are fewer than 10 images.
    """
    a, b = np.asarray(correct, dtype=np.float64), np.asarray(other_correct, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 10:
        raise ValueError(f"{a.shape} and {b.shape} images: needs the same at least 10")
    columns = np.column_stack([a, b, a == b])
    clusters = np.arange(len(a)) if clusters is None else clusters
    sums, sizes = cluster_totals(columns, clusters)
    means = bootstrap_means(sums, sizes, n_resamples=n_resamples, seed=seed)
    independent = means[:, 0] * means[:, 1] + (1 - means[:, 0]) * (1 - means[:, 1])
    excess = means[:, 2] - independent
    with np.errstate(divide="ignore", invalid="ignore"):
        kappa = np.where(independent < 1, excess / (1 - independent), np.nan)
    return AgreementIntervals(
        estimate=agreement(*(float(value) for value in columns.mean(axis=0))),
        observed=_ends(means[:, 2], level),
        excess=_ends(excess, level),
        kappa=_ends(kappa[np.isfinite(kappa)], level),
        n_images=len(a),
    )


def _ends(draws: Floats, level: float) -> tuple[float, float]:
    if not len(draws):
        return float("nan"), float("nan")
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
