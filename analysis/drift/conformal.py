"""Prediction intervals for a dataset that was never seen, calibrated by dataset.

Runs of one dataset err together, so that the dataset is what is exchangeable, and not the run.
"""

from dataclasses import dataclass

import numpy as np

from analysis.drift.left_out_lines import DatasetMoments, Lines, left_out_residuals
from analysis.regression.least_squares import Floats, Ints


@dataclass(frozen=True)
class Ends:
    """Ends of prediction intervals, one per new run."""

    low: Floats
    high: Floats


def conformal(
    x: Floats, y: Floats, datasets: Ints, *, level: float, at: Floats | None = None
) -> Ends | None:
    """Intervals that hold all runs of a new dataset with the level.

    Parameters
    ----------
    x, y : float array of shape (n_runs,)
        Predictor and outcome.
    datasets : int array of shape (n_runs,)
        Dataset of each run, from 0.
    level : float
        Coverage.
    at : float array of shape (n_new,), optional
        Predictor of the new runs; by default ``x``.

    Returns
    -------
    Ends or None
        None where so few datasets cannot promise the level.

    Notes
    -----
    Jackknife-minmax by dataset: from the smallest to the largest prediction of the lines that each
    leave out a dataset, and further by the ``ceil((n + 1) level)``-th smallest score, that of a
    dataset being the largest absolute residual of its runs under the line without it. With
    exchangeable datasets this covers at least the level, whatever the distribution; plus or minus
    the score alone (jackknife) covers up to three points less.

    References
    ----------
    .. [1] Barber et al. (2021), Ann. Statist. 49, theorem 3, https://doi.org/10.1214/20-AOS1965
    """
    lines = DatasetMoments.of(x, y, datasets).left_out_lines()
    return _ends(lines, (x, y, datasets), level, x if at is None else at)


def _ends(lines: Lines, runs: tuple[Floats, Floats, Ints], level: float, at: Floats) -> Ends | None:
    residuals = left_out_residuals(*runs, lines)
    further = conformal_score(_dataset_largest(residuals, runs[2]), level)
    if further is None:
        return None
    predictions = lines.at(at)
    return Ends(predictions.min(axis=0) - further, predictions.max(axis=0) + further)


def conformal_score(scores: Floats, level: float) -> float | None:
    """Score that a new one stays below with the level, from exchangeable ones; None if none does.

    Examples
    --------
    >>> conformal_score(np.array([3.0, 1.0, 2.0]), 0.75), conformal_score(np.ones(3), 0.8)
    (3.0, None)
    """
    rank = int(np.ceil((len(scores) + 1) * level - 1e-9))
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else None


def left_out_coverage(x: Floats, y: Floats, datasets: Ints, *, level: float) -> float | None:
    """Share of datasets whose runs all lie in the intervals that the other datasets give.

    Lines, scores and intervals are made without the dataset that is held against them. None where
    the others are too few for the level.
    """
    inside, moments = [], DatasetMoments.of(x, y, datasets)
    for left_out in range(int(datasets.max()) + 1):
        rest = datasets != left_out
        others = datasets[rest] - (datasets[rest] > left_out)
        lines = moments.without(left_out).left_out_lines()
        ends = _ends(lines, (x[rest], y[rest], others), level, x[~rest])
        if ends is None:
            return None
        inside.append(((ends.low <= y[~rest]) & (y[~rest] <= ends.high)).all())
    return float(np.mean(inside))


def _dataset_largest(residuals: Floats, datasets: Ints) -> Floats:
    largest = np.zeros(int(datasets.max()) + 1)
    np.maximum.at(largest, datasets, np.abs(residuals))
    return largest
